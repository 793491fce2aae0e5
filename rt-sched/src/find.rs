//! Finds the next goroutine for an M, or puts the M to sleep until there is one. Go:
//! `findRunnable`, `stealWork`, `checkRunqsNoP`, `resetspinning`.
//!
//! It runs on g0 and decides only; [`crate::schedule`] acts.
//!
//! # Safety
//! - **mine**: the M is the running one; its P, when it has one, is its own.
//! - **alive**: Ps and Ms are never freed.
#![allow(unsafe_code, reason = "**mine**: queues are owned by who has the P")]

use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;

use crate::g::G;
use crate::locked;
use crate::m::M;
use crate::netpoll;
use crate::p::P;
use crate::procresize::{acquirep, releasep};
use crate::runq::{Chain, Push, STEAL_MAX, Steal};
use crate::sched::Sched;
use crate::schedule::GLOBAL_EVERY;
use crate::sleep::{is_left_alone, is_unattended, see_to_deadlines};
use crate::sysmon::watch_lone;
use crate::thread::{gcstopm, stopm};
use crate::timer::NEVER;
use crate::victim::{keeps_its_own, stands_still};
use crate::wake::wake_for_work;

/// How often a thief goes around; only the last time it takes timers and `next` slots.
const STEAL_TRIES: u32 = 4;

/// What to run.
#[derive(Clone, Copy, Debug)]
#[must_use = "it was taken out of its queue"]
pub(crate) struct Next {
    pub(crate) gp: NonNull<G>,
    pub(crate) inherits_time: bool,
}

impl Next {
    fn fresh(gp: NonNull<G>) -> Next {
        Next { gp, inherits_time: false }
    }
}

/// Blocks until there is a goroutine for `mp`, which then has a P. On g0.
pub(crate) fn find_runnable(mp: &M) -> Next {
    let sched = mp.sched();
    if let Some(pinned) = sched.config.pinned {
        return (pinned.find)(mp);
    }
    loop {
        if let Some(gp) = locked::wait_for_own(mp) {
            return Next::fresh(gp);
        }
        if sched.shared.is_stopping() {
            gcstopm(mp, sched);
            continue;
        }
        // SAFETY: **mine**.
        let pp = unsafe { mp.pp() };
        let Some(next) = with_p(sched, pp).or_else(|| search(mp, sched, pp)) else {
            go_idle(mp, sched);
            continue;
        };
        if mp.spinning.get() {
            reset_spinning(mp, sched);
        }
        if pp.runq.has_next() {
            watch_lone(sched); // another one was chosen before it
        }
        // SAFETY: it was taken out of a queue for us.
        if unsafe { next.gp.as_ref() }.lockedm.get().is_null() {
            return next;
        }
        locked::startlockedm(mp, sched, next.gp);
    }
}

/// What the P has itself, and its share of the global queue.
fn with_p(sched: &Sched, pp: &P) -> Option<Next> {
    pp.run_timers();
    let shared = &sched.shared;
    if pp.schedtick().is_multiple_of(GLOBAL_EVERY) {
        let _some = netpoll::poll(sched, pp);
        if shared.global_len() != 0
            && let Some(gp) = sched.lock().with_runq(shared, |runq| runq.get())
        {
            return Some(Next::fresh(gp));
        }
    }
    // SAFETY: **mine**.
    let runq = unsafe { pp.runq.owner() };
    if let Some(popped) = pp.pop_fair(runq) {
        return Some(Next { gp: popped.item, inherits_time: popped.inherits_time });
    }
    if shared.global_len() != 0 {
        let procs = shared.gomaxprocs();
        let batch = sched.lock().with_runq(shared, |runq| runq.get_batch(procs, STEAL_MAX));
        if let Some(gp) = keep_batch(sched, pp, batch) {
            return Some(Next::fresh(gp));
        }
    }
    let popped = if netpoll::poll(sched, pp) { runq.pop() } else { None };
    popped.map(|popped| Next { gp: popped.item, inherits_time: popped.inherits_time })
}

/// Returns the first of a batch and queues the rest.
fn keep_batch(sched: &Sched, pp: &P, mut batch: Chain<G>) -> Option<NonNull<G>> {
    let first = batch.pop();
    // SAFETY: **mine**.
    let runq = unsafe { pp.runq.owner() };
    let some = !batch.is_empty();
    while let Some(gp) = batch.pop() {
        // SAFETY: it just left the global queue.
        match unsafe { runq.push(gp) } {
            Push::Full(more) => sched.lock().with_runq(&sched.shared, |runq| runq.put_batch(more)),
            Push::Lone | Push::Ring => {}
        }
    }
    if some {
        wake_for_work(sched);
    }
    first
}

