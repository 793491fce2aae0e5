//! The world stops, again and again, while goroutines come and go.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rt_os::sys::thread::gettid;

use crate::rt::go;
use crate::rt::runtime;
use crate::rt::thread;

/// What goroutines that start one another have in common.
#[derive(Default)]
struct Chain {
    stop: AtomicBool,
    started: AtomicU32,
    ended: AtomicU32,
}

fn start_next(chain: &Arc<Chain>) {
    chain.started.fetch_add(1, SeqCst);
    let theirs = Arc::clone(chain);
    go(move || {
        if !theirs.stop.load(SeqCst) {
            start_next(&theirs);
        }
        theirs.ended.fetch_add(1, SeqCst);
    });
}

/// TestStopTheWorldDeadlock: two stop the world a thousand times, while others end and start again.
fn a_thousand_times() {
    let chain = Arc::new(Chain::default());
    let before = runtime::set_procs(3).unwrap();
    start_next(&chain);
    start_next(&chain);
    let resizers = [0, 2].map(|from| {
        thread::spawn(move || {
            for i in 0..500 {
                let old = runtime::set_procs(1 + (from + i) % 4).unwrap();
                assert!((1..=4).contains(&old), "{old} Ps before");
            }
        })
    });
    resizers.into_iter().for_each(|one| one.join().unwrap());
    runtime::set_procs(before).unwrap();
    assert_eq!(runtime::procs(), before);
    chain.stop.store(true, SeqCst);
    while chain.ended.load(SeqCst) != chain.started.load(SeqCst) {
        thread::yield_now();
    }
}

/// TestMexitSTW: threads end while the world stops; no P waits for one that is gone.
fn beside_threads_that_end() {
    let before = runtime::set_procs(4).unwrap();
    for _ in 0..25 {
        let ended = Arc::new(AtomicU32::new(0));
        for _ in 0..4 {
            let ended = Arc::clone(&ended);
            go(move || {
                runtime::lock_os_thread();
                ended.fetch_add(1, SeqCst); // and its thread ends
            });
        }
        while ended.load(SeqCst) != 4 {
            assert!(!runtime::dump().is_empty()); // the world stops for it
        }
        let others: Vec<_> = (0..8).map(|n| thread::spawn(move || n)).collect();
        let sum: u32 = others.into_iter().map(|other| other.join().unwrap()).sum();
        assert_eq!(sum, 28);
    }
    runtime::set_procs(before).unwrap();
}

/// TestTraceSTW: when the world goes on, so do goroutines on their threads, most of them. One for
/// each P but ours: what is in no queue has no reason to move.
fn who_ran_goes_on_where_it_was() {
    const TRIES: u32 = 50;
    let before = runtime::set_procs(2).unwrap();
    let (stop, at) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let runner = thread::spawn({
        let (stop, at) = (Arc::clone(&stop), Arc::clone(&at));
        move || {
            while !stop.load(SeqCst) {
                at.store(gettid(), SeqCst);
                thread::yield_now();
            }
        }
    });
    let seen = || {
        at.store(0, SeqCst);
        while at.load(SeqCst) == 0 {
            core::hint::spin_loop();
        }
        at.load(SeqCst)
    };
    let mut moved = 0;
    for _ in 0..TRIES {
        let tid = seen();
        assert!(!runtime::dump().is_empty()); // the world stops for it
        moved += u32::from(seen() != tid);
    }
    stop.store(true, SeqCst);
    runner.join().unwrap();
    runtime::set_procs(before).unwrap();
    assert!(moved <= TRIES / 2, "moved {moved} times in {TRIES}");
}

/// Who waits to stop the world has its turn before those that have had theirs.
fn one_after_the_other() {
    const ENOUGH: u32 = 20;
    let before = runtime::set_procs(2).unwrap();
    let turns: Arc<[AtomicU32]> = (0..4).map(|_| AtomicU32::new(0)).collect();
    let resizers: Vec<_> = (0..turns.len())
        .map(|number| {
            let turns = Arc::clone(&turns);
            thread::spawn(move || {
                let had = |turns: &AtomicU32| turns.load(SeqCst);
                while turns.iter().any(|turns| had(turns) < ENOUGH) {
                    let own = turns[number].fetch_add(1, SeqCst);
                    let all: Vec<_> = turns.iter().map(had).collect();
                    assert!(own < 20_000, "{all:?}");
                    // A number of its own, else there may be nothing to do.
                    let procs = 2 + 2 * number + own as usize % 2;
                    runtime::set_procs(procs as _).unwrap(); // usize, or u32 in bare programs
                }
            })
        })
        .collect();
    resizers.into_iter().for_each(|one| one.join().unwrap());
    runtime::set_procs(before).unwrap();
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("one after the other", one_after_the_other),
    ("a thousand times", a_thousand_times),
    ("beside threads that end", beside_threads_that_end),
    ("who ran goes on where it was", who_ran_goes_on_where_it_was),
];
