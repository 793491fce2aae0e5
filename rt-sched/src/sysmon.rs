//! The watcher: a thread without a P. Go: `sysmon`.
//!
//! It looks at all Ps again and again: takes those that stay with one goroutine for long
//! ([`crate::retake`]), and wakes an M for a lone goroutine in a busy P's `next` slot, which woke
//! nobody when it was put there. It looks often while it finds something, and less and less often
//! while it does not. When every P has idled for a while it sleeps, until one does not
//! ([`crate::watch`]).

use core::sync::atomic::Ordering;

use rt_os::sys::clock::nanotime;

use crate::follow::Follower;
use crate::m::M;
use crate::newm::start_system_thread;
use crate::p::PStatus;
use crate::retake::{SHORT_SLICE_NS, Watcher};
use crate::sched::{Sched, Shared};
use crate::schedtrace::Printer;
use crate::sleep::{first_deadline, is_unattended, see_to_deadlines};
use crate::stall::Stalls;
use crate::waiting::Sweeps;
use crate::wake::wake_for_work;

/// The shortest pause between two looks, and the longest while somebody may wait for it, in µs.
const PAUSE_MIN_US: u64 = 20;
const PAUSE_WATCHFUL_US: u64 = 1_000;
/// The latter, in ns: while a P idles, nobody has to see to what can wait so long.
pub(crate) const WATCHFUL_NS: u64 = PAUSE_WATCHFUL_US * 1_000;
/// The longest pause of all, in µs: a time slice.
const PAUSE_MAX_US: u64 = 10_000;
/// From here on a pause can be cut short.
const PAUSE_LONG_US: u64 = 200;
/// So many looks without a find before the pause doubles.
const PATIENCE: u32 = 50;
/// So many looks at long intervals with every P idle before it sleeps.
const IDLE_PAUSES: u32 = 20;

/// How long it pauses. Pure.
#[derive(Debug)]
struct Pace {
    pause_us: u64,
    looks: u32,
    idle_pauses: u32,
}

impl Pace {
    const BRISK: Pace = Pace { pause_us: PAUSE_MIN_US, looks: 0, idle_pauses: 0 };
    /// Soon slow again.
    const ALERT: Pace = Pace { looks: PATIENCE - 5, ..Pace::BRISK };
    /// The last look has found something.
    const HOT: Pace = Pace { looks: 0, pause_us: 0, idle_pauses: 0 };

    /// After a look.
    fn step(&mut self, found: Found, all_idle: bool) {
        let longest_us = match found {
            Found::Taken => return *self = Pace::HOT,
            Found::Work => return *self = Pace::BRISK,
            Found::Stuck => PAUSE_WATCHFUL_US,
            Found::Nothing => PAUSE_MAX_US,
        };
        self.looks = self.looks.saturating_add(1);
        self.pause_us = self.pause_us.max(PAUSE_MIN_US);
        if self.looks >= PATIENCE {
            self.pause_us = (self.pause_us * 2).min(longest_us);
        }
        let counts = all_idle && self.pause_us >= PAUSE_WATCHFUL_US;
        self.idle_pauses = if counts { self.idle_pauses + 1 } else { 0 };
    }

    /// It may sleep: nothing has been going on for long.
    fn is_tired(&self) -> bool {
        self.idle_pauses >= IDLE_PAUSES
    }
}

/// A goroutine stands alone in a `next` slot: makes sure that somebody watches it.
#[inline(always)]
pub(crate) fn watch_lone(sched: &Sched) {
    if sched.shared.watch.is_asleep() {
        start_or_wake(sched);
    }
}

/// A P runs that idled: sysmon must not sleep beside it.
pub(crate) fn watch_running(shared: &Shared) {
    let started = shared.sysmon_started.load(Ordering::Relaxed);
    if started && shared.watch.is_asleep() && shared.watch.claim() {
        shared.sysmon_note.wakeup();
    }
}

/// The running goroutine is about to block its thread: if others wait on its P, sysmon shall not
/// be in a long pause.
pub(crate) fn watch_blocking(mp: &M) {
    let shared = &mp.sched().shared;
    let others = || {
        let waits = |pp: Option<&crate::p::P>| pp.is_some_and(|pp| !pp.runq.is_empty());
        crate::inside::briefly(mp, waits) || shared.global_len() != 0
    };
    if shared.watch.is_slow() && others() {
        start_or_wake(mp.sched());
    }
}

#[cold]
fn start_or_wake(sched: &Sched) {
    let shared = &sched.shared;
    // Where goroutines keep their Ps nothing is taken.
    let is_early = !shared.main_started.load(Ordering::Relaxed);
    if sched.is_pinned() || is_early || !shared.watch.claim() {
        return;
    }
    if shared.sysmon_started.swap(true, Ordering::Relaxed) {
        shared.sysmon_note.wakeup();
    } else {
        start_system_thread(sched, run);
    }
}

/// Starts it, if it never was: before the first thread that runs goroutines beside m0.
pub(crate) fn ensure_started(sched: &Sched) {
    if !sched.shared.sysmon_started.load(Ordering::Relaxed) {
        start_or_wake(sched);
    }
}

