//! Comes into the runtime from user code, and what a goroutine does that has lost its P. Go:
//! `entersyscall`, `exitsyscall`, `exitsyscallfast_pidle`; the other way round, since here user
//! code is what may take long.
//!
//! ```text
//!   brief   allocate, ready, go         with the P; without it by what all share
//!   to leave   park, yield, end         with the P; without it by g0, or with another P
//! ```
//!
//! # Safety
//! - **mine**: the running M; its P while it is inside ([`crate::handoff`]) and has one.
//! - **alive**: Ms and Ps are never freed.
#![allow(unsafe_code, reason = "**mine**: the running M through the g slot")]

use core::ptr::{NonNull, null_mut};

use crate::g::{G, Status};
use crate::handoff::Brief;
use crate::m::M;
use crate::p::P;
use crate::procresize::acquirep;
use crate::sched::Sched;
use crate::schedule::{current_g, current_m, leave_without_p};
use crate::wake::wake_for_work;

/// In the runtime for a moment; leaves it when dropped, in an unwinding too.
pub(crate) struct Entered<'a> {
    mp: &'a M,
    entry: Brief,
}

impl<'a> Entered<'a> {
    #[inline(always)]
    pub(crate) fn enter(mp: &'a M) -> Entered<'a> {
        Entered { mp, entry: mp.handoff.enter_briefly() }
    }

    /// As [`Entered::enter`]; a thread that has lost its P takes one first, if one idles.
    #[inline(always)]
    pub(crate) fn enter_with_p(mp: &'a M) -> Entered<'a> {
        let entered = Entered::enter(mp);
        if entered.entry == Brief::Outside && regain_briefly(mp) {
            return Entered::enter(mp); // nothing of the old one is dropped: it was outside
        }
        entered
    }

    /// The P of the running M, if it is the caller's to touch. The caller must not park.
    #[inline(always)]
    pub(crate) fn pp(&self) -> Option<&P> {
        let pp = if self.entry == Brief::Outside { null_mut() } else { self.mp.p.get() };
        // SAFETY: **mine**, **alive**.
        unsafe { pp.as_ref() }
    }
}

impl Drop for Entered<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.entry == Brief::Inside {
            self.mp.handoff.leave();
        }
    }
}

/// Calls `f` with the P of the running M `mp`, if it is its to touch. `f` must not park.
#[inline(always)]
pub(crate) fn briefly<R>(mp: &M, f: impl FnOnce(Option<&P>) -> R) -> R {
    f(Entered::enter(mp).pp())
}

/// Calls `f` with the P of the calling thread, if it is its to touch: none where it is no M. `f`
/// must not park. A thread that has lost its P takes one if one idles.
#[inline]
pub fn with_current_p<R>(f: impl FnOnce(Option<&P>) -> R) -> R {
    // SAFETY: a G in the slot has an M once the boot has tied them; both live for ever.
    let mp = NonNull::new(current_g()).and_then(|gp| unsafe { gp.as_ref().m.get().as_ref() });
    match mp {
        Some(mp) => f(Entered::enter_with_p(mp).pp()),
        None => f(None),
    }
}

/// The running goroutine comes to leave its thread: true if its M has its P still. If not, the M
/// knows from here on that it has none.
#[inline(always)]
#[must_use = "without a P nothing of it may be touched"]
pub(crate) fn enter_to_leave(mp: &M) -> bool {
    mp.handoff.enter_to_leave() || lost(mp)
}

#[cold]
fn lost(mp: &M) -> bool {
    if !mp.p.get().is_null() {
        mp.oldp.set(mp.p.replace(null_mut()));
        crate::trace::record::comes_back(mp);
        crate::retake::run_in_turn(mp);
        mp.sched().shared.detached.came_back(mp);
    }
    false
}

/// In the midst of its goroutine the M has no P: takes one if one idles, its last if that does.
/// False: it has none, or a request stands that it cannot answer. It waits for no lock, since the
/// caller may have one. Go: `exitsyscallfast`.
#[cold]
pub(crate) fn regain_briefly(mp: &M) -> bool {
    let sched = mp.sched();
    let wants = mp.handoff.is_taken() && !mp.handoff.is_inside() && !mp.is_blocking();
    if !wants || sched.shared.idle.npidle() == 0 {
        return false;
    }
    let Some(mut synced) = sched.try_lock() else { return false };
    if sched.shared.is_stopping() {
        return false; // those who stop the world have the idle Ps
    }
    let Some(pp) = synced.pidleget_prefer(&sched.shared, mp.p.get()) else { return false };
    drop(synced);
    let has_p = enter_to_leave(mp);
    debug_assert!(!has_p, "only the thread itself changes TAKEN");
    mp.stay.regains(take_over(mp, pp));
    mp.handoff.leave();
    true
}

/// The running M, inside and without a P, goes on with its goroutine and an idle P that it took.
fn take_over<'a>(mp: &M, pp: NonNull<P>) -> &'a P {
    // SAFETY: **mine**: just taken. **alive**.
    let pp = unsafe { pp.as_ref() };
    acquirep(mp, pp);
    pp.count_run(false); // a time slice of its own, or sysmon would think of the last one
    pp
}

/// The running goroutine, whose M has no P, waits for one: it goes on with a P, inside, and maybe
/// on another M. Go: `exitsyscall`'s slow path.
#[cold]
pub(crate) fn wait_for_p(g: &G) {
    loop {
        // SAFETY: **mine**; asked anew, since leaving moves it.
        let mp = unsafe { current_m() };
        if enter_to_leave(mp) || regain_or_queue(mp, mp.sched(), g) {
            return;
        }
        // SAFETY: **mine**: it is runnable and queued; the M has no P.
        unsafe { leave_without_p(mp, g) };
    }
}

/// Takes a P for the M, or puts the goroutine into the global queue: false. Both under one lock, so
/// that a P that idles next sees it there. Go: `exitsyscall0`.
pub(crate) fn regain_or_queue(mp: &M, sched: &Sched, g: &G) -> bool {
    let mut synced = sched.lock();
    if sched.shared.is_stopping() {
        // Those who stop the world have the idle Ps.
    } else if let Some(pp) = synced.pidleget_prefer(&sched.shared, mp.oldp.get()) {
        drop(synced);
        let _its = take_over(mp, pp);
        return true;
    }
    g.status.change(Status::Running, Status::Runnable);
    // SAFETY: the running goroutine is in no queue; `on_stack` says that we are on it still.
    synced.with_runq(&sched.shared, |runq| unsafe { runq.put(NonNull::from(g)) });
    drop(synced);
    wake_for_work(sched);
    false
}
