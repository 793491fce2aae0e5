//! The watcher: a thread without a P. Go: `sysmon`.
//!
//! For now it has one duty: a lone goroutine in a busy P's `next` slot, which woke nobody when it
//! was put there. If the P does not come to it while another idles, sysmon wakes an M. It is
//! started when there is first something to watch. When every P idles it goes to sleep, until a
//! goroutine stands in a `next` slot beside an idle P again ([`crate::watch`]).

use core::sync::atomic::Ordering;

use crate::m::M;
use crate::p::PStatus;
use crate::sched::Sched;
use crate::schedule::wake_for_work;
use crate::thread::start_system_thread;

/// The shortest and the longest pause between two looks, in µs. Go sleeps up to 10 ms; here a pause
/// is how long a goroutine may wait beside an idle P.
const PAUSE_MIN_US: u64 = 20;
const PAUSE_MAX_US: u64 = 1_000;
/// So many looks without a find before the pause doubles.
const PATIENCE: u32 = 20;

/// A goroutine stands alone in a `next` slot: makes sure that somebody watches it.
#[inline(always)]
pub(crate) fn watch_lone(sched: &Sched) {
    if sched.shared.watch.is_missed(&sched.shared.idle) {
        wake(sched);
    }
}

/// A P has gone idle: who puts a goroutine into a `next` slot just now may not have seen that.
pub(crate) fn watch_beside_idler(sched: &Sched) {
    if sched.shared.allp.iter().any(|pp| pp.runq.has_next()) {
        watch_lone(sched);
    }
}

#[cold]
fn wake(sched: &Sched) {
    let shared = &sched.shared;
    if !shared.main_started.load(Ordering::Relaxed) || !shared.watch.claim() {
        return;
    }
    if shared.sysmon_started.swap(true, Ordering::Relaxed) {
        shared.sysmon_note.wakeup();
    } else {
        start_system_thread(sched, run);
    }
}

fn run(mp: &M) {
    let sched = mp.sched();
    let shared = &sched.shared;
    let mut pause_us = PAUSE_MIN_US;
    let mut looks = 0;
    mp.be_punctual();
    loop {
        if nothing_to_watch(sched) {
            wait_for_work(sched);
            (pause_us, looks) = (PAUSE_MIN_US, 0);
        }
        rt_os::sys::thread::usleep(pause_us);
        if shared.idle.npidle() != 0 && someone_waits(sched) {
            wake_for_work(sched);
            (pause_us, looks) = (PAUSE_MIN_US, 0);
            continue;
        }
        looks += 1;
        if looks >= PATIENCE {
            pause_us = (pause_us * 2).min(PAUSE_MAX_US);
        }
    }
}

/// Every P idles: nobody can put anything anywhere.
fn nothing_to_watch(sched: &Sched) -> bool {
    sched.shared.idle.npidle() == sched.shared.gomaxprocs()
}

/// Sleeps until a goroutine is seen in a `next` slot beside an idle P.
fn wait_for_work(sched: &Sched) {
    let shared = &sched.shared;
    if shared.watch.sleeps(&shared.idle, shared.gomaxprocs()) {
        shared.sysmon_note.sleep();
        shared.sysmon_note.clear();
    }
}

/// Does a goroutine wait on a busy P?
fn someone_waits(sched: &Sched) -> bool {
    let shared = &sched.shared;
    shared.global_len() != 0
        || shared.allp.iter().any(|pp| pp.status() == PStatus::Running && !pp.runq.is_empty())
}
