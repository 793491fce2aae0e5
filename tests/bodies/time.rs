//! Timers: ports, in our words, of Go's time/sleep_test.go. Each names the test it follows.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};

use crate::rt::thread;
use crate::rt::time::{Duration, Instant, after_func};

const MS: Duration = Duration::from_millis(1);
/// So many goroutines are a crowd; to a sanitizer, fewer, which cost it half a MiB each.
const CROWD: usize = if cfg!(rt_tsan) { 1000 } else { 20_000 };
/// Longer than any test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
fn wait_until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(MS / 4);
    }
}

/// TestAfterFunc: a chain of calls, each of which asks for the next, is as long as it should be.
fn after_func_chains() {
    fn next(left: Arc<AtomicUsize>) {
        if left.fetch_sub(1, SeqCst) > 1 {
            after_func(Duration::ZERO, move || next(Arc::clone(&left)));
        }
    }
    let left = Arc::new(AtomicUsize::new(10));
    let theirs = Arc::clone(&left);
    after_func(Duration::ZERO, move || next(Arc::clone(&theirs)));
    wait_until("the chain ends", || left.load(SeqCst) == 0);
    thread::sleep(2 * MS);
    assert_eq!(left.load(SeqCst), 0, "nothing is called twice");
}

/// TestAfterStop: a stopped call never happens; stop says whether it was running.
fn after_stop() {
    let called = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&called);
    let first = after_func(400 * MS, || {});
    let second = after_func(400 * MS, move || theirs.store(true, SeqCst));
    assert!(second.stop() && !second.stop());
    assert!(first.stop() && !first.stop());
    thread::sleep(450 * MS);
    assert!(!called.load(SeqCst));
}

/// TestReset: a running one goes by the new time only; one that fired starts anew.
fn reset() {
    let count = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&count);
    let start = Instant::now();
    let timer = after_func(200 * MS, move || {
        theirs.fetch_add(1, SeqCst);
    });
    assert!(timer.reset(300 * MS), "it was running");
    wait_until("it fires", || count.load(SeqCst) == 1);
    assert!(start.elapsed() >= 300 * MS, "not by the old time");
    assert!(!timer.reset(5 * MS), "it had fired");
    wait_until("it fires again", || count.load(SeqCst) == 2);
    assert!(!timer.stop());
}

/// TestStopResult, TestResetResult: if stop or reset said that the call was still to come, that
/// call never happens; if not, it does.
fn stop_and_reset_tell_the_truth() {
    let pairs: Vec<_> = (0..200u64)
        .map(|i| {
            thread::spawn(move || {
                for round in 0..20 {
                    let count = Arc::new(AtomicU32::new(0));
                    let theirs = Arc::clone(&count);
                    let timer = after_func(MS, move || {
                        theirs.fetch_add(1, SeqCst);
                    });
                    thread::sleep(MS * u32::from((i + round) % 3 != 0));
                    let stopped = if i % 2 == 0 {
                        timer.stop()
                    } else {
                        let was = timer.reset(PATIENCE);
                        assert!(timer.stop());
                        was
                    };
                    let wanted = u32::from(!stopped);
                    wait_until("a call that was not stopped", || count.load(SeqCst) >= wanted);
                    assert_eq!(count.load(SeqCst), wanted);
                }
            })
        })
        .collect();
    for pair in pairs {
        pair.join().unwrap();
    }
}

