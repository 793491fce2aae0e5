//! The local run queue of a P: a ring of 256 and one slot that goes first. Go: `runqput`,
//! `runqget`, `runqgrab`, `runqsteal`, `runqempty`.
//!
//! | word | owner | thief |
//! |---|---|---|
//! | `tail` | load, store | load |
//! | `head` | load, CAS | load, CAS |
//! | `ring[i]` | load, store | load, before its CAS on `head` |
//! | `next` | swap to an item, CAS to null | CAS to null |
//!
//! - **bounded**: `tail - head <= CAPACITY`, modulo 2^32.
//! - **published**: each slot in `head..tail` was stored before the store of `tail` that covers it.
//! - **not reused early**: the owner stores into a slot only after it has seen `head` beyond it,
//!   which a thief moves only after it has read the slot.
//!
//! While there is one P there are no thieves: the queue is *exclusive* and the owner leaves the
//! locked instructions out (4.7 ns each). The mode changes only while the world is stopped.
//!
//! Rejected: a deque that grows (Chase-Lev): it must reclaim buffers, and overflow should be shared
//! with the other Ps anyway.
//!
//! # Safety
//! - **owner**: at most one [`Owner`] of a queue is in use at a time ([`LocalQueue::owner`]).
//! - **exclusive**: while `exclusive` is set, nobody steals.
#![allow(unsafe_code, reason = "**owner**: one end of the queue is one thread's")]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{NonNull, null_mut};

use crossbeam_utils::CachePadded;
use rt_wait::atomic::{AtomicPtr, AtomicU32, Ordering, fence};

use super::{Chain, Linked};

/// Slots of the ring; a power of two.
pub const CAPACITY: usize = if cfg!(loom) { 4 } else { 256 };
/// A steal takes at most half a ring.
pub const STEAL_MAX: usize = CAPACITY / 2;

/// One P's queue. Its [`Owner`] pushes and pops; anyone may steal.
#[repr(C)] // the ring last: a P that never queues does not touch its pages
pub struct LocalQueue<T> {
    pub(super) head: CachePadded<AtomicU32>,
    pub(super) tail: CachePadded<AtomicU32>, // stored by the owner alone
    pub(super) next: AtomicPtr<T>,           // only the owner makes it non-null; anyone may take it
    exclusive: Cell<bool>,                   // changed by the owner while the world is stopped
    ring: [AtomicPtr<T>; CAPACITY],
}

// SAFETY: the words are atomic; `exclusive` is read by the owner only.
unsafe impl<T: Send> Sync for LocalQueue<T> {}
// SAFETY: it owns its items.
unsafe impl<T: Send> Send for LocalQueue<T> {}

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

impl<T> fmt::Debug for LocalQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Owner<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owner").field(self.queue).finish()
    }
}

impl<T> Default for LocalQueue<T> {
    fn default() -> LocalQueue<T> {
        LocalQueue::new()
    }
}

impl<T> LocalQueue<T> {
    /// An empty, shared queue.
    #[must_use]
    pub fn new() -> LocalQueue<T> {
        LocalQueue::starting_at(0)
    }

    /// An empty queue whose positions start at `position`: tests let them wrap early.
    #[must_use]
    pub fn starting_at(position: u32) -> LocalQueue<T> {
        LocalQueue {
            head: CachePadded::new(AtomicU32::new(position)),
            tail: CachePadded::new(AtomicU32::new(position)),
            next: AtomicPtr::new(null_mut()),
            exclusive: Cell::new(false),
            ring: core::array::from_fn(|_| AtomicPtr::new(null_mut())),
        }
    }

    /// The owner's end.
    ///
    /// # Safety
    /// **owner**: the caller is the only one that uses an `Owner` of this queue until it hands that
    /// right on, with a release that the next one acquires.
    #[inline(always)]
    #[must_use]
    pub unsafe fn owner(&self) -> Owner<'_, T> {
        Owner { queue: self, _one_thread: PhantomData }
    }

    /// Is there nothing, neither in the ring nor in the `next` slot? Go: `runqempty`.
    ///
    /// Never true while some item was in the queue all the time: an item may move from `next` to
    /// the ring between two looks, so the tail is looked at again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        loop {
            let head = self.head.load(Ordering::Acquire);
            let tail = self.tail.load(Ordering::Acquire);
            let next = self.next.load(Ordering::Acquire);
            if tail == self.tail.load(Ordering::Acquire) {
                return head == tail && next.is_null();
            }
        }
    }

    /// Is the ring empty? What searchers look at before they sleep: a lone `next` belongs to its P,
    /// and sysmon rescues it when the P does not come to it.
    #[inline]
    #[must_use]
    pub fn ring_is_empty(&self) -> bool {
        // Pairs with the tail swap of `push`, in the total order of SeqCst.
        self.head.load(Ordering::SeqCst) == self.tail.load(Ordering::SeqCst)
    }

    /// How many stand in the ring: exact for the owner, a glimpse for others.
    #[must_use]
    pub fn ring_len(&self) -> usize {
        let head = self.head.load(Ordering::Acquire);
        let tail = self.tail.load(Ordering::Acquire);
        (tail.wrapping_sub(head) as usize).min(CAPACITY)
    }

    /// Ring and `next` slot together: a glimpse.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring_len() + usize::from(!self.next.load(Ordering::Relaxed).is_null())
    }

    pub(super) fn slot(&self, position: u32) -> &AtomicPtr<T> {
        &self.ring[position as usize % CAPACITY]
    }
}

