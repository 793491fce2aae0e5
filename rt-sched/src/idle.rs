//! Who is idle, who searches, and who must be woken. Go: `wakep`, `nmspinning`, `npidle`.
//!
//! Work must not wait while a P idles: no state {idle P, goroutine in a ring, nobody searching} may
//! last. Two words make sure of it, in two patterns of the same kind: write yours, full barrier,
//! look at the other's.
//!
//! ```text
//!   submitter                                idler
//!   put work into a ring        (SeqCst)     put the P into the idle list; npidle + 1   (SeqCst)
//!   npidle == 0?      nobody to wake         if spinning: nmspinning - 1                (SeqCst)
//!   nmspinning != 0?  somebody searches      look at every ring and the global queue
//!   nmspinning 0 -> 1, wake an M             found something: take a P back, search on
//! ```
//!
//! Either the submitter sees the idler's words, or the idler sees the work. A submitter that leaves
//! it to a searcher is safe too: the searcher finds the work, or looks again after its own `- 1`.
//! And whoever finds work as the last searcher looks for more after its `- 1`, and wakes the next
//! one for it, so a burst brings up Ms one by one.
//!
//! Go keeps a third word, `needspinning`, for an M that idles without having searched. Here every M
//! that gives up its P looks again, which costs the one that has time.
//!
//! A lone goroutine in the `next` slot wakes nobody: its P will come to it at once in most
//! programs, and a wake-up costs ten times the switch. When the P does not come, sysmon wakes an M
//! for it; [`crate::watch`] says who keeps sysmon awake.

use rt_wait::atomic::{AtomicI32, AtomicU32, Ordering, fence};

/// The two words.
#[derive(Debug)]
pub struct IdleWords {
    npidle: AtomicU32,     // length of the idle list; written under sched.lock
    nmspinning: AtomicI32, // Ms that search, or have been woken to search
}

impl Default for IdleWords {
    fn default() -> IdleWords {
        IdleWords::new()
    }
}

/// loom takes SeqCst operations for AcqRel ones; on the machine a SeqCst RMW is a full barrier.
#[inline(always)]
pub(crate) fn loom_barrier() {
    if cfg!(loom) {
        fence(Ordering::SeqCst);
    }
}

impl IdleWords {
    /// Nobody idles, nobody searches.
    #[must_use]
    pub fn new() -> IdleWords {
        IdleWords { npidle: AtomicU32::new(0), nmspinning: AtomicI32::new(0) }
    }

    /// How many Ps idle.
    #[inline(always)]
    #[must_use]
    pub fn npidle(&self) -> u32 {
        self.npidle.load(Ordering::SeqCst)
    }

    /// How many Ms search.
    #[inline(always)]
    #[must_use]
    pub fn nmspinning(&self) -> i32 {
        self.nmspinning.load(Ordering::SeqCst)
    }

    /// A P went into the idle list. Under the lock of the list.
    pub fn p_idles(&self) {
        self.npidle.fetch_add(1, Ordering::SeqCst); // pairs with the look in `claim_wake`
        loom_barrier();
    }

    /// A P left the idle list. Under the lock of the list.
    pub fn p_leaves(&self) {
        let was = self.npidle.fetch_sub(1, Ordering::SeqCst);
        debug_assert!(was > 0, "npidle below zero");
    }

    /// Work was put where others can see it: must the caller wake an M? When true, the caller
    /// counts as one searcher until it has handed that on, or given it back by
    /// [`IdleWords::stop_search`].
    ///
    /// The caller's store of the work must be a SeqCst RMW (`LocalQueue` does that).
    #[inline(always)]
    #[must_use = "the claim must be handed to an M or given back"]
    pub fn claim_wake(&self) -> bool {
        if self.npidle.load(Ordering::SeqCst) == 0 {
            return false;
        }
        self.claim_wake_slow()
    }

    #[cold]
    fn claim_wake_slow(&self) -> bool {
        if self.nmspinning.load(Ordering::SeqCst) != 0 {
            return false;
        }
        let order = Ordering::SeqCst;
        self.nmspinning.compare_exchange(0, 1, order, Ordering::Relaxed).is_ok()
    }

    /// May an M that ran out of work search? At most half of the busy Ps' number do, so that
    /// searching does not eat what working gains. When true the caller searches, and is counted.
    #[must_use = "a counted searcher must stop searching"]
    pub fn start_search(&self, procs: u32) -> bool {
        let spinning = self.nmspinning.load(Ordering::Relaxed).max(0) as u32;
        let busy = procs.saturating_sub(self.npidle.load(Ordering::Relaxed));
        if 2 * spinning >= busy {
            return false;
        }
        self.search_again();
        true
    }

    /// The caller searches and is counted, whatever others do.
    pub fn search_again(&self) {
        self.nmspinning.fetch_add(1, Ordering::SeqCst);
    }

    /// The caller searches no more. True when it was the last: if it stops because it found work,
    /// it must wake the next; if it gives up, it must look at all queues once more.
    pub fn stop_search(&self) -> bool {
        let was = self.nmspinning.fetch_sub(1, Ordering::SeqCst); // pairs with `claim_wake`
        assert!(was > 0, "findrunnable: negative nmspinning");
        loom_barrier();
        was == 1
    }
}
