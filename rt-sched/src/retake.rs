//! Takes Ps from threads that stay in user code: one that computes for long, one that is blocked in
//! the kernel, all of them when the world stops. Go: `retake`, `preemptall`.
//!
//! The thread is not stopped: it runs on without a P. How the two agree is [`crate::handoff`]'s;
//! here is who loses its P and when, and where the P goes.
//!
//! # Safety
//! - **alive**: Ms and Ps are never freed.
#![allow(unsafe_code, reason = "**alive**: Ms are reached through their Ps")]

use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU64, Ordering};

use arrayvec::ArrayVec;
use rt_os::sys::clock::thread_cpu_ns;
use rt_os::sys::thread::is_sleeping;

use crate::dead::Carries;
use crate::handoff::Request;
use crate::handoff::heavy::heavy_barrier;
use crate::judge::{Decision, SLICE_NS, Sight, judge};
use crate::m::M;
use crate::newm::{ForP, spare_m};
use crate::p::{P, PStatus};
use crate::sched::Sched;
use crate::thread::handoffp;
use crate::trace::Taken;
use crate::trace::record::taking;

/// So many goroutines per P may run on without one at once; then one more each time slice.
const DETACHED_PER_P: u32 = 4;
/// How long after an M could not be started it is tried again, in ns.
const START_AGAIN_NS: u64 = 100_000_000;
/// So often a retaker looks whether a thread is outside: one or two microseconds.
const LOOKS: u32 = 100;
/// So many are asked under one barrier.
const BATCH: usize = 16;

/// What sysmon remembers of a P from look to look. sysmon's own. Go: `sysmontick`.
#[derive(Debug)]
pub(crate) struct Memory {
    runs: Cell<u32>,
    since_ns: Cell<u64>,
    cpu_ns: Cell<u64>,
}

impl Memory {
    /// How long the P has stayed with one goroutine, as far as was seen; 0 for a new one.
    fn held_ns(&self, runs: u32, now_ns: u64) -> u64 {
        if self.runs.replace(runs) != runs || self.since_ns.get() == 0 {
            self.since_ns.set(now_ns);
            self.cpu_ns.set(u64::MAX);
        }
        now_ns - self.since_ns.get()
    }

    fn forget(&self) {
        self.since_ns.set(0);
    }

    /// Did the thread use no CPU time since the last look, and sleeps? The clock is the cheap half
    /// of the question: a thread that waits for a CPU uses none either.
    fn is_blocked(&self, tid: u32) -> bool {
        let Some(cpu) = thread_cpu_ns(tid) else { return false };
        self.cpu_ns.replace(cpu) == cpu && is_sleeping(tid)
    }
}

/// What came of a look at all Ps.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// A P was taken.
    pub(crate) took: bool,
    /// A P stays with one goroutine, in user code.
    pub(crate) stuck: bool,
    /// A P must go when the M is there that has been started for it.
    pub(crate) awaits_m: bool,
}

/// sysmon's memory beside the Ps'.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    /// When a thread was last detached beyond the free number.
    paced_ns: u64,
    /// When an M is tried to be started again, after that could not be.
    start_again_ns: u64,
}

impl Watcher {
    /// Looks at every P, and takes those that must go. Go: `retake`.
    pub(crate) fn look(&mut self, sched: &Sched, is_wanted: bool, now_ns: u64) -> Seen {
        let mut lose: ArrayVec<&P, BATCH> = ArrayVec::new();
        let mut longest: Option<(u64, &P, &M)> = None; // who computes and has had its P longest
        let (free, room) = self.room(sched, now_ns);
        let mut stuck = false;
        for pp in sched.shared.allp.iter() {
            // SAFETY: **alive**.
            let mp = unsafe { pp.m.get().as_ref() };
            let Some(mp) = mp.filter(|_| pp.status() == PStatus::Running) else {
                pp.memory.forget();
                continue;
            };
            let held_ns = pp.memory.held_ns(pp.runs(), now_ns);
            if mp.handoff.is_inside() || lose.is_full() {
                continue;
            }
            stuck |= held_ns > 0;
            let may_detach = room != 0;
            let sight = Sight { held_ns, says_so: mp.is_blocking(), is_wanted, may_detach };
            match judge(sight, || pp.memory.is_blocked(mp.procid())) {
                Decision::Keeps => {}
                Decision::LosesBlocked => lose.push(pp),
                Decision::LosesBusy if longest.is_some_and(|(held, ..)| held >= held_ns) => {}
                Decision::LosesBusy => longest = Some((held_ns, pp, mp)),
            }
        }
        // One at a time: each needs an M that idles.
        let longest = longest.filter(|_| !lose.is_full());
        let m = longest.and_then(|_| self.m_for_p(sched, now_ns));
        let busy = longest.filter(|_| m == Some(ForP::Idles));
        let busy = busy.map(|(_, pp, mp)| {
            mp.run_in_slices(SLICE_NS);
            sched.shared.detached.one_busy(mp);
            lose.push(pp);
            mp
        });
        if busy.is_some() && free == 0 {
            self.paced_ns = now_ns;
        }
        let took = take_all(sched, &lose, busy);
        if let Some(mp) = busy {
            if sched.shared.detached.first_busy() {
                shorten_slices(sched);
            }
            if !mp.handoff.is_taken() {
                sched.shared.detached.is_busy_no_more(mp);
                run_in_turn(mp);
            }
        }
        Seen { took, stuck, awaits_m: m == Some(ForP::Comes) }
    }

