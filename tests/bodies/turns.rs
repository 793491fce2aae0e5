//! Everybody gets a turn: goroutines that need each other to run at once, that yield, that are tied
//! to their threads.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rt_os::sys::thread::gettid;

use crate::rt::chan::bounded;
use crate::rt::runtime;
use crate::rt::sync::Barrier;
use crate::rt::thread;
use crate::rt::time::Duration;

const MS: Duration = Duration::from_millis(1);
const P: u32 = 4;

/// So many count together, each waiting for its turn without ever yielding: all must run at once.
fn count_in_turn(procs: u32, steps: u32) {
    let turn = Arc::new(AtomicU32::new(0));
    let counters: Vec<_> = (0..procs)
        .map(|p| {
            let turn = Arc::clone(&turn);
            thread::spawn(move || {
                for step in 0..steps {
                    while turn.load(SeqCst) != procs * step + p {
                        spin_loop();
                    }
                    turn.store(procs * step + p + 1, SeqCst);
                }
            })
        })
        .collect();
    counters.into_iter().for_each(|counter| counter.join().unwrap());
    assert_eq!(turn.load(SeqCst), procs * steps);
}

/// TestGoroutineParallelism.
fn all_run_at_once() {
    let before = runtime::set_procs(P as _).unwrap();
    for _ in 0..5 {
        count_in_turn(P, 3);
    }
    runtime::set_procs(before).unwrap();
}

/// TestGoroutineParallelism2, with load: the threads have just been at work, and are about to
/// sleep, when the counters start.
fn all_run_at_once_after_a_load() {
    let before = runtime::set_procs(P as _).unwrap();
    for _ in 0..5 {
        let here = Arc::new(Barrier::new(P as usize + 1));
        let load: Vec<_> = (0..P)
            .map(|_| {
                let here = Arc::clone(&here);
                thread::spawn(move || here.wait().is_leader())
            })
            .collect();
        here.wait();
        count_in_turn(P, 3);
        let leaders = load.into_iter().filter_map(|one| one.join().ok()).filter(|leads| *leads);
        assert!(leaders.count() <= 1);
    }
    runtime::set_procs(before).unwrap();
}

/// A goroutine that only yields does not keep one that slept from its turn.
fn yield_progress(is_tied: bool) {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let yielder = thread::spawn(move || {
        if is_tied {
            runtime::lock_os_thread();
        }
        while !theirs.load(SeqCst) {
            thread::yield_now();
        }
    });
    thread::sleep(10 * MS);
    stop.store(true, SeqCst);
    yielder.join().unwrap();
}

/// TestYieldProgress.
fn who_yields_lets_others_run() {
    yield_progress(false);
}

/// TestYieldLockedProgress.
fn who_yields_tied_lets_others_run() {
    yield_progress(true);
}

/// TestYieldLocked: a goroutine yields and sleeps while tied to its thread; it stays there. It ends
/// tied: its thread ends with it.
fn who_is_tied_stays() {
    let tied = thread::spawn(|| {
        runtime::lock_os_thread();
        let tid = gettid();
        for _ in 0..10 {
            thread::yield_now();
            assert_eq!(gettid(), tid);
            thread::sleep(MS);
            assert_eq!(gettid(), tid);
        }
    });
    tied.join().unwrap();
}

/// TestBlockLocked: a tied goroutine fills a channel that a free one empties.
fn a_tied_one_and_a_free_one_take_turns() {
    const TURNS: u32 = 200;
    let (sender, receiver) = bounded(0);
    let tied = thread::spawn(move || {
        runtime::lock_os_thread();
        let tid = gettid();
        for turn in 0..TURNS {
            sender.send(turn).unwrap();
            assert_eq!(gettid(), tid);
        }
        runtime::unlock_os_thread();
    });
    assert!(receiver.iter().eq(0..TURNS));
    tied.join().unwrap();
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("all run at once", all_run_at_once),
    ("all run at once after a load", all_run_at_once_after_a_load),
    ("who yields lets others run", who_yields_lets_others_run),
    ("who yields tied lets others run", who_yields_tied_lets_others_run),
    ("who is tied stays", who_is_tied_stays),
    ("a tied one and a free one take turns", a_tied_one_and_a_free_one_take_turns),
];
