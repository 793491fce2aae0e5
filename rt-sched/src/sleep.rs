//! Time: goroutines that sleep, and the one M that waits for the earliest deadline. Go:
//! `time.Sleep`, and the part of `findRunnable` and `netpoll` that waits.
//!
//! How they find each other is [`crate::poller`]'s.
//!
//! # Safety
//! - **pinned**: a sleeper's timer lies on its stack, and it does not leave before the timer fired.
#![allow(unsafe_code, reason = "**pinned**: timers on stacks")]

use core::pin::pin;

use rt_os::sys::clock::nanotime;
use rt_wait::park::{Spot, WaitReason, Waiter};

use crate::find::take_p_back;
use crate::m::M;
use crate::poller::Told;
use crate::sched::{Sched, Shared};
use crate::schedule::{current_g, current_m, gosched, wake_for_work};
use crate::timer::{NEVER, Started, Timer};

/// Sleeps for at least `duration_ns`. Zero yields. On a thread that runs no goroutine the thread
/// sleeps. Go: `time.Sleep`.
pub fn sleep_ns(duration_ns: u64) {
    if duration_ns == 0 {
        return gosched();
    }
    // SAFETY: a G in the slot is alive.
    let is_goroutine = unsafe { current_g().as_ref() }.is_some_and(|g| g.park.ops.is_some());
    if !is_goroutine {
        let _timed_out = rt_wait::note::Note::new().sleep_timeout(duration_ns);
        return;
    }
    let when = nanotime().saturating_add(duration_ns).min(NEVER - 1);
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    let waiter = spot.waiter();
    let timer = pin!(Timer::new(wake_sleeper, (&raw const waiter).cast_mut().cast()));
    let timer = timer.into_ref();
    // SAFETY: a running goroutine has an M with a P; both are asked for anew after the park.
    let (sched, pp) = unsafe { (current_m().sched(), current_m().pp()) };
    let prepare = || spot.prepare(WaitReason::Sleep);
    // SAFETY: **pinned**: commit returns after the timer has fired.
    match unsafe { pp.timers.start(timer, when, prepare) } {
        Ok(Started::First) => {
            // SAFETY: still on this P: the goroutine has not left it.
            unsafe { current_m().pp() }.look_again.set(0);
            wake_poller(sched, when);
        }
        Ok(Started::Later) => {}
        Err(_) => rt_os::throw::throw("runtime: out of memory"),
    }
    spot.commit();
}

unsafe fn wake_sleeper(argument: *mut ()) {
    // SAFETY: **pinned**: the sleeper waits for us.
    let waiter = unsafe { *argument.cast::<Waiter>() };
    // SAFETY: the timer fires once for its one prepare.
    unsafe { waiter.ready() };
}

/// Makes sure that somebody comes at `when`: wakes the M that waits too long, or one to wait. Go:
/// `wakeNetPoller`.
pub(crate) fn wake_poller(sched: &Sched, when: u64) {
    if sched.shared.poller.timer_started(when) == Told::Nobody {
        wake_for_work(sched); // an M that finds nothing will wait
    }
}

/// The earliest deadline of all heaps.
fn first_deadline(shared: &Shared) -> u64 {
    shared.allp.iter().map(|pp| pp.timers.first_when()).min().unwrap_or(NEVER)
}

/// Waits for the earliest deadline, if there is one and nobody else does. True when the M has a P
/// again and must look for work; false when it has nothing to wait for. The M has no P.
pub(crate) fn sleep_for_timers(mp: &M, sched: &Sched) -> bool {
    let shared = &sched.shared;
    if first_deadline(shared) == NEVER {
        return false;
    }
    let waited = shared.poller.wait(
        || first_deadline(shared),
        |note, until| {
            let now = nanotime();
            if until > now {
                mp.be_punctual();
                let _woken = note.sleep_timeout(until - now);
            }
        },
    );
    if !waited {
        return false;
    }
    shared.poller.finish(nanotime());
    take_p_back(mp, sched)
}