impl<T: Linked> LocalQueue<T> {
    /// The `next` slot and the ring in order. Nobody may use the queue meanwhile: tests.
    #[cfg(not(loom))]
    pub(crate) fn snapshot_stopped(&self) -> (Option<NonNull<T>>, alloc::vec::Vec<NonNull<T>>) {
        let head = self.head.load(Ordering::Relaxed);
        let count = self.tail.load(Ordering::Relaxed).wrapping_sub(head);
        let item = |i| NonNull::new(self.slot(head.wrapping_add(i)).load(Ordering::Relaxed));
        (NonNull::new(self.next.load(Ordering::Relaxed)), (0..count).filter_map(item).collect())
    }

    /// Makes what stands before `tail` visible; a full barrier in a shared queue, so that a look at
    /// who is idle comes after it (the submitter's half of the wake-up protocol, see `idle`).
    #[inline(always)]
    pub(super) fn publish(&self, tail: u32) {
        if self.exclusive.get() {
            self.tail.store(tail, Ordering::Release);
        } else {
            self.tail.swap(tail, Ordering::SeqCst);
            if cfg!(loom) {
                fence(Ordering::SeqCst); // loom takes SeqCst operations for AcqRel ones
            }
        }
    }
}

impl<T: Linked> Owner<'_, T> {
    /// Puts an item at the tail. Go: `runqput(pp, gp, false)`.
    ///
    /// # Safety
    /// `item` is alive and the caller gives it up: it is in no queue.
    #[inline]
    pub unsafe fn push(self, item: NonNull<T>) -> Push<T> {
        let queue = self.queue;
        let head = queue.head.load(Ordering::Acquire); // **not reused early**
        let tail = queue.tail.load(Ordering::Relaxed); // ours alone
        if (tail.wrapping_sub(head) as usize) < CAPACITY {
            queue.slot(tail).store(item.as_ptr(), Ordering::Relaxed);
            queue.publish(tail.wrapping_add(1));
            return Push::Ring;
        }
        // SAFETY: the caller's.
        unsafe { self.push_slow(item, head) }
    }

    /// Puts an item into the `next` slot; who stood there goes to the tail. Go: `runqput(..,
    /// true)`.
    ///
    /// # Safety
    /// As for [`Owner::push`].
    #[inline]
    pub unsafe fn push_next(self, item: NonNull<T>) -> Push<T> {
        let next = &self.queue.next;
        let displaced = if self.queue.exclusive.get() {
            let displaced = next.load(Ordering::Relaxed);
            next.store(item.as_ptr(), Ordering::Release); // pairs with is_empty's load
            displaced
        } else {
            next.swap(item.as_ptr(), Ordering::AcqRel) // pairs with grab_next's CAS
        };
        match NonNull::new(displaced) {
            None => Push::Lone,
            // SAFETY: it was in the `next` slot and in no other place.
            Some(displaced) => unsafe { self.push(displaced) },
        }
    }

    /// Moves half of a full ring and `item` into a chain. Go: `runqputslow`.
    #[cold]
    unsafe fn push_slow(self, item: NonNull<T>, head: u32) -> Push<T> {
        let queue = self.queue;
        let half = STEAL_MAX as u32;
        let new = head.wrapping_add(half);
        let order = Ordering::AcqRel;
        if queue.head.compare_exchange(head, new, order, Ordering::Relaxed).is_err() {
            // A thief made room.
            // SAFETY: the caller's.
            return unsafe { self.push(item) };
        }
        let mut chain = Chain::new();
        for i in 0..half {
            // The claimed slots stay as they are until we push again.
            let item = queue.slot(head.wrapping_add(i)).load(Ordering::Relaxed);
            let item = NonNull::new(item).expect("a slot before tail is never null");
            // SAFETY: the CAS made it ours alone.
            unsafe { chain.push_back(item) };
        }
        // SAFETY: the caller gave it up.
        unsafe { chain.push_back(item) };
        Push::Full(chain)
    }

    /// Takes the item that goes first: the `next` slot, else the head. Go: `runqget`.
    #[inline]
    #[must_use]
    pub fn pop(self) -> Option<Popped<T>> {
        self.pop_next().or_else(|| self.pop_ring())
    }

    /// Takes the head of the ring, else the `next` slot.
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
            let head = queue.head.load(Ordering::Acquire); // pairs with thieves' CAS
            if head == queue.tail.load(Ordering::Relaxed) {
                return None;
            }
            let item = queue.slot(head).load(Ordering::Relaxed);
            let new = head.wrapping_add(1);
            if queue.exclusive.get() {
                queue.head.store(new, Ordering::Release);
            } else {
                let order = Ordering::AcqRel; // pairs with thieves' loads of head
                if queue.head.compare_exchange(head, new, order, Ordering::Relaxed).is_err() {
                    continue;
                }
            }
            return NonNull::new(item).map(|item| Popped { item, inherits_time: false });
        }
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
            && queue.head.load(Ordering::Relaxed) == queue.tail.load(Ordering::Relaxed)
    }

    /// Takes the youngest of the ring. Nobody may steal meanwhile: procresize, world stopped.
    #[cfg(not(loom))]
    pub(crate) fn pop_back_stopped(self) -> Option<NonNull<T>> {
        let queue = self.queue;
        let tail = queue.tail.load(Ordering::Relaxed);
        if queue.head.load(Ordering::Acquire) == tail {
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