/// Fires what is due on a P that is not ours.
fn run_timers_of(pp: &P) -> usize {
    if pp.timers.first_when() == NEVER {
        return 0;
    }
    pp.timers.run_due(nanotime())
}

/// Looks at all other Ps, if not too many do. Go: `stealWork`.
fn search(mp: &M, sched: &Sched, pp: &P) -> Option<Next> {
    let shared = &sched.shared;
    if !mp.spinning.get() {
        if !shared.idle.start_search(shared.gomaxprocs()) {
            return None;
        }
        mp.spinning.set(true);
    }
    for round in 1..=STEAL_TRIES {
        let last = round == STEAL_TRIES;
        // SAFETY: **mine**: with a P in hand the world does not stand still.
        let order = unsafe { shared.steal_order.get() }.start(mp.cheaprand());
        for id in order {
            if shared.is_stopping() {
                return None;
            }
            let Some(victim) = shared.allp.get(id).filter(|v| !core::ptr::eq(*v, pp)) else {
                continue;
            };
            if last && run_timers_of(victim) > 0 {
                // SAFETY: **mine**. What the timers readied is in our queue.
                if let Some(popped) = unsafe { pp.runq.owner() }.pop() {
                    return Some(Next { gp: popped.item, inherits_time: popped.inherits_time });
                }
            }
            if !shared.idle_mask.read(id)
                && let Some(gp) = steal(pp, victim, last)
            {
                return Some(Next::fresh(gp));
            }
        }
    }
    None
}

fn steal(pp: &P, victim: &P, last: bool) -> Option<NonNull<G>> {
    if keeps_its_own(victim) {
        return None;
    }
    let policy = if last { Steal::RingThenNext } else { Steal::Ring };
    // SAFETY: **mine**.
    let own = unsafe { pp.runq.owner() };
    let stolen = victim.runq.steal_into(own, policy, || stands_still(victim))?;
    pp.stolen.set(pp.stolen.get() + 1 + pp.runq_len() as u64);
    Some(stolen)
}

/// The last searcher found work: if there is more, another one searches. Go: `resetspinning`, which
/// wakes one without a look.
///
/// Who has just waited for descriptors mostly does so again soon. So another one is woken for that
/// only when a deadline is near; else by sysmon, which looks within a ms.
fn reset_spinning(mp: &M, sched: &Sched) {
    mp.spinning.set(false);
    let is_last = sched.shared.idle.stop_search();
    if is_last && (work_anywhere(sched) || is_left_alone(sched)) {
        wake_for_work(sched);
    }
}

/// Wakes an M if there is work that no P's owner is sure to look at, or a deadline that nobody
/// waits for: what those have left to the caller who saw it searching, or saw no idle P. After it
/// has ended its search, or given its P up.
pub(crate) fn wake_if_needed(sched: &Sched) {
    if work_anywhere(sched) || is_unattended(sched) {
        wake_for_work(sched);
    } else {
        see_to_deadlines(sched);
    }
}

/// Gives the P up, looks once more, and sleeps. Returns with a P.
fn go_idle(mp: &M, sched: &Sched) {
    let shared = &sched.shared;
    let mut synced = sched.lock();
    if shared.is_stopping() || !synced.runq.is_empty() {
        return; // look again
    }
    // SAFETY: **alive**.
    let pp = unsafe { releasep(mp).as_ref() };
    if !pp.runq.is_empty() {
        // What a timer readied, or a thief's victim gave, after we looked.
        acquirep(mp, pp);
        return;
    }
    synced.pidleput(shared, pp);
    drop(synced);
    if mp.spinning.get() {
        mp.spinning.set(false);
        let _last = shared.idle.stop_search();
    }
    if work_anywhere(sched) && take_p_back(mp, sched) {
        return;
    }
    crate::gfree::release_surplus(sched);
    if crate::sleep::sleep_for_timers(mp, sched) {
        return;
    }
    stopm(mp, sched);
}

/// Is there work that no P's owner is sure to look at? The idler's half of the protocol in
/// [`crate::idle`]. Go: `checkRunqsNoP`.
fn work_anywhere(sched: &Sched) -> bool {
    let shared = &sched.shared;
    shared.global_len() != 0 || shared.allp.iter().any(|pp| !pp.runq.ring_is_empty())
}

/// Takes an idle P and searches on. False when none idles: those who have them will find the work.
pub(crate) fn take_p_back(mp: &M, sched: &Sched) -> bool {
    let Some(pp) = sched.lock().pidleget(&sched.shared) else { return false };
    // SAFETY: **alive**.
    acquirep(mp, unsafe { pp.as_ref() });
    mp.spinning.set(true);
    sched.shared.idle.search_again();
    true
}
