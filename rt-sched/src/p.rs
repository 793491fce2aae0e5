//! The right to run goroutines, and what goes with it. Go: `p`.
//!
//! A P belongs to the M that has it (`m.p == p`, `p.m == m`), to the idle list, or to who stops the
//! world. What is marked *owner* is touched by that party only; the hand-over is ordered by
//! `sched.lock` or by the note that wakes the M.

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::g::G;
use crate::m::M;
use rt_os::sys::clock::nanotime;

use crate::inbox::Inbox;
use crate::retake::Memory;
use crate::runq::{Chain, LocalQueue, Owner, Popped};
use crate::shown::{Link, Number};
use crate::timer::{NEVER, Timers};
use crate::trace::ring::Ring;

/// So many goroutines in a row may run in one time slice, readied one by the other. Go ends the
/// slice by its clock; a count needs none, and one that readies the next is short.
const INHERIT_MAX: u32 = 256;
/// Every so many slices the oldest goes first, so that new goroutines that start others do not keep
/// it from its turn.
const OLDEST_EVERY: u32 = 64;
/// One in so many readied goroutines is timed until it runs.
const TIMED_EVERY: u32 = 64;
/// The clock is looked at no later than this after the last look while there are timers.
const LOOK_AT_LEAST_NS: u64 = 100_000;

/// What a P is doing. The numbers are Go's: `_Pidle`, `_Prunning`, `_Pgcstop`, `_Pdead`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PStatus {
    /// In the idle list, or on its way from or to it.
    Idle = 0,
    /// An M has it.
    Running = 1,
    /// Stopped for the world, or new.
    GcStop = 3,
    /// Beyond gomaxprocs.
    Dead = 4,
}

/// A P.
#[repr(C, align(64))]
pub struct P {
    id: u32,
    status: AtomicU32,
    /// Goroutines started since it exists; owner writes, anyone sums up. Go: `goroutinesCreated`.
    pub(crate) created: AtomicU64,
    /// Goroutines that ended here; owner writes.
    pub(crate) ended: AtomicU64,
    /// Rises at each scheduling that starts a new time slice; owner writes, sysmon looks.
    pub(crate) schedtick: AtomicU32,
    /// Rises at each scheduling; owner writes, thieves look whether the P moves.
    runs: AtomicU32,
    /// How many schedulings have inherited the running slice. Owner.
    inherited: Cell<u32>,
    /// The M that has it. Owner, retakers look; in a chain of runnable Ps the M that shall have it.
    pub(crate) m: Link<M>,
    /// The M that had it last: it comes back there when it can. Go: `p.oldm`.
    pub(crate) oldm: Cell<*mut M>,
    /// Its link in the idle list or in a chain of runnable Ps. Under sched.lock. Go: `p.link`.
    pub(crate) link: Cell<Option<NonNull<P>>>,
    /// Dead goroutines with stacks, hot first. Owner. Go: `p.gFree`.
    pub(crate) gfree: Cell<Chain<G>>,
    /// How many those are. Owner writes, anyone may look.
    pub(crate) gfree_len: Number,
    /// How often it was taken from a thread in user code. Retakers write. Go: `p.syscalltick`.
    pub(crate) syscalltick: Number,
    /// Numbers for new goroutines: the next, and the end of the batch. Owner. Go: `goidcache`.
    pub(crate) goid_next: Cell<u64>,
    pub(crate) goid_end: Cell<u64>,
    /// Goroutines it has stolen. Owner writes.
    pub(crate) stolen: Number,
    /// Waits for descriptors that began here, less those that ended here; wraps. Owner writes.
    pub(crate) net_waits: Number,
    /// So many more goroutines are readied here until one is looked at. Owner.
    unlooked: Cell<u32>,
    /// Where its events are recorded; null: nowhere. See [`crate::trace`].
    pub(crate) ring: Link<Ring>,
    /// What sysmon has seen of it. sysmon's.
    pub(crate) memory: Memory,
    /// A word for the program the scheduler serves: rt-main keeps the P's heap there. Owner.
    pub ground: Cell<*mut ()>,
    pub(crate) timers: Timers,
    /// Before this reading of the time stamp counter no timer can be due. Owner.
    pub(crate) look_again: Cell<u64>,
    /// Goroutines from other threads, when goroutines keep their Ps. See [`crate::pinned`].
    pub(crate) inbox: Inbox<G>,
    pub(crate) runq: LocalQueue<G>,
}

mod zeroed {
    //! # Safety
    //! - **zero is new**: but for `id`, `status` and `timers`, a new P is all zero bytes: counters
    //!   at 0, lists and links empty, an empty shared queue. Its ring, most of it, is not even
    //!   touched.
    #![allow(unsafe_code, reason = "**zero is new**: a P is made in place")]

    use super::{AtomicU32, NonNull, P, PStatus, Timers};

    impl P {
        /// Makes a P that was never used.
        ///
        /// # Safety
        /// `pp` is zeroed memory for a P, and nobody else's.
        pub(crate) unsafe fn init_zeroed(pp: NonNull<P>, id: u32) {
            let pp = pp.as_ptr();
            // SAFETY: the caller's memory, here and below.
            unsafe { (&raw mut (*pp).id).write(id) };
            // SAFETY: as above.
            unsafe { (&raw mut (*pp).status).write(AtomicU32::new(PStatus::Dead as u32)) };
            // SAFETY: as above.
            unsafe { (&raw mut (*pp).timers).write(Timers::new()) };
        }
    }
}

