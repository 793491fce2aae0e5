//! What a channel has, and what may be done to it under its lock. Go: `hchan`, `send`, `recv`,
//! `closechan`.
//!
//! A value moves once: into the buffer, or straight from the stack of who sends to the stack of who
//! waits for it. Selects know no types, and so have no place for a value: one that wins is
//! *promised* its turn, and takes it when it completes.
//!
//! ```text
//!   who comes     finds                        does
//!   a sender      a waiting receiver           writes into its slot; it wakes with the value
//!                 a select that receives       puts the value aside for it: `promised`
//!                 room                         buffers the value
//!   a receiver    a value                      takes it; a waiting sender's takes its place
//!                 a waiting sender, no buffer  takes the value out of its slot
//!                 a select that sends          becomes its heir: waits for what it will give
//! ```
//!
//! # Safety
//! - **slot**: the slot of a waiter that is queued or popped is an `Option<T>` on its stack, null
//!   for a select; it belongs to who holds the lock, and after a pop to the popper until `ready`.
#![allow(unsafe_code, reason = "**slot**: values move between stacks")]

use alloc::collections::VecDeque;
use core::cell::Cell;
use core::ptr::null_mut;

use rt_wait::claim::Claim;

use super::items::Items;
use crate::queue::{Popped, WaitQueue};

/// What a waiter waits with.
#[derive(Debug)]
pub(super) struct Wait {
    /// An `Option<T>`: a sender's value, or a receiver's place for one. Null: a select, or one that
    /// only watches.
    slot: *mut (),
    /// It was woken because the other side is gone.
    pub(super) closed: Cell<bool>,
}

// SAFETY: **slot**.
unsafe impl Send for Wait {}

impl Wait {
    /// Of one that has a value, or a place for one.
    pub(super) fn with<T>(slot: *mut Option<T>) -> Wait {
        Wait { slot: slot.cast(), closed: Cell::new(false) }
    }

    /// Of a select.
    pub(super) fn select() -> Wait {
        Wait { slot: null_mut(), closed: Cell::new(false) }
    }
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct State<T> {
    /// In the buffer.
    items: Items<T>,
    /// For selects that have won a receive and not completed it.
    promised: VecDeque<T>,
    /// Places in the buffer that are kept for selects that have won a send.
    rooms: usize,
    /// So many values go in; none: any number.
    cap: Option<usize>,
    /// One side is gone.
    pub(super) closed: bool,
    pub(super) senders: WaitQueue<Wait>,
    pub(super) receivers: WaitQueue<Wait>,
    /// Receivers that a select has promised a value. They are claimed already.
    heirs: WaitQueue<Wait>,
    /// Selects that want to know when the other may be done, and do nothing: `ready`.
    pub(super) send_watchers: WaitQueue<Wait>,
    pub(super) recv_watchers: WaitQueue<Wait>,
}

/// How a send went.
#[must_use = "somebody may have to be woken"]
pub(super) enum Sent<T> {
    /// It is done; whom to wake.
    Done(Option<Popped<Wait>>),
    /// It must wait.
    Full(T),
    /// Nobody will receive.
    Closed(T),
}

/// How a receive went.
#[must_use = "somebody may have to be woken"]
pub(super) enum Received<T> {
    /// It is done; whom to wake.
    Value(T, Option<Popped<Wait>>),
    /// A select will give one: wait among the heirs, and wake it.
    Promise(Popped<Wait>),
    /// It must wait.
    Empty,
    /// Nobody will send.
    Closed,
}

/// How a select's case went.
#[must_use = "somebody may have to be woken"]
pub(super) enum Won {
    /// It has won, and must complete; whom to wake.
    Promise(Option<Popped<Wait>>),
    /// It has won: the other side is gone.
    Closed,
    /// It must wait.
    No,
}

/// Moves a value into a popped receiver's slot.
fn fill<T>(popped: &Popped<Wait>, value: T) {
    // SAFETY: **slot**: not null, seen by the caller.
    unsafe { *popped.data().slot.cast::<Option<T>>() = Some(value) };
}

/// Moves the value out of a popped sender's slot.
fn empty<T>(popped: &Popped<Wait>) -> T {
    // SAFETY: **slot**: not null, seen by the caller.
    let value = unsafe { (*popped.data().slot.cast::<Option<T>>()).take() };
    value.expect("a waiting sender has its value")
}

fn is_select(popped: &Popped<Wait>) -> bool {
    popped.data().slot.is_null()
}

impl<T> State<T> {
    pub(super) fn new(cap: Option<usize>) -> State<T> {
        State {
            items: Items::new(cap),
            promised: VecDeque::new(),
            rooms: 0,
            cap,
            closed: false,
            senders: WaitQueue::new(),
            receivers: WaitQueue::new(),
            heirs: WaitQueue::new(),
            send_watchers: WaitQueue::new(),
            recv_watchers: WaitQueue::new(),
        }
    }

    /// How many values go in; none: any number.
    pub(super) fn cap(&self) -> Option<usize> {
        self.cap
    }

    /// How many values are in the buffer.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.cap.is_none_or(|cap| self.items.len() + self.rooms < cap)
    }

    /// May a receive be done, as far as one can see?
    #[inline]
    pub(super) fn can_receive(&self) -> bool {
        !self.items.is_empty() || self.closed || !self.senders.is_empty()
    }

    /// May a send be done, as far as one can see?
    #[inline]
    pub(super) fn can_send(&self) -> bool {
        self.closed || !self.receivers.is_empty() || self.has_room()
    }

