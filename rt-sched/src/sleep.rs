//! Time: goroutines that sleep, and the one M that waits for the earliest deadline. Go:
//! `time.Sleep`, and the part of `findRunnable` and `netpoll` that waits.
//!
//! ```text
//!   starter                                    waiter (an M without a P)
//!   heap.first_when = when        (SeqCst)     lastpoll: swap 0; not 0 before: it is us   (SeqCst)
//!   lastpoll == 0?  somebody waits:            look at every heap: the earliest deadline
//!     poll_until later than when: wake it      poll_until = that; sleep until then, or woken
//!   else: an idle P? wake an M, to wait
//! ```
//!
//! # Safety
//! - **pinned**: a sleeper's timer lies on its stack, and it does not leave before the timer fired.
#![allow(unsafe_code, reason = "**pinned**: timers on stacks")]

use core::pin::pin;
use core::sync::atomic::Ordering;

use rt_os::sys::clock::nanotime;
use rt_wait::park::{Spot, WaitReason, Waiter};

use crate::find::take_p_back;
use crate::m::M;
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
    let shared = &sched.shared;
    if shared.lastpoll.load(Ordering::SeqCst) != 0 {
        return wake_for_work(sched); // nobody waits: an M that finds nothing will
    }
    let until = shared.poll_until.load(Ordering::SeqCst);
    if until == 0 || until > when {
        break_poll(shared);
    }
}

/// Wakes the M that waits, once. Go: `netpollBreak`.
fn break_poll(shared: &Shared) {
    if !shared.poll_woken.swap(true, Ordering::SeqCst) {
        shared.poll_note.wakeup();
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
    if shared.lastpoll.swap(0, Ordering::SeqCst) == 0 {
        // Somebody waits. It looks at the heaps after it has said so, or is woken by who starts
        // one.
        return false;
    }
    shared.poll_until.store(0, Ordering::SeqCst);
    let until = first_deadline(shared);
    shared.poll_until.store(until, Ordering::SeqCst);
    let now = nanotime();
    if until > now && first_deadline(shared) >= until {
        mp.be_punctual();
        let _woken = shared.poll_note.sleep_timeout(until - now);
    }
    finish_poll(shared);
    take_p_back(mp, sched)
}

/// Nobody waits any more. The note is signalled only while `poll_woken` is set, and only this
/// resets it: a wake-up under way is waited for; one that comes later meets the next who waits.
fn finish_poll(shared: &Shared) {
    if shared.poll_woken.load(Ordering::SeqCst) {
        while !shared.poll_note.is_signalled() {
            rt_wait::atomic::spin_step();
        }
        shared.poll_note.clear();
        shared.poll_woken.store(false, Ordering::SeqCst);
    }
    shared.poll_until.store(0, Ordering::SeqCst);
    shared.lastpoll.store(nanotime(), Ordering::SeqCst);
}