    /// How many may be detached now: freely, and with the one that comes in time.
    fn room(&self, sched: &Sched, now_ns: u64) -> (u32, u32) {
        let limit = DETACHED_PER_P.saturating_mul(sched.shared.gomaxprocs());
        let free = limit.saturating_sub(sched.shared.detached.busy());
        let paced = u32::from(now_ns >= self.paced_ns + SLICE_NS);
        (free, free.max(paced))
    }

    /// An M for the P of a busy thread. It is not worth the end of the program that none can be
    /// started.
    fn m_for_p(&mut self, sched: &Sched, now_ns: u64) -> Option<ForP> {
        if now_ns < self.start_again_ns {
            return spare_m(sched, false);
        }
        let found = spare_m(sched, true);
        if found.is_none() {
            self.start_again_ns = now_ns + START_AGAIN_NS;
        }
        found
    }
}

/// Takes Ps that must go, that of `busy` among them, and finds somebody for each. True if it took
/// one.
fn take_all(sched: &Sched, lose: &[&P], busy: Option<&M>) -> bool {
    if lose.is_empty() {
        return false;
    }
    let _carries = Carries::begin(sched);
    let counts = &sched.shared.counts;
    let unmoved = |pp: &P| pp.memory.runs.get() == pp.runs();
    let why = |mp: &M| match busy {
        Some(busy) if core::ptr::eq(busy, mp) => Taken::Busy,
        _ => Taken::Blocked,
    };
    retake(sched, lose, why, unmoved, |pp, mp| {
        let is_busy = why(mp) == Taken::Busy;
        let counter = if is_busy { &counts.taken_busy } else { &counts.taken_blocked };
        counter.fetch_add(1, Ordering::Relaxed);
        handoffp(sched, NonNull::from(pp));
    })
}

/// The kernel's slices of Ms beside threads that compute without a P, in ns: its shortest. So who
/// wakes up need not wait for those.
pub(crate) const SHORT_SLICE_NS: u64 = 100_000;

/// The first thread computes without a P: from now on the others get short slices.
#[cold]
fn shorten_slices(sched: &Sched) {
    let synced = sched.lock();
    for mp in synced.allm_iter().filter(|mp| !mp.has_slices()) {
        run_in_turn(mp);
    }
}

/// The M is one among others, and not one that computes without a P.
pub(crate) fn run_in_turn(mp: &M) {
    if mp.sched().shared.detached.have_been_busy() {
        mp.run_in_slices(SHORT_SLICE_NS);
    }
}

/// Takes what Ps it can for a world that stops; those in the runtime come by themselves. Go:
/// `preemptall`, and what `stopTheWorldWithSema` does with Ps in system calls.
pub(crate) fn take_for_stop(sched: &Sched) {
    let mut lose: ArrayVec<&P, BATCH> = ArrayVec::new();
    let stop = |pp: &P, _: &M| {
        let mut synced = sched.lock();
        pp.set_status(PStatus::GcStop);
        synced.one_stopped(sched);
    };
    for pp in sched.shared.allp.iter() {
        if lose.is_full() {
            retake(sched, &lose, |_| Taken::World, |_| true, stop);
            lose.clear();
        }
        if pp.status() == PStatus::Running {
            lose.push(pp);
        }
    }
    retake(sched, &lose, |_| Taken::World, |_| true, stop);
}

