//! The owner's side of a local run queue. Go: `runqput`, `runqget`. The rules are in `local`.
//!
//! # Safety
//! - **owner**: at most one [`Owner`] of a queue is in use at a time.
//! - **exclusive**: while `exclusive` is set, nobody steals.
#![allow(unsafe_code, reason = "**owner**: items are raw pointers")]

use core::fmt;
use core::marker::PhantomData;
use core::ptr::{NonNull, null_mut};

use rt_wait::atomic::Ordering;

use super::head::Head;
use super::local::{CAPACITY, LocalQueue, STEAL_MAX};
use super::{Chain, Linked};

/// What became of a pushed item.
#[derive(Debug)]
#[must_use = "a full queue hands items back"]
pub enum Push<T> {
    /// It stands in the `next` slot, alone: no one else needs to be told.
    Lone,
    /// It, or the one it displaced from the `next` slot, stands in the ring, where thieves see it.
    Ring,
    /// The ring was full: half of it and the new item, oldest first, for the global queue.
    Full(Chain<T>),
}

/// An item that the owner took.
#[derive(Debug)]
pub struct Popped<T> {
    /// The item.
    pub item: NonNull<T>,
    /// It came from the `next` slot: it runs on in the time slice of who readied it.
    pub inherits_time: bool,
}

/// The owner's end. Neither `Send` nor `Sync`.
pub struct Owner<'a, T> {
    pub(super) queue: &'a LocalQueue<T>,
    _one_thread: PhantomData<*mut T>,
}

impl<T> Clone for Owner<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Owner<'_, T> {}

impl<T> fmt::Debug for Owner<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owner").field(self.queue).finish()
    }
}

impl<'a, T> Owner<'a, T> {
    #[inline(always)]
    pub(super) fn new(queue: &'a LocalQueue<T>) -> Owner<'a, T> {
        Owner { queue, _one_thread: PhantomData }
    }
}

impl<T: Linked> Owner<'_, T> {
    /// Puts an item at the tail. Go: `runqput(pp, gp, false)`.
    ///
    /// # Safety
    /// `item` is alive and the caller gives it up: it is in no queue.
    #[inline]
    pub unsafe fn push(self, item: NonNull<T>) -> Push<T> {
        self.queue.new_at_tail.set(0);
        // SAFETY: the caller's.
        unsafe { self.push_ring(item) }
    }

    #[inline]
    unsafe fn push_ring(self, item: NonNull<T>) -> Push<T> {
        let queue = self.queue;
        let head = queue.head(Ordering::Acquire); // **not reused early**
        let tail = queue.tail.load(Ordering::Relaxed); // ours alone
        if (tail.wrapping_sub(head.index) as usize) < CAPACITY {
            queue.slot(tail).store(item.as_ptr(), Ordering::Relaxed);
            queue.publish(tail.wrapping_add(1));
            return Push::Ring;
        }
        // SAFETY: the caller's.
        unsafe { self.push_slow(item, head) }
    }

    /// Puts an item that has waited into the `next` slot; who stood there goes to the tail. Go:
    /// `runqput(.., true)` by `ready`.
    ///
    /// # Safety
    /// As for [`Owner::push`].
    #[inline]
    pub unsafe fn push_next(self, item: NonNull<T>) -> Push<T> {
        // SAFETY: the caller's.
        unsafe { self.replace_next(item, false) }
    }

    /// Puts an item that has never run into the `next` slot; who stood there goes to the tail. Go:
    /// `runqput(.., true)` by `newproc`.
    ///
    /// # Safety
    /// As for [`Owner::push`].
    #[inline]
    pub unsafe fn push_new(self, item: NonNull<T>) -> Push<T> {
        // SAFETY: the caller's.
        unsafe { self.replace_next(item, true) }
    }

    #[inline(always)]
    unsafe fn replace_next(self, item: NonNull<T>, is_new: bool) -> Push<T> {
        let queue = self.queue;
        let displaced = if queue.exclusive.get() {
            let displaced = queue.next.load(Ordering::Relaxed);
            queue.next.store(item.as_ptr(), Ordering::Release); // pairs with is_empty's load
            displaced
        } else {
            queue.next.swap(item.as_ptr(), Ordering::AcqRel) // pairs with grab_next's CAS
        };
        let was_new = queue.next_is_new.replace(is_new);
        let Some(displaced) = NonNull::new(displaced) else { return Push::Lone };
        let new_at_tail = if was_new { queue.new_at_tail.get() + 1 } else { 0 };
        queue.new_at_tail.set(new_at_tail);
        // SAFETY: it was in the `next` slot and in no other place.
        unsafe { self.push_ring(displaced) }
    }

    /// Puts who stands in the `next` slot to the tail, behind those that came before it, if there
    /// are any.
    pub fn queue_next(self) -> Push<T> {
        let next = self.queue.next.load(Ordering::Relaxed);
        let Some(item) = NonNull::new(next).filter(|_| !self.queue.ring_is_empty()) else {
            return Push::Lone;
        };
        if !self.take_next(next) {
            return Push::Lone; // a thief has it
        }
        // SAFETY: just taken out.
        unsafe { self.push(item) }
    }

