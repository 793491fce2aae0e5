//! The global queue: a list through the items' own links. Go: `gQueue`, `globrunq*`.
//!
//! It is plain data: the scheduler keeps it under its lock.
//!
//! # Safety
//! - **owned**: an item in a chain is alive, is in no other chain, and its link is the chain's.
#![allow(unsafe_code, reason = "**owned**: links through raw pointers")]

use core::ptr::NonNull;

use super::Linked;

/// A list of items, first in first out. Dropping a chain that is not empty would lose goroutines.
#[derive(Debug)]
#[must_use = "dropping a chain loses what it holds"]
pub struct Chain<T> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
    len: usize,
}

impl<T> Default for Chain<T> {
    fn default() -> Chain<T> {
        Chain::new()
    }
}

// SAFETY: **owned**: the items belong to the chain, which moves as a whole.
unsafe impl<T: Send> Send for Chain<T> {}

impl<T> Chain<T> {
    /// Nothing.
    pub const fn new() -> Chain<T> {
        Chain { head: None, tail: None, len: 0 }
    }

    /// How many items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T: Linked> Chain<T> {
    /// Appends one. Go: `gQueue.pushBack`.
    ///
    /// # Safety
    /// **owned** becomes true of `item`.
    pub unsafe fn push_back(&mut self, item: NonNull<T>) {
        // SAFETY: ours from now on.
        unsafe { T::set_next(item, None) };
        match self.tail {
            // SAFETY: **owned**.
            Some(tail) => unsafe { T::set_next(tail, Some(item)) },
            None => self.head = Some(item),
        }
        self.tail = Some(item);
        self.len += 1;
    }

    /// Puts one before all others. Go: `gQueue.push`.
    ///
    /// # Safety
    /// **owned** becomes true of `item`.
    pub unsafe fn push_front(&mut self, item: NonNull<T>) {
        // SAFETY: ours from now on.
        unsafe { T::set_next(item, self.head) };
        self.head = Some(item);
        if self.tail.is_none() {
            self.tail = Some(item);
        }
        self.len += 1;
    }

    /// Appends all of another. Go: `gQueue.pushBackAll`.
    pub fn append(&mut self, other: Chain<T>) {
        let Some(first) = other.head else { return };
        match self.tail {
            // SAFETY: **owned** on both sides.
            Some(tail) => unsafe { T::set_next(tail, Some(first)) },
            None => self.head = Some(first),
        }
        self.tail = other.tail;
        self.len += other.len;
    }

    /// Takes the first. Go: `gQueue.pop`.
    pub fn pop(&mut self) -> Option<NonNull<T>> {
        let item = self.head?;
        // SAFETY: **owned**.
        self.head = unsafe { T::next(item) };
        if self.head.is_none() {
            self.tail = None;
        }
        self.len -= 1;
        Some(item)
    }

    /// Takes the first `count`, or all.
    pub fn split_front(&mut self, count: usize) -> Chain<T> {
        let mut front = Chain::new();
        while front.len < count {
            let Some(item) = self.pop() else { break };
            // SAFETY: it just left this chain.
            unsafe { front.push_back(item) };
        }
        front
    }

    /// The items in order, for checks and dumps.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<T>> + '_ {
        let mut at = self.head;
        core::iter::from_fn(move || {
            let item = at?;
            // SAFETY: **owned**, and the chain is borrowed.
            at = unsafe { T::next(item) };
            Some(item)
        })
    }
}

/// The queue that all Ps share.
#[derive(Debug)]
pub struct GlobalQueue<T> {
    chain: Chain<T>,
}

impl<T> Default for GlobalQueue<T> {
    fn default() -> GlobalQueue<T> {
        GlobalQueue::new()
    }
}

impl<T> GlobalQueue<T> {
    /// An empty queue.
    pub const fn new() -> GlobalQueue<T> {
        GlobalQueue { chain: Chain::new() }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chain.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chain.is_empty()
    }
}

impl<T: Linked> GlobalQueue<T> {
    /// Puts one at the tail. Go: `globrunqput`.
    ///
    /// # Safety
    /// `item` is alive, and the caller gives it up.
    pub unsafe fn put(&mut self, item: NonNull<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.chain.push_back(item) };
    }

    /// Puts one at the head. Go: `globrunqputhead`.
    ///
    /// # Safety
    /// `item` is alive, and the caller gives it up.
    pub unsafe fn put_head(&mut self, item: NonNull<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.chain.push_front(item) };
    }

    /// Puts a chain at the tail. Go: `globrunqputbatch`.
    pub fn put_batch(&mut self, batch: Chain<T>) {
        self.chain.append(batch);
    }

    /// Takes the first. Go: `globrunqget`.
    pub fn get(&mut self) -> Option<NonNull<T>> {
        self.chain.pop()
    }

    /// Takes one P's fair share, at most `max`: `len / procs + 1`. Go: `globrunqgetbatch`.
    pub fn get_batch(&mut self, procs: u32, max: usize) -> Chain<T> {
        let share = self.chain.len() / procs.max(1) as usize + 1;
        self.chain.split_front(share.min(max))
    }

    /// The items in order, for checks and dumps.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<T>> + '_ {
        self.chain.iter()
    }
}