/// Asks for the Ps, and takes those whose threads are in user code, if `still` they shall go. Calls
/// `then` with each, which is then idle and nobody's. True if there was one.
pub(crate) fn retake(
    sched: &Sched,
    lose: &[&P],
    why: impl Fn(&M) -> Taken,
    still: impl Fn(&P) -> bool,
    then: impl Fn(&P, &M),
) -> bool {
    let mut asked: ArrayVec<(&P, &M, Request), BATCH> = ArrayVec::new();
    for &pp in lose {
        // SAFETY: **alive**.
        let Some(mp) = (unsafe { pp.m.get().as_ref() }) else { continue };
        if !mp.handoff.is_inside()
            && let Some(request) = mp.handoff.ask(sched.shared.tickets.next())
        {
            asked.push((pp, mp, request));
        }
    }
    if asked.is_empty() {
        return false;
    }
    if !heavy_barrier() {
        asked.iter().for_each(|(_, mp, request)| mp.handoff.withdraw(*request));
        return false;
    }
    let mut any = false;
    for (pp, mp, request) in asked {
        let recorded = |take: &mut dyn FnMut() -> bool| taking(sched, pp, mp, why(mp), take);
        if settle(pp, mp, request, &still, recorded) {
            pp.m.set(null_mut());
            pp.set_status(PStatus::Idle);
            pp.syscalltick.set(pp.syscalltick.get() + 1);
            sched.shared.detached.one_more();
            then(pp, mp);
            any = true;
        }
    }
    any
}

/// After the barrier: takes the P, or takes the request back. One that stood on would keep the
/// thread from its P until it leaves its goroutine, maybe another one than was meant.
/// The taking itself is called by `recorded`.
fn settle(
    pp: &P,
    mp: &M,
    request: Request,
    still: impl Fn(&P) -> bool,
    recorded: impl FnOnce(&mut dyn FnMut() -> bool) -> bool,
) -> bool {
    // The thread is outside, or answers before it comes in: then the CAS fails. So its P does not
    // change between these looks and that.
    if is_soon_outside(mp) && core::ptr::eq(mp.p.get(), pp) && still(pp) {
        mp.stay.loses(pp); // before: whoever sees that it is taken sees this
        let is_taken = recorded(&mut || mp.handoff.take(request));
        if !is_taken {
            mp.stay.keeps(); // it came to leave, or another was first
        }
        return is_taken;
    }
    mp.handoff.withdraw(request);
    false
}

/// Who was inside at the barrier is out again within some instructions, unless it goes on with
/// another goroutine or waits for its CPU.
fn is_soon_outside(mp: &M) -> bool {
    (0..LOOKS).any(|_| {
        let is_outside = !mp.handoff.is_inside();
        if !is_outside {
            rt_asm::cpu::pause();
        }
        is_outside
    })
}

/// Numbers for requests, each used once.
#[derive(Debug)]
pub(crate) struct Tickets(AtomicU64);

impl Tickets {
    pub(crate) fn new() -> Tickets {
        Tickets(AtomicU64::new(0))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::Brief;

    #[test]
    fn no_request_stands_when_it_is_over() {
        let mut lab = crate::testing::Lab::new(crate::sched::Config::default());
        lab.resize(2, 1).unwrap();
        let allp = &lab.sched().shared.allp;
        let [own, other] = [0, 1].map(|id| allp.get(id).unwrap());
        // SAFETY: **alive**: the lab's.
        let mp = unsafe { &*own.m.get() };
        let request = mp.handoff.ask(1).unwrap();
        let try_it = |pp, request, still| settle(pp, mp, request, |_| still, |take| take());
        assert!(!try_it(own, request, true), "it is inside");
        mp.handoff.leave();
        assert_eq!(mp.handoff.enter_briefly(), Brief::Inside);
        mp.handoff.leave();
        let request = mp.handoff.ask(2).unwrap();
        assert!(!try_it(other, request, true), "it has another P");
        assert_eq!(mp.handoff.enter_briefly(), Brief::Inside);
        mp.handoff.leave();
        let request = mp.handoff.ask(3).unwrap();
        assert!(!try_it(own, request, false), "it has gone on");
        assert_eq!(mp.handoff.enter_briefly(), Brief::Inside);
        mp.handoff.leave();
        let request = mp.handoff.ask(4).unwrap();
        assert!(try_it(own, request, true));
        assert!(mp.handoff.is_taken());
    }

    #[test]
    fn a_p_that_moves_is_seen_anew() {
        let seen =
            Memory { runs: Cell::new(0), since_ns: Cell::new(0), cpu_ns: Cell::new(u64::MAX) };
        assert_eq!(seen.held_ns(7, 1000), 0);
        assert_eq!(seen.held_ns(7, 1500), 500);
        assert_eq!(seen.held_ns(8, 2000), 0);
        seen.forget();
        assert_eq!(seen.held_ns(8, 3000), 0);
    }
}
