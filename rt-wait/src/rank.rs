//! The lock order of the runtime, and its checker. Go: `lockrank.go`.
//!
//! A thread may lock only ranks greater than the last one it holds. The table is the whole order.
//! Checked in debug builds, on threads for which the scheduler has installed a [`Held`] record.

use core::cell::Cell;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The locks of the runtime, outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rank {
    /// One stop-the-world at a time. Go: `worldsema`.
    World,
    /// A goroutine's join word and the like: user-visible waiting.
    Join,
    /// What one channel, lock or group has: [`crate::spin::SpinLock`]. Go: `hchan.lock`.
    Object,
    /// Free descriptions of descriptors. Go: `pollCache.lock`.
    Netpoll,
    /// The scheduler's record. Go: `sched.lock`.
    Sched,
    /// A P's timer heap. Go: `timers.mu`.
    Timers,
    /// Stack slots. Go: `stackpool[].item.mu`.
    StackPool,
    /// The shared heap of threads without a P. Go: `mcentral`.
    SharedHeap,
    /// Spans of pages. Go: `mheap.lock`.
    PageHeap,
    /// Locks of programs that use a single crate; they nest in nothing of ours.
    Leaf,
}

/// How many locks of the runtime one thread may hold at once.
const DEPTH_MAX: usize = 8;

/// The ranks that one thread holds, innermost last. Owned by the thread: only it reads and writes.
#[derive(Debug)]
pub struct Held {
    ranks: [Cell<Option<Rank>>; DEPTH_MAX],
    depth: AtomicUsize, // the thread's own; dumps look
}

impl Held {
    /// Nothing is held.
    #[must_use]
    pub const fn new() -> Held {
        Held { ranks: [const { Cell::new(None) }; DEPTH_MAX], depth: AtomicUsize::new(0) }
    }

    /// How many locks of the runtime the thread holds. Zero is what a switch asks for.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    fn push(&self, rank: Rank, ordered: bool) {
        let depth = self.depth.load(Ordering::Relaxed);
        if ordered && depth > 0 {
            let last = self.ranks[depth - 1].get().expect("a held rank below the depth");
            assert!(last < rank, "lock order: {rank:?} wanted while {last:?} is held");
        }
        assert!(depth < DEPTH_MAX, "lock order: more than {DEPTH_MAX} locks held");
        self.ranks[depth].set(Some(rank));
        self.depth.store(depth + 1, Ordering::Relaxed);
    }

    fn remove(&self, rank: Rank) {
        let depth = self.depth.load(Ordering::Relaxed);
        let at = (0..depth).rev().find(|&i| self.ranks[i].get() == Some(rank));
        let at = at.expect("lock order: unlock of a rank that is not held");
        for i in at..depth - 1 {
            self.ranks[i].set(self.ranks[i + 1].get());
        }
        self.depth.store(depth - 1, Ordering::Relaxed);
    }
}

impl Default for Held {
    fn default() -> Held {
        Held::new()
    }
}

/// Finds the calling thread's record, or `None` where nothing is checked.
pub type Finder = fn() -> Option<&'static Held>;

static FINDER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Installs how a thread finds its record; the scheduler does so at schedinit, once.
///
/// The record is found by a thread for itself only, so its cells need no lock.
pub fn install(finder: Finder) {
    FINDER.store(finder as *mut (), Ordering::Release); // pairs with the load in `held`
}

mod find {
    //! # Safety
    //! - **finder**: `FINDER` holds null or what [`super::install`] stored, a `Finder`.
    #![allow(unsafe_code, reason = "**finder**: a function pointer out of an atomic")]

    use super::{FINDER, Finder, Held, Ordering};

    pub(super) fn held() -> Option<&'static Held> {
        let finder = FINDER.load(Ordering::Acquire); // pairs with the store in `install`
        if finder.is_null() {
            return None;
        }
        // SAFETY: **finder**.
        let finder = unsafe { core::mem::transmute::<*mut (), Finder>(finder) };
        finder()
    }
}

#[inline(always)]
pub(crate) fn acquire(rank: Rank) {
    if cfg!(debug_assertions)
        && !cfg!(loom)
        && let Some(held) = find::held()
    {
        held.push(rank, true);
    }
}

/// A lock taken by `try_lock` cannot deadlock: it is noted, not ordered.
#[inline(always)]
pub(crate) fn acquire_unordered(rank: Rank) {
    if cfg!(debug_assertions)
        && !cfg!(loom)
        && let Some(held) = find::held()
    {
        held.push(rank, false);
    }
}

#[inline(always)]
pub(crate) fn release(rank: Rank) {
    if cfg!(debug_assertions)
        && !cfg!(loom)
        && let Some(held) = find::held()
    {
        held.remove(rank);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn outer_before_inner_is_right() {
        let held = Held::new();
        held.push(Rank::World, true);
        held.push(Rank::Sched, true);
        held.remove(Rank::World);
        assert_eq!(held.depth(), 1);
        held.push(Rank::Timers, true);
        held.remove(Rank::Timers);
        held.remove(Rank::Sched);
        assert_eq!(held.depth(), 0);
    }

    #[test]
    #[should_panic(expected = "lock order: Sched wanted while Timers is held")]
    fn inner_before_outer_is_caught() {
        let held = Held::new();
        held.push(Rank::Timers, true);
        held.push(Rank::Sched, true);
    }

    #[test]
    #[should_panic(expected = "lock order: Sched wanted while Sched is held")]
    fn the_same_rank_twice_is_caught() {
        let held = Held::new();
        held.push(Rank::Sched, true);
        held.push(Rank::Sched, true);
    }

    #[test]
    #[should_panic(expected = "not held")]
    fn an_unlock_without_a_lock_is_caught() {
        Held::new().remove(Rank::Leaf);
    }
}