impl core::fmt::Debug for P {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (id, status, runq_len) = (self.id, self.status(), self.runq_len());
        write!(f, "P{id}({status:?}, {runq_len} runnable)")
    }
}

impl P {
    /// Its number: its place in `allp`.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it does: exact for its owner and under sched.lock with the world stopped.
    #[must_use]
    pub fn status(&self) -> PStatus {
        match self.status.load(Ordering::Relaxed) {
            0 => PStatus::Idle,
            1 => PStatus::Running,
            3 => PStatus::GcStop,
            _ => PStatus::Dead,
        }
    }

    pub(crate) fn set_status(&self, status: PStatus) {
        self.status.store(status as u32, Ordering::Relaxed);
    }

    /// Goes through the owner-only chain of free goroutines.
    pub(crate) fn with_gfree<R>(&self, f: impl FnOnce(&mut Chain<G>) -> R) -> R {
        let mut chain = self.gfree.take();
        let result = f(&mut chain);
        self.gfree_len.set(chain.len() as u64);
        drop(self.gfree.replace(chain));
        result
    }

    /// Adds one to a counter that only the owner writes: no locked instruction.
    #[inline(always)]
    pub(crate) fn count(counter: &AtomicU64) {
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// A goroutine is readied: is it one to look at? One in some, and all in a trace. Owner.
    #[inline(always)]
    pub(crate) fn looks_at_this_one(&self) -> bool {
        let unlooked = self.unlooked.get();
        self.unlooked.set(unlooked.wrapping_sub(1));
        unlooked == 0
    }

    /// Looks at a goroutine that is readied. Shall it be timed until it runs? Owner.
    pub(crate) fn times_this_one(&self, g: &G) -> bool {
        match self.ring() {
            Some(ring) => {
                self.unlooked.set(0);
                crate::trace::record::readies(ring, g)
            }
            None => {
                self.unlooked.set(TIMED_EVERY - 1);
                true
            }
        }
    }

    /// The next goroutine that is readied or made is looked at. In a stopped world.
    pub(crate) fn look_at_next(&self) {
        self.unlooked.set(0);
        self.goid_end.set(self.goid_next.get());
    }

    /// May a timer be due? Costs nothing without timers, and no reading of the clock with them.
    #[inline(always)]
    pub(crate) fn time_may_have_come(&self) -> bool {
        self.timers.first_when() != NEVER && rt_asm::cpu::ticks() >= self.look_again.get()
    }

    /// Fires what is due, and notes until when nobody need look. Owner.
    pub(crate) fn run_timers(&self) {
        if !self.time_may_have_come() {
            return;
        }
        let now = nanotime();
        self.timers.run_due(now);
        // The counter makes at least one tick in a ns, so the look comes early rather than late.
        let quiet_ns = self.timers.first_when().saturating_sub(now).min(LOOK_AT_LEAST_NS);
        self.look_again.set(rt_asm::cpu::ticks() + quiet_ns);
    }

    /// How many goroutines its queue holds: a glimpse.
    #[must_use]
    pub fn runq_len(&self) -> usize {
        self.runq.len()
    }

    /// The number of schedulings that started a time slice.
    #[must_use]
    pub fn schedtick(&self) -> u32 {
        self.schedtick.load(Ordering::Relaxed)
    }

    /// The number of goroutines it went to: moves as long as the P does.
    #[must_use]
    pub fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Counts a scheduling. One that inherits its time slice does not tick, but at the end of a
    /// long row: others wait in the global queue. Owner.
    #[inline(always)]
    pub(crate) fn count_run(&self, inherits_time: bool) {
        self.runs.store(self.runs.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        if inherits_time && self.inherited.get() < INHERIT_MAX {
            self.inherited.set(self.inherited.get() + 1);
        } else {
            self.inherited.set(0);
            let tick = self.schedtick.load(Ordering::Relaxed).wrapping_add(1);
            self.schedtick.store(tick, Ordering::Relaxed);
        }
    }

    /// Takes the goroutine that goes first, but the ring's oldest after a long row of inherited
    /// slices, and every so often.
    #[inline(always)]
    pub(crate) fn pop_fair(&self, runq: Owner<'_, G>) -> Option<Popped<G>> {
        let oldest_first =
            self.inherited.get() >= INHERIT_MAX || self.schedtick().is_multiple_of(OLDEST_EVERY);
        if oldest_first { runq.pop_ring_first() } else { runq.pop() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lab;

    /// Two that only ready each other do not keep the global queue from its turn.
    #[test]
    fn a_long_row_of_inherited_slices_ends() {
        let mut lab = Lab::new(crate::sched::Config::default());
        lab.resize(1, 1).unwrap();
        let pp = lab.sched().shared.allp.get(0).unwrap();
        let before = pp.schedtick();
        (0..10 * (INHERIT_MAX + 1)).for_each(|_| pp.count_run(true));
        assert_eq!(pp.schedtick(), before + 10);
        pp.count_run(false);
        assert_eq!(pp.schedtick(), before + 11);
    }
}
