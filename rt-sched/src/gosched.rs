//! A goroutine lets others run.
//!
//! # Safety
//! - **mine**: the M is the one that `current_m` names, and its P is that M's; neither is
//!   remembered over a switch.
#![allow(unsafe_code, reason = "**mine**: queues are owned by who has the P")]

use core::ptr::NonNull;

use crate::g::Status;
use crate::inside::{enter_to_leave, wait_for_p};
use crate::m::M;
use crate::netpoll;
use crate::p::P;
use crate::sched::Sched;
use crate::schedule::{GLOBAL_EVERY, current_g, current_m, switch_away};
use crate::wake::after_push;

/// Lets others run: the caller goes to the tail of its P's queue. Go: `runtime.Gosched`.
///
/// Go puts it into the global queue; here it stays with its P, where it costs no lock. Other Ps get
/// it by stealing. On a thread that runs no goroutine it yields the thread.
#[inline]
pub fn gosched() {
    // SAFETY: a G in the slot is alive.
    let Some(g) = (unsafe { current_g().as_ref() }).filter(|g| g.park.ops.is_some()) else {
        return rt_os::sys::thread::sched_yield();
    };
    // SAFETY: **mine**.
    let mut mp = unsafe { current_m() };
    if !enter_to_leave(mp) {
        wait_for_p(g);
        // SAFETY: **mine**: maybe another.
        mp = unsafe { current_m() };
    }
    // SAFETY: **mine**: inside, with a P.
    let pp = unsafe { mp.pp() };
    let sched = mp.sched();
    // SAFETY: **mine**.
    let is_alone = || unsafe { pp.runq.owner() }.is_empty();
    if is_alone() {
        if pp.schedtick().is_multiple_of(GLOBAL_EVERY) {
            poll_alone(sched, pp);
        }
        if is_alone() && !needs_g0(mp, pp) {
            pp.count_run(false); // a turn: sysmon need not ask for the P
            return mp.handoff.leave();
        }
    }
    g.status.change(Status::Running, Status::Runnable);
    // SAFETY: **mine**; the running goroutine is in no queue.
    let pushed = unsafe { pp.runq.owner().push(NonNull::from(g)) };
    after_push(sched, pushed);
    // SAFETY: it is runnable and queued.
    unsafe { switch_away(mp, g) };
}

/// Looks at descriptors for who has nobody else to yield to; not on g0, for that finds only who
/// stands in a queue, where thieves would take it. Pinned, a thread of its own looks.
#[cold]
fn poll_alone(sched: &Sched, pp: &P) {
    if !sched.is_pinned() {
        let _some = netpoll::poll(sched, pp);
    }
}

/// Is there something that only g0 looks after?
#[inline(always)]
fn needs_g0(mp: &M, pp: &P) -> bool {
    let shared = &mp.sched().shared;
    let has_work = shared.global_len() != 0 || pp.inbox.len() != 0;
    shared.is_stopping() || has_work || pp.time_may_have_come()
}
