//! Waiters that were popped under one hold of the lock, to be readied after it. However many they
//! are, nothing is allocated: each holds the next one.
//!
//! # Safety
//! - **popped**: a node's data is its popper's until `ready`; before and after that its link is
//!   empty.
#![allow(unsafe_code, reason = "**popped**: a link goes with the data it lies in")]

use core::cell::Cell;

use crate::queue::{Popped, WaitQueue};

/// The place in a waiter's data that holds the next waiter of a chain.
pub(super) struct Link<D>(Cell<Option<Popped<D>>>);

// SAFETY: **popped**: whoever has the data has the link, and what it holds.
unsafe impl<D: Send> Send for Link<D> {}

impl<D> Link<D> {
    pub(super) fn new() -> Link<D> {
        Link(Cell::new(None))
    }
}

/// Waiters' data that can be chained.
pub(super) trait Chained: Sized {
    fn link(&self) -> &Link<Self>;
}

/// Data of waiters that are told nothing but that their wait is over.
pub(super) struct Turn {
    link: Link<Turn>,
}

impl Turn {
    pub(super) fn new() -> Turn {
        Turn { link: Link::new() }
    }
}

impl Chained for Turn {
    fn link(&self) -> &Link<Turn> {
        &self.link
    }
}

/// The chain, newest first.
#[must_use = "they sleep until they are readied"]
pub(super) struct Chain<D: Chained> {
    newest: Option<Popped<D>>,
    len: usize,
}

impl<D: Chained> Chain<D> {
    pub(super) fn new() -> Chain<D> {
        Chain { newest: None, len: 0 }
    }

    /// All who wait in `queue`.
    pub(super) fn all(queue: &mut WaitQueue<D>) -> Chain<D> {
        let mut chain = Chain::new();
        while let Some(popped) = queue.pop() {
            chain.push(popped);
        }
        chain
    }

    pub(super) fn push(&mut self, popped: Popped<D>) {
        let next = self.newest.take();
        popped.data().link().0.set(next);
        self.newest = Some(popped);
        self.len += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The data of the one who was popped last.
    pub(super) fn newest(&self) -> Option<&D> {
        self.newest.as_ref().map(Popped::data)
    }

    /// Ends their waits, first come first served. No lock may be held.
    pub(super) fn ready(self) {
        let (mut newest, mut oldest) = (self.newest, None);
        while let Some(popped) = newest {
            newest = popped.data().link().0.replace(oldest);
            oldest = Some(popped);
        }
        while let Some(popped) = oldest {
            oldest = popped.data().link().0.take();
            popped.ready();
        }
    }
}