fn run(mp: &M) {
    let sched = mp.sched();
    let shared = &sched.shared;
    let mut pace = Pace::BRISK;
    let mut watcher = Watcher::default();
    let mut follower = Follower::default();
    let mut printer = Printer::default();
    let mut sweeps = Sweeps::default();
    let mut stalls = Stalls::default();
    mp.be_punctual();
    mp.run_in_slices(SHORT_SLICE_NS); // it must not wait for those that it is to watch
    loop {
        printer.look(sched, nanotime());
        let all_idle = shared.idle.npidle() == shared.gomaxprocs();
        let is_needed = shared.schedtrace.is_wished() || Stalls::are_watched(shared);
        if all_idle && pace.is_tired() && !is_needed {
            sleep(sched, &mut sweeps);
            pace = Pace::ALERT;
        }
        if pause(shared, &pace) == Paused::CutShort {
            pace = Pace::BRISK;
        }
        pace.step(look(sched, &mut watcher), all_idle);
        let now = nanotime();
        follower.look(sched, now);
        sweeps.look(sched, now);
        stalls.look(sched, now);
    }
}

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// Somebody waits, and a P stays with one goroutine.
    Stuck,
    /// It has woken an M, or waits for one.
    Work,
    /// It has taken a P: there may soon be another.
    Taken,
}

/// Sees to everything once.
fn look(sched: &Sched, watcher: &mut Watcher) -> Found {
    let shared = &sched.shared;
    let now = nanotime();
    let no_p_idles = shared.idle.npidle() == 0;
    let waits = someone_waits(shared) || no_p_idles && first_deadline(shared) <= now;
    let seen = watcher.look(sched, no_p_idles && waits, now);
    if !no_p_idles {
        see_to_deadlines(sched);
        if waits || is_unattended(sched) {
            wake_for_work(sched);
        }
    }
    if seen.took {
        Found::Taken
    } else if waits && !no_p_idles || seen.awaits_m {
        Found::Work
    } else if seen.stuck && waits {
        Found::Stuck
    } else {
        Found::Nothing
    }
}

/// Does a goroutine wait on a busy P, or for any P?
fn someone_waits(shared: &Shared) -> bool {
    shared.global_len() != 0
        || shared.allp.iter().any(|pp| pp.status() == PStatus::Running && !pp.runq.is_empty())
}

/// How a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paused {
    ToTheEnd,
    CutShort,
}

/// Pauses as the pace says, or less.
fn pause(shared: &Shared, pace: &Pace) -> Paused {
    if pace.pause_us == 0 {
        // A sleep takes three times as long, and others wait for the next look.
        let end = nanotime() + PAUSE_MIN_US * 1000;
        while nanotime() < end {
            rt_asm::cpu::pause();
        }
        return Paused::ToTheEnd;
    }
    if pace.pause_us < PAUSE_LONG_US {
        rt_os::sys::thread::usleep(pace.pause_us.max(PAUSE_MIN_US));
        return Paused::ToTheEnd;
    }
    shared.watch.pauses();
    let pause_us = pace.pause_us.min(longest_pause_us(shared)).max(PAUSE_MIN_US);
    if pause_us <= PAUSE_WATCHFUL_US {
        shared.watch.pauses_briefly();
    }
    let woken = shared.sysmon_note.sleep_timeout(pause_us * 1000);
    let claimed = shared.watch.resumes();
    if claimed && !woken {
        shared.sysmon_note.sleep(); // the wake-up is under way
    }
    if claimed {
        shared.sysmon_note.clear();
        return Paused::CutShort;
    }
    Paused::ToTheEnd
}

/// A lone goroutine beside an idle P waits for a look; so does a deadline when no P idles.
fn longest_pause_us(shared: &Shared) -> u64 {
    match shared.idle.npidle() {
        0 => match first_deadline(shared).saturating_sub(nanotime()) / 1000 {
            0 => PAUSE_WATCHFUL_US,
            until_us => until_us.min(PAUSE_MAX_US),
        },
        _ => PAUSE_WATCHFUL_US,
    }
}

/// Sleeps until a P runs; sees first that it is known since when goroutines wait.
fn sleep(sched: &Sched, sweeps: &mut Sweeps) {
    let shared = &sched.shared;
    if !shared.watch.sleeps(&shared.idle, || shared.gomaxprocs()) {
        return;
    }
    // Whoever has not seen it asleep has left its deadline to it.
    see_to_deadlines(sched);
    let note = &shared.sysmon_note;
    let mut woken = false;
    while !woken && !sweeps.before_sleep(sched, nanotime()) {
        woken = note.sleep_timeout(sweeps.next_ns().saturating_sub(nanotime()));
    }
    note.sleep();
    note.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_slows_down_and_sleeps_only_beside_idle_ps() {
        let mut pace = Pace::BRISK;
        (0..PATIENCE - 1).for_each(|_| pace.step(Found::Nothing, false));
        assert_eq!(pace.pause_us, PAUSE_MIN_US);
        (0..100).for_each(|_| pace.step(Found::Stuck, false));
        assert_eq!(pace.pause_us, PAUSE_WATCHFUL_US);
        (0..100).for_each(|_| pace.step(Found::Nothing, false));
        assert_eq!(pace.pause_us, PAUSE_MAX_US);
        assert!(!pace.is_tired());
        (0..IDLE_PAUSES).for_each(|_| pace.step(Found::Nothing, true));
        assert!(pace.is_tired());
        pace.step(Found::Nothing, false);
        assert!(!pace.is_tired());
        pace.step(Found::Work, false);
        assert_eq!(pace.pause_us, PAUSE_MIN_US);
    }
}
