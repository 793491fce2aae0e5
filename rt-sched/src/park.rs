//! How goroutines park and are readied: this scheduler's side of rt-wait's contract. Go: `gopark`,
//! `goready`, `ready`.
//!
//! # Safety
//! - **mine**: `prepare`, `cancel` and `commit` are called by the running goroutine itself.
//! - **one ready**: `ready` is called once for each `prepare`, by who took the waiter (rt-wait).
#![allow(unsafe_code, reason = "**mine**: headers are Gs")]

use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;
use rt_wait::claim::Claim;
use rt_wait::park::{ParkHeader, ParkOps, WaitReason};

use crate::dead::Carries;
use crate::g::{G, Status};
use crate::inside::Entered;
pub use crate::inside::with_current_p;
use crate::m::M;
use crate::p::P;
use crate::runq::Push;
use crate::sched::Sched;
use crate::schedule::{self, current_g, current_m};
use crate::sysmon::watch_lone;
use crate::trace::record;
use crate::wake::{after_push, wake_for_work};

/// What each goroutine's header points to.
pub static OPS: ParkOps = ParkOps { prepare, cancel, commit, commit_until, ready };

/// The scheduler of the running goroutine or M; `None` elsewhere.
#[must_use]
pub fn current_sched() -> Option<&'static Sched> {
    NonNull::new(current_g())?;
    // SAFETY: a G in the slot means an M.
    Some(unsafe { current_m() }.sched())
}

unsafe fn prepare(header: NonNull<ParkHeader>, reason: WaitReason) {
    // SAFETY: **mine**; a header with OPS is the head of a G.
    let g = unsafe { header.cast::<G>().as_ref() };
    g.wait_reason.set(reason);
    g.since.forget();
    g.status.change(Status::Running, Status::Waiting);
}

unsafe fn cancel(header: NonNull<ParkHeader>) {
    // SAFETY: as in `prepare`.
    let g = unsafe { header.cast::<G>().as_ref() };
    g.status.change(Status::Waiting, Status::Running);
    g.wait_reason.set(WaitReason::None);
}

#[inline(never)] // one copy of the switch, for all that park
pub(crate) unsafe fn commit(header: NonNull<ParkHeader>) {
    // SAFETY: as in `prepare`.
    let g = unsafe { header.cast::<G>().as_ref() };
    // SAFETY: **mine**.
    unsafe { schedule::park(g) };
}

unsafe fn commit_until(header: NonNull<ParkHeader>, when_ns: u64, claim: &Claim) {
    // SAFETY: as in `prepare`.
    let g = unsafe { header.cast::<G>().as_ref() };
    // SAFETY: **mine**.
    unsafe { crate::sleep::park_until(g, when_ns, claim) };
}

unsafe fn ready(header: NonNull<ParkHeader>) {
    // SAFETY: **one ready**: the goroutine waits and is ours.
    unsafe { goready(header.cast()) };
}

/// Makes a waiting goroutine runnable: next on the caller's P, or in the global queue when the
/// caller has none. Go: `goready`.
///
/// # Safety
/// **one ready**.
pub(crate) unsafe fn goready(gp: NonNull<G>) {
    // SAFETY: **one ready**.
    let g = unsafe { gp.as_ref() };
    g.wait_reason.set(WaitReason::None);
    g.status.change(Status::Waiting, Status::Runnable);
    // SAFETY: a G in the slot is alive.
    let Some(running) = (unsafe { current_g().as_ref() }) else {
        // A thread that is no M: the goroutine's last M knows the scheduler.
        // SAFETY: a goroutine that has run has an M, which lives for ever.
        return ready_elsewhere(gp, g, unsafe { &*g.m.get() }.sched());
    };
    // SAFETY: an M's G has its M.
    let mp = unsafe { &*running.m.get() };
    if !put_next(mp, gp) {
        ready_elsewhere(gp, g, mp.sched());
    }
}

/// Makes a waiting goroutine runnable for a caller without a P.
#[cold]
fn ready_elsewhere(gp: NonNull<G>, g: &G, sched: &Sched) {
    if sched.shared.attention.is_traced() {
        record::readies_without_p(&sched.shared, g);
    }
    ready_globally(gp, sched);
}

/// Puts a readied goroutine next on the M's P. False: it has none.
#[inline(always)]
fn put_next(mp: &M, gp: NonNull<G>) -> bool {
    let entered = Entered::enter_with_p(mp);
    let Some(pp) = entered.pp() else { return false };
    if pp.looks_at_this_one() {
        look_at_ready(pp, gp);
    }
    // SAFETY: **mine**: it is this M's P. The goroutine is in no queue.
    let pushed = unsafe { pp.runq.owner().push_next(gp) };
    let on_g0 = mp.curg.get().is_null();
    if !(on_g0 && matches!(pushed, Push::Lone)) {
        after_push(mp.sched(), pushed); // g0 takes a lone one itself
    }
    true
}

/// One of those that are readied is timed until it runs; in a trace each is recorded.
#[cold]
#[inline(never)]
fn look_at_ready(pp: &P, gp: NonNull<G>) {
    // SAFETY: readied by us, and in no queue yet.
    let g = unsafe { gp.as_ref() };
    if pp.times_this_one(g) {
        g.runnable_since_ns.set(nanotime());
    }
}

/// Puts a runnable goroutine into the global queue, and wakes somebody for it.
pub(crate) fn ready_globally(gp: NonNull<G>, sched: &Sched) {
    let _carries = Carries::if_uncounted(sched);
    let mut synced = sched.lock();
    // SAFETY: it is runnable and in no queue.
    synced.with_runq(&sched.shared, |runq| unsafe { runq.put(gp) });
    drop(synced);
    watch_lone(sched); // no P may idle: then somebody must see to it that one takes it
    wake_for_work(sched);
}