    /// Moves half of a full ring and `item` into a chain. Go: `runqputslow`.
    #[cold]
    unsafe fn push_slow(self, item: NonNull<T>, head: Head) -> Push<T> {
        let queue = self.queue;
        let half = STEAL_MAX as u32;
        if !queue.change_head(head, head.moved(half)) {
            // A thief made room.
            // SAFETY: the caller's.
            return unsafe { self.push_ring(item) };
        }
        queue.new_at_tail.set(queue.new_at_tail.get().saturating_sub(1)); // not this one
        let mut chain = Chain::new();
        for i in 0..half {
            // The claimed slots stay as they are until we push again.
            let item = queue.slot(head.index.wrapping_add(i)).load(Ordering::Relaxed);
            let item = NonNull::new(item).expect("a slot before tail is never null");
            // SAFETY: the CAS made it ours alone.
            unsafe { chain.push_back(item) };
        }
        // SAFETY: the caller gave it up.
        unsafe { chain.push_back(item) };
        Push::Full(chain)
    }

    /// Takes the item that goes first: the `next` slot, else the youngest of the new ones at the
    /// tail, else the head. Go: `runqget`.
    #[inline]
    #[must_use]
    pub fn pop(self) -> Option<Popped<T>> {
        if let Some(popped) = self.pop_next() {
            return Some(popped);
        }
        if self.queue.new_at_tail.get() == 0 { self.pop_ring() } else { self.pop_tail() }
    }

    /// Takes the oldest, the head of the ring, else the `next` slot.
    #[inline]
    #[must_use]
    pub fn pop_ring_first(self) -> Option<Popped<T>> {
        self.pop_ring().or_else(|| self.pop_next())
    }

    #[inline(always)]
    fn pop_next(self) -> Option<Popped<T>> {
        let next = self.queue.next.load(Ordering::Relaxed);
        let item = NonNull::new(next)?;
        self.take_next(next).then_some(Popped { item, inherits_time: true })
    }

    #[inline(always)]
    fn pop_ring(self) -> Option<Popped<T>> {
        let queue = self.queue;
        loop {
            let head = queue.head(Ordering::Acquire); // pairs with thieves' CAS
            if head.index == queue.tail.load(Ordering::Relaxed) {
                return None;
            }
            let item = queue.slot(head.index).load(Ordering::Relaxed);
            if queue.exclusive.get() {
                queue.head.store(head.moved(1));
            } else if !queue.change_head(head, head.moved(1)) {
                continue;
            }
            return NonNull::new(item).map(|item| Popped { item, inherits_time: false });
        }
    }

    /// Takes the youngest of the ring, by the protocol above.
    fn pop_tail(self) -> Option<Popped<T>> {
        let queue = self.queue;
        queue.new_at_tail.set(queue.new_at_tail.get() - 1);
        let tail = queue.tail.load(Ordering::Relaxed); // ours alone
        let last = tail.wrapping_sub(1);
        let mut head = queue.head(Ordering::Acquire);
        if head.index == tail {
            queue.new_at_tail.set(0); // thieves have them all
            return None;
        }
        let item = queue.slot(last).load(Ordering::Relaxed);
        if queue.exclusive.get() {
            queue.tail.store(last, Ordering::Release);
        } else {
            queue.tail.store(last, Ordering::Release); // seen by who sees the new tag
            while !queue.change_head(head, Head { tag: head.tag.wrapping_add(1), ..head }) {
                head = queue.head(Ordering::Acquire);
                if head.index == tail {
                    queue.tail.store(tail, Ordering::Release); // a thief was first
                    queue.new_at_tail.set(0);
                    return None;
                }
            }
        }
        NonNull::new(item).map(|item| Popped { item, inherits_time: false })
    }

    #[inline(always)]
    fn take_next(self, next: *mut T) -> bool {
        let slot = &self.queue.next;
        if self.queue.exclusive.get() {
            slot.store(null_mut(), Ordering::Relaxed);
            return true;
        }
        // Fails only when a thief took it: nobody else may store.
        slot.compare_exchange(next, null_mut(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Room for how many more?
    #[must_use]
    pub fn room(self) -> usize {
        CAPACITY - self.queue.ring_len()
    }

    /// Is there nothing to pop?
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        let queue = self.queue;
        queue.next.load(Ordering::Relaxed).is_null()
            && queue.head(Ordering::Relaxed).index == queue.tail.load(Ordering::Relaxed)
    }

    /// Takes the youngest of the ring. Nobody may steal meanwhile: procresize, world stopped.
    #[cfg(not(loom))]
    pub(crate) fn pop_back_stopped(self) -> Option<NonNull<T>> {
        let queue = self.queue;
        let tail = queue.tail.load(Ordering::Relaxed);
        queue.new_at_tail.set(0);
        if queue.head(Ordering::Acquire).index == tail {
            return None;
        }
        let new = tail.wrapping_sub(1);
        queue.tail.store(new, Ordering::Release);
        NonNull::new(queue.slot(new).load(Ordering::Relaxed))
    }

    /// Takes the `next` slot. Nobody may steal meanwhile.
    #[cfg(not(loom))]
    pub(crate) fn take_next_stopped(self) -> Option<NonNull<T>> {
        let next = self.queue.next.load(Ordering::Acquire);
        self.queue.next.store(null_mut(), Ordering::Release);
        NonNull::new(next)
    }

    /// Sets the mode: `true` promises that nobody steals. **exclusive**; world stopped.
    ///
    /// # Safety
    /// While set, nobody calls [`LocalQueue::steal_into`] on this queue; the change itself happens
    /// while nobody does.
    pub unsafe fn set_exclusive(self, exclusive: bool) {
        self.queue.exclusive.set(exclusive);
    }
}
