//! Time: goroutines that sleep, and the one M that waits for the earliest deadline. Go:
//! `time.Sleep`, and the part of `findRunnable` and `netpoll` that waits.
//!
//! How they find each other is [`crate::poller`]'s.
//!
//! # Safety
//! - **pinned**: a sleeper's timer lies on its stack, with the deadline it points to; the sleeper
//!   does not leave before the timer was stopped or has fired and looks no more.
//! - **mine**: the running M.
#![allow(unsafe_code, reason = "**pinned**: timers on stacks")]

use core::pin::{Pin, pin};
use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;
use rt_wait::atomic::{AtomicBool, Ordering, spin_step};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};

use crate::find::take_p_back;
use crate::g::G;
use crate::gosched::gosched;
use crate::inside::with_current_p;
use crate::m::M;
use crate::netpoll;
use crate::p::P;
use crate::park::commit;
use crate::poller::Told;
use crate::sched::{Sched, Shared};
use crate::schedule::current_m;
use crate::sysmon::WATCHFUL_NS;
use crate::timer::{NEVER, Started, Timer};
use crate::wake::wake_for_work;

/// Sleeps for at least `duration_ns`. Zero yields. On a thread that runs no goroutine the thread
/// sleeps. Go: `time.Sleep`.
pub fn sleep_ns(duration_ns: u64) {
    if duration_ns == 0 {
        return gosched();
    }
    sleep_until_ns(nanotime().saturating_add(duration_ns));
}

/// Sleeps until `when_ns` of the monotonic clock; for ever is a very long time, not a deadlock.
pub fn sleep_until_ns(when_ns: u64) {
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    spot.prepare(WaitReason::Sleep);
    let _woken = spot.commit_until(&Claim::new(), when_ns.min(NEVER - 1));
}

/// A deadline that a parked goroutine has set itself; on its stack.
#[derive(Debug)]
struct Deadline<'a> {
    claim: &'a Claim,
    gp: NonNull<G>,
    /// The timer has fired and looks at nothing here any more. Pairs with the look in
    /// `park_until`.
    seen: AtomicBool,
}

/// Leaves the running goroutine until it is readied, or until `when_ns` if that wins the claim.
///
/// # Safety
/// `g` is the running goroutine, which has prepared.
pub(crate) unsafe fn park_until(g: &G, when_ns: u64, claim: &Claim) {
    if when_ns == NEVER {
        // SAFETY: the caller's.
        return unsafe { commit(NonNull::from(&g.park)) };
    }
    let deadline = Deadline { claim, gp: NonNull::from(g), seen: AtomicBool::new(false) };
    let timer = pin!(Timer::new(expire, (&raw const deadline).cast_mut().cast()));
    let timer = timer.into_ref();
    // SAFETY: **mine**: the running goroutine is on an M.
    let sched = unsafe { current_m() }.sched();
    // SAFETY: **pinned**: stopped below, or seen to have fired.
    unsafe { start_timer(sched, timer, when_ns) };
    // SAFETY: the caller's.
    unsafe { commit(NonNull::from(&g.park)) };
    if claim.timed_out() || timer.stop() {
        return;
    }
    // It fired, but another had the claim: it may be about to look.
    let mut looks = 0u32;
    while !deadline.seen.load(Ordering::Acquire) {
        looks += 1;
        if looks.is_multiple_of(128) {
            rt_os::sys::thread::sched_yield();
        }
        spin_step();
    }
}

