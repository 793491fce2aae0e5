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
//! Items that have waited before leave in the order they came. New ones that stand together at the
//! tail ([`Owner::push_new`]) leave the youngest first: a tree of goroutines is walked in depth,
//! and the few stacks it needs stay hot. Go takes the oldest first, and needs as many stacks as the
//! tree has leaves. Thieves take from the head, where the largest branches are.
//!
//! ```text
//!   pop at the tail                              thief
//!   tail = t - 1                                 read head (index, tag), then tail; copy
//!   CAS head: same index, tag + 1                CAS head: index + count, same tag
//! ```
//!
//! Whichever CAS comes first makes the other one fail: a thief that has seen the old tail cannot
//! have its claim after the owner has seen the head below the item.
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
#[cfg(not(loom))]
use core::ptr::NonNull;
use core::ptr::null_mut;

use crossbeam_utils::CachePadded;
use rt_wait::atomic::{AtomicPtr, AtomicU32, Ordering, fence};

use super::Linked;
use super::head::{Head, HeadWord};
use super::owner::Owner;

/// Slots of the ring; a power of two.
pub const CAPACITY: usize = if cfg!(loom) { 4 } else { 256 };
/// A steal takes at most half a ring.
pub const STEAL_MAX: usize = CAPACITY / 2;

/// One P's queue. Its [`Owner`] pushes and pops; anyone may steal.
#[repr(C)] // the ring last: a P that never queues does not touch its pages
pub struct LocalQueue<T> {
    pub(super) head: CachePadded<HeadWord>,
    pub(super) tail: CachePadded<AtomicU32>, // stored by the owner alone
    pub(super) next: AtomicPtr<T>,           // only the owner makes it non-null; anyone may take it
    pub(super) exclusive: Cell<bool>,        // changed by the owner while the world is stopped
    pub(super) next_is_new: Cell<bool>,      // owner: who stands in `next` has never run
    pub(super) new_at_tail: Cell<u32>,       // owner: so many there have never run; stale if stolen
    ring: [AtomicPtr<T>; CAPACITY],
}

// SAFETY: the words are atomic; `exclusive` is read by the owner only.
unsafe impl<T: Send> Sync for LocalQueue<T> {}
// SAFETY: it owns its items.
unsafe impl<T: Send> Send for LocalQueue<T> {}

impl<T> fmt::Debug for LocalQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalQueue").field("len", &self.len()).finish_non_exhaustive()
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
            head: CachePadded::new(HeadWord::new(position)),
            tail: CachePadded::new(AtomicU32::new(position)),
            next: AtomicPtr::new(null_mut()),
            exclusive: Cell::new(false),
            next_is_new: Cell::new(false),
            new_at_tail: Cell::new(0),
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
        Owner::new(self)
    }

    /// Is there nothing, neither in the ring nor in the `next` slot? Go: `runqempty`.
    ///
    /// Never true while some item was in the queue all the time: an item may move from `next` to
    /// the ring between two looks, so the tail is looked at again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        loop {
            let head = self.head(Ordering::Acquire).index;
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
        self.head(Ordering::SeqCst).index == self.tail.load(Ordering::SeqCst)
    }

    /// Does somebody stand in the `next` slot?
    #[inline]
    #[must_use]
    pub fn has_next(&self) -> bool {
        !self.next.load(Ordering::SeqCst).is_null() // pairs with the swap of `push_next`
    }

    /// How many stand in the ring: exact for the owner, a glimpse for others.
    #[must_use]
    pub fn ring_len(&self) -> usize {
        let head = self.head(Ordering::Acquire).index;
        let tail = self.tail.load(Ordering::Acquire);
        (tail.wrapping_sub(head) as usize).min(CAPACITY)
    }

    /// Ring and `next` slot together: a glimpse.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring_len() + usize::from(self.has_next())
    }

    #[inline(always)]
    pub(super) fn head(&self, order: Ordering) -> Head {
        self.head.load(order)
    }

    #[inline(always)]
    pub(super) fn change_head(&self, from: Head, to: Head) -> bool {
        self.head.change(from, to)
    }

    pub(super) fn slot(&self, position: u32) -> &AtomicPtr<T> {
        &self.ring[position as usize % CAPACITY]
    }
}

impl<T: Linked> LocalQueue<T> {
    /// The `next` slot and the ring in order. Nobody may use the queue meanwhile: tests.
    #[cfg(not(loom))]
    pub(crate) fn snapshot_stopped(&self) -> (Option<NonNull<T>>, alloc::vec::Vec<NonNull<T>>) {
        let head = self.head(Ordering::Relaxed).index;
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