/// TestTimerStopStress: stopped timers do not fire while many others come and go.
fn stop_stress() {
    let handles: Vec<_> = (0..100)
        .map(|_| {
            thread::spawn(|| {
                let timer = after_func(2000 * MS, || panic!("a stopped timer fired"));
                thread::sleep(MS);
                assert!(timer.stop());
            })
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
    thread::sleep(5 * MS);
}

/// TestOverflowSleep: times beyond the clock's end neither fire at once nor disturb others.
fn overflow_sleep() {
    let far: Vec<_> =
        [Duration::MAX, Duration::from_nanos(u64::MAX), Duration::from_nanos(1 << 63)]
            .into_iter()
            .map(|delay| after_func(delay, || panic!("for ever is over")))
            .collect();
    let start = Instant::now();
    thread::sleep(25 * MS);
    assert!(start.elapsed() >= 25 * MS);
    for timer in far {
        assert!(timer.stop());
    }
}

/// TestZeroTimer: timers that are due at once are not forgotten.
fn zero_timers() {
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..CROWD {
        let theirs = Arc::clone(&done);
        after_func(Duration::ZERO, move || {
            theirs.fetch_add(1, SeqCst);
        });
    }
    wait_until("all fire", || done.load(SeqCst) == CROWD);
}

/// TestTimerModifiedEarlier: one that is always pulled nearer fires.
fn modified_earlier() {
    for _ in 0..100 {
        let fired = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&fired);
        let timer = after_func(PATIENCE, move || theirs.store(true, SeqCst));
        for left in (1..=10).rev() {
            timer.reset(PATIENCE / 2 * left);
        }
        timer.reset(MS / 2);
        wait_until("the nearest time counts", || fired.load(SeqCst));
    }
}

/// TestAdjustTimers: moved to and fro at random, each fires in the end.
fn adjust_timers() {
    let handles: Vec<_> = (0..50u32)
        .map(|i| {
            thread::spawn(move || {
                let fired = Arc::new(AtomicU32::new(0));
                let theirs = Arc::clone(&fired);
                let timer = after_func(PATIENCE, move || {
                    theirs.fetch_add(1, SeqCst);
                });
                let mut random = i.wrapping_mul(2_654_435_761) | 1;
                for _ in 0..20 {
                    random ^= random << 13;
                    random ^= random >> 17;
                    random ^= random << 5;
                    timer.reset(MS * (random % 5000) + PATIENCE);
                    thread::sleep(MS / 10 * (random % 4));
                }
                assert_eq!(fired.load(SeqCst), 0);
                assert!(timer.reset(MS * (random % 5)));
                wait_until("it fires", || fired.load(SeqCst) == 1);
            })
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
}

/// TestLongAdjustTimers: many stopped timers do not hold up short sleeps.
fn many_stale_timers() {
    let far: Vec<_> = (0..10_000).map(|_| after_func(PATIENCE * 100, || {})).collect();
    for timer in &far {
        assert!(timer.stop());
    }
    let sleepers: Vec<_> = (0..CROWD / 10).map(|_| thread::spawn(|| thread::sleep(MS))).collect();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
}

/// TestAfterFuncStarvation: two goroutines that ready each other do not keep a call from its turn.
fn after_func_is_not_starved() {
    let stop = Arc::new(AtomicBool::new(false));
    let spinners: Vec<_> = (0..2)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    thread::yield_now();
                }
            })
        })
        .collect();
    let theirs = Arc::clone(&stop);
    after_func(MS, move || theirs.store(true, SeqCst));
    for spinner in spinners {
        spinner.join().unwrap();
    }
}

/// TestConcurrentTimerReset, TestConcurrentTimerResetStop: one timer in many hands.
fn concurrent_reset_and_stop() {
    let fired = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&fired);
    let timer = Arc::new(after_func(PATIENCE, move || {
        theirs.fetch_add(1, SeqCst);
    }));
    let hands: Vec<_> = (0..8u32)
        .map(|hand| {
            let timer = Arc::clone(&timer);
            thread::spawn(move || {
                for round in 0..500 {
                    if (hand + round) % 3 == 0 {
                        timer.stop();
                    } else {
                        timer.reset(PATIENCE);
                    }
                    if round % 16 == 0 {
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    for hand in hands {
        hand.join().unwrap();
    }
    timer.reset(Duration::ZERO);
    wait_until("it can still fire", || fired.load(SeqCst) == 1);
}

/// TestSleepZeroDeadlock: sleeping for no time leaves nobody behind.
fn zero_sleeps() {
    let sleepers: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..2000 {
                    thread::sleep(Duration::ZERO);
                }
            })
        })
        .collect();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("after_func_chains", after_func_chains),
    ("after_stop", after_stop),
    ("reset", reset),
    ("stop_and_reset_tell_the_truth", stop_and_reset_tell_the_truth),
    ("stop_stress", stop_stress),
    ("overflow_sleep", overflow_sleep),
    ("zero_timers", zero_timers),
    ("modified_earlier", modified_earlier),
    ("adjust_timers", adjust_timers),
    ("many_stale_timers", many_stale_timers),
    ("after_func_is_not_starved", after_func_is_not_starved),
    ("concurrent_reset_and_stop", concurrent_reset_and_stop),
    ("zero_sleeps", zero_sleeps),
];