unsafe fn expire(argument: *mut ()) {
    // SAFETY: **pinned**: it stays until `seen`.
    let deadline = unsafe { &*argument.cast::<Deadline<'_>>() };
    let (won, gp) = (deadline.claim.expire(), deadline.gp);
    deadline.seen.store(true, Ordering::Release); // gone from here on, unless it was won
    if won {
        // SAFETY: the claim's winner has the duty, once. A goroutine's header has `ops`.
        unsafe { (gp.as_ref().park.ops.unwrap_unchecked().ready)(gp.cast()) };
    }
}

/// Starts a timer from any thread: in the running P's heap, else in the first P's.
///
/// # Safety
/// As for [`crate::timer::Timers::start`].
pub(crate) unsafe fn start_timer(sched: &Sched, timer: Pin<&Timer>, when_ns: u64) {
    let started = with_current_p(|pp| {
        let first = || sched.shared.allp.get(0).expect("a scheduler has a P");
        let home = pp.unwrap_or_else(first);
        // SAFETY: the caller's.
        let started = unsafe { home.timers.start(timer, when_ns) };
        match (started, pp) {
            (Ok(Started::First), Some(pp)) => pp.look_again.set(0),
            (Ok(Started::First), None) if sched.is_pinned() => home.inbox.nudge(),
            _ => {}
        }
        (started, pp.is_some())
    });
    match started {
        (Ok(Started::First), _) if sched.is_pinned() => {}
        // A busy P looks by itself, soon.
        (Ok(Started::First), has_p) if !(has_p && is_seen_to(sched, when_ns)) => {
            wake_poller(sched, when_ns);
        }
        (Ok(_), _) => {}
        (Err(_), _) => rt_os::throw::throw("runtime: out of memory"),
    }
}

/// May a deadline wait until this P idles, or sysmon looks? Asked on a P, with the deadline in its
/// heap. Most are over by then: those of calls that soon return.
fn is_seen_to(sched: &Sched, when: u64) -> bool {
    sched.shared.watch.looks_soon() && !is_near(when)
}

/// Is a deadline so near that sysmon might see it too late?
fn is_near(when: u64) -> bool {
    when < nanotime().saturating_add(2 * WATCHFUL_NS)
}

/// Makes sure that the first deadline of all is waited for: what others have left to sysmon.
pub(crate) fn see_to_deadlines(sched: &Sched) {
    let first = first_deadline(&sched.shared);
    if first != NEVER {
        wake_poller(sched, first);
    }
}

/// Makes sure that somebody comes at `when`: wakes the M that waits too long, or one to wait. Go:
/// `wakeNetPoller`.
pub(crate) fn wake_poller(sched: &Sched, when: u64) {
    if sched.shared.poller.timer_started(when) == Told::Nobody {
        wake_for_work(sched); // an M that finds nothing will wait
    }
}

/// The earliest deadline of all heaps.
pub(crate) fn first_deadline(shared: &Shared) -> u64 {
    shared.allp.iter().map(|pp| pp.timers.first_when()).min().unwrap_or(NEVER)
}

/// Is there something to wait for: a deadline, or a descriptor?
pub(crate) fn has_something(sched: &Sched) -> bool {
    first_deadline(&sched.shared) != NEVER || netpoll::has_waiters(sched)
}

/// Is there something to wait for, and nobody who does?
pub(crate) fn is_unattended(sched: &Sched) -> bool {
    has_something(sched) && !sched.shared.poller.is_attended()
}

/// Is there something to wait for that sysmon might see too late, and nobody who does?
pub(crate) fn is_left_alone(sched: &Sched) -> bool {
    let shared = &sched.shared;
    if !shared.watch.looks_soon() {
        return is_unattended(sched);
    }
    is_near(first_deadline(shared)) && !shared.poller.is_attended()
}

/// So many deadlines are a crowd, if one wake-up can serve them all.
const CROWD: usize = 8;
/// How long nobody wakes for a crowd after the last wake-up, in ns. A wake-up costs up to 100 µs of
/// CPU time, when the Ms that come to help are counted.
const REST_NS: u64 = 250_000;

fn is_crowd(shared: &Shared, until: u64) -> bool {
    let count = |sum, pp: &P| sum + pp.timers.count_due(until, CROWD);
    shared.allp.iter().fold(0, count) >= CROWD
}

/// When to wake for a deadline at `first`, after a wake-up at `last`: then, or a little later for a
/// crowd. `is_crowd` says whether there is one until a certain time.
fn rested(first: u64, last: u64, is_crowd: impl FnOnce(u64) -> bool) -> u64 {
    let rested = last.saturating_add(REST_NS);
    if first < rested && is_crowd(rested) { rested } else { first }
}

/// Waits for the earliest deadline and for descriptors, if there is something to wait for and
/// nobody else does. True when the M has a P again and must look for work; false when it has
/// nothing to wait for. The M has no P.
pub(crate) fn sleep_for_timers(mp: &M, sched: &Sched) -> bool {
    let shared = &sched.shared;
    if !has_something(sched) {
        if sched.port.detects_deadlock() {
            shared.poller.look_again(); // who waits for what is over would pass for one that runs
        }
        return false;
    }
    let mut reports = None;
    let waited = shared.poller.wait(
        || first_deadline(shared),
        |note, first, last| {
            let until = rested(first, last, |until| is_crowd(shared, until));
            mp.be_punctual();
            if shared.netpoll.is_open() {
                if !note.is_signalled() {
                    reports = Some(netpoll::sleep_until(sched, until));
                }
            } else {
                let _woken = note.sleep_timeout(until.saturating_sub(nanotime()));
            }
        },
    );
    if !waited {
        let _it_knows = shared.poller.timer_started(first_deadline(shared)); // of what we left
        return false;
    }
    shared.poller.finish(nanotime());
    let has_p = take_p_back(mp, sched);
    if let Some(reports) = reports {
        // SAFETY: **mine**.
        reports.deliver(sched, has_p.then(|| unsafe { mp.pp() }));
    }
    has_p
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_crowds_wait_for_each_other() {
        let last = 1_000_000;
        assert_eq!(rested(last + 10, last, |_| false), last + 10);
        assert_eq!(rested(last + 10, last, |until| until == last + REST_NS), last + REST_NS);
        assert_eq!(rested(last - 10, last, |_| true), last + REST_NS);
        assert_eq!(rested(last + REST_NS, last, |_| unreachable!()), last + REST_NS);
        assert_eq!(rested(NEVER, last, |_| unreachable!()), NEVER);
    }
}