    /// Does somebody only watch?
    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        !self.send_watchers.is_empty() || !self.recv_watchers.is_empty()
    }

    /// Sends, if that need not wait.
    #[inline]
    pub(super) fn send(&mut self, value: T) -> Sent<T> {
        if self.closed {
            return Sent::Closed(value);
        }
        if !self.receivers.is_empty()
            && let Some(receiver) = self.receivers.pop()
        {
            if is_select(&receiver) {
                self.promised.push_back(value);
            } else {
                fill(&receiver, value);
            }
            return Sent::Done(Some(receiver));
        }
        if !self.has_room() {
            return Sent::Full(value);
        }
        self.items.push_back(value);
        Sent::Done(None)
    }

    /// Receives, if that need not wait.
    #[inline]
    pub(super) fn receive(&mut self) -> Received<T> {
        if let Some(value) = self.items.pop_front() {
            let sender = if self.senders.is_empty() { None } else { self.refill() };
            return Received::Value(value, sender);
        }
        match self.senders.pop() {
            Some(sender) if is_select(&sender) => Received::Promise(sender),
            Some(sender) => Received::Value(empty(&sender), Some(sender)),
            None if self.closed => Received::Closed,
            None => Received::Empty,
        }
    }

    /// There may be room in the buffer: for a sender that waits.
    fn refill(&mut self) -> Option<Popped<Wait>> {
        if !self.has_room() {
            return None;
        }
        let sender = self.senders.pop()?;
        if is_select(&sender) {
            self.rooms += 1;
        } else {
            self.items.push_back(empty(&sender));
        }
        Some(sender)
    }

    /// Wins a send for the select with claim `own`, if that need not wait. Its own cases are no
    /// partners.
    pub(super) fn select_send(&mut self, own: &Claim) -> Won {
        if self.closed {
            return Won::Closed;
        }
        if let Some(receiver) = self.receivers.pop_unless(|node| node.is_case_of(own)) {
            if is_select(&receiver) {
                return Won::Promise(Some(receiver)); // it will come for the value
            }
            self.heirs.adopt(receiver); // it waits on, for us
            return Won::Promise(None);
        }
        if !self.has_room() {
            return Won::No;
        }
        self.rooms += usize::from(self.cap.is_some());
        Won::Promise(None)
    }

    /// Wins a receive for the select with claim `own`, if that need not wait.
    pub(super) fn select_receive(&mut self, own: &Claim) -> Won {
        if let Some(value) = self.items.pop_front() {
            self.promised.push_back(value);
            return Won::Promise(self.refill());
        }
        match self.senders.pop_unless(|node| node.is_case_of(own)) {
            Some(sender) => {
                if !is_select(&sender) {
                    self.promised.push_back(empty(&sender));
                }
                Won::Promise(Some(sender))
            }
            None if self.closed => Won::Closed,
            None => Won::No,
        }
    }

    /// Completes a send that a select has won. Returns whom to wake.
    pub(super) fn deliver(&mut self, value: T) -> Option<Popped<Wait>> {
        if let Some(heir) = self.heirs.pop_claimed() {
            fill(&heir, value);
            return Some(heir);
        }
        if self.rooms == 0 && self.cap.is_some() {
            self.promised.push_back(value); // for the select that was woken for it
            return None;
        }
        self.rooms = self.rooms.saturating_sub(1);
        match self.receivers.pop() {
            Some(receiver) if is_select(&receiver) => {
                self.promised.push_back(value);
                Some(receiver)
            }
            Some(receiver) => {
                fill(&receiver, value);
                Some(receiver)
            }
            None => {
                self.items.push_back(value);
                None
            }
        }
    }

    /// Completes a receive that a select has won, if its value is there already.
    pub(super) fn collect(&mut self) -> Option<T> {
        self.promised.pop_front()
    }

    /// Waits among those who were promised a value.
    ///
    /// # Safety
    /// As for [`WaitQueue::push`].
    pub(super) unsafe fn push_heir(&mut self, node: core::pin::Pin<&crate::queue::Node<Wait>>) {
        // SAFETY: the caller's.
        unsafe { self.heirs.push(node) };
    }

    /// A select that has won a send will not complete it: gives its turn on.
    pub(super) fn abandon_send(&mut self) -> Option<Popped<Wait>> {
        if let Some(heir) = self.heirs.pop_claimed() {
            return Some(heir); // with an empty slot: it tries again
        }
        self.rooms = self.rooms.saturating_sub(1);
        self.refill()
    }

    /// A select that has won a receive will not complete it: its value is the next one's.
    pub(super) fn abandon_receive(&mut self) {
        if let Some(value) = self.promised.pop_front() {
            self.items.push_front(value);
        }
    }

    /// One side is gone. Whoever waits must be woken, by [`State::pop_closed`]. Returns the values
    /// that nobody will receive, to be dropped without the lock.
    pub(super) fn close(&mut self, discard: bool) -> Option<Items<T>> {
        self.closed = true;
        discard.then(|| self.items.take())
    }

    /// One of those who wait for a side that is gone.
    pub(super) fn pop_closed(&mut self) -> Option<Popped<Wait>> {
        let waits = self.senders.pop().or_else(|| self.receivers.pop());
        let popped = waits.or_else(|| self.send_watchers.pop());
        let popped = popped.or_else(|| self.recv_watchers.pop())?;
        popped.data().closed.set(true);
        Some(popped)
    }

    /// One of those who watch and may now have something to see.
    pub(super) fn pop_watcher(&mut self) -> Option<Popped<Wait>> {
        let seen = if self.can_receive() { self.recv_watchers.pop() } else { None };
        seen.or_else(|| if self.can_send() { self.send_watchers.pop() } else { None })
    }
}
