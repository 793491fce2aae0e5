//! How goroutines park and are readied: this scheduler's side of rt-wait's contract. Go: `gopark`,
//! `goready`, `ready`.
//!
//! # Safety
//! - **mine**: `prepare`, `cancel` and `commit` are called by the running goroutine itself.
//! - **one ready**: `ready` is called once for each `prepare`, by who took the waiter (rt-wait).
#![allow(unsafe_code, reason = "**mine**: headers are Gs")]

use core::ptr::NonNull;

use rt_wait::claim::Claim;
use rt_wait::park::{ParkHeader, ParkOps, WaitReason};

use crate::g::{G, Status};
use crate::p::P;
use crate::runq::Push;
use crate::sched::Sched;
use crate::schedule::{self, after_push, current_g, current_m, wake_for_work};

/// What each goroutine's header points to.
pub static OPS: ParkOps = ParkOps { prepare, cancel, commit, commit_until, ready };

/// The scheduler of the running goroutine or M; `None` elsewhere.
#[must_use]
pub fn current_sched() -> Option<&'static Sched> {
    NonNull::new(current_g())?;
    // SAFETY: a G in the slot means an M.
    Some(unsafe { current_m() }.sched())
}

/// Calls `f` with the running M's P: none on a thread that is no M, and on an M that has none. `f`
/// must not park.
#[inline]
pub fn with_current_p<R>(f: impl FnOnce(Option<&P>) -> R) -> R {
    let pp = NonNull::new(current_g()).and_then(|gp| {
        // SAFETY: a G in the slot has an M once the boot has tied them; both live for ever.
        let mp = unsafe { gp.as_ref().m.get().as_ref() }?;
        NonNull::new(mp.p.get())
    });
    // SAFETY: **mine**: it is this M's until `f` returns.
    f(pp.map(|pp| unsafe { &*pp.as_ptr() }))
}

unsafe fn prepare(header: NonNull<ParkHeader>, reason: WaitReason) {
    // SAFETY: **mine**; a header with OPS is the head of a G.
    let g = unsafe { header.cast::<G>().as_ref() };
    g.wait_reason.set(reason);
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
        return ready_globally(gp, unsafe { &*g.m.get() }.sched());
    };
    // SAFETY: an M's G has its M.
    let mp = unsafe { &*running.m.get() };
    let sched = mp.sched();
    if mp.p.get().is_null() {
        return ready_globally(gp, sched);
    }
    // SAFETY: **mine**: it is this M's P.
    let pp = unsafe { mp.pp() };
    // SAFETY: as above, and the goroutine is in no queue.
    let pushed = unsafe { pp.runq.owner().push_next(gp) };
    let runs_next = matches!(pushed, Push::Lone) && running.park.ops.is_none();
    if !runs_next {
        after_push(sched, pushed); // g0 takes a lone one itself
    }
}

/// Puts a runnable goroutine into the global queue, and wakes somebody for it.
pub(crate) fn ready_globally(gp: NonNull<G>, sched: &Sched) {
    let mut synced = sched.lock();
    // SAFETY: it is runnable and in no queue.
    synced.with_runq(&sched.shared, |runq| unsafe { runq.put(gp) });
    drop(synced);
    wake_for_work(sched);
}
