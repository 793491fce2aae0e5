//! `sleeps TEST`: time. Ports of Go's tests of package time.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use rt_main::{println, runtime, thread};

rt_main::entry!(main);

fn join<T>(handle: thread::JoinHandle<T>) -> T {
    let Ok(value) = handle.join();
    value
}

/// How long `f` takes.
fn timed(f: impl FnOnce()) -> Duration {
    let start = runtime::nanotime();
    f();
    Duration::from_nanos(runtime::nanotime() - start)
}

/// A sleep takes its time, never less, whoever is awake. Go: `TestSleep`.
fn sleep() {
    for ms in [1, 20, 100] {
        let wanted = Duration::from_millis(ms);
        let took = timed(|| thread::sleep(wanted));
        assert!(took >= wanted, "{took:?} instead of {wanted:?}");
    }
    // With one that yields beside it.
    static STOP: AtomicU32 = AtomicU32::new(0);
    let busy = thread::spawn(|| {
        while STOP.load(SeqCst) == 0 {
            thread::yield_now();
        }
    });
    let took = timed(|| thread::sleep(Duration::from_millis(20)));
    assert!(took >= Duration::from_millis(20), "{took:?}");
    STOP.store(1, SeqCst);
    join(busy);
}

/// No time at all, over and over, on one P, beside sleepers: nobody hangs. Go: `TestZeroTimer`, the
/// zero cases of `TestSleep`.
fn zero() {
    let task = |_| {
        thread::spawn(|| {
            for _ in 0..2000 {
                thread::sleep(Duration::ZERO);
                thread::sleep(Duration::from_nanos(1));
            }
        })
    };
    let tasks: [_; 4] = core::array::from_fn(task);
    tasks.into_iter().for_each(join);
}

/// Sleepers wake in the order of their deadlines, however they came. Go: `TestAfterQueueing`.
fn order() {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const STEP_MS: u64 = 30;
    const DELAYS: [u32; 7] = [5, 3, 6, 6, 1, 2, 4];
    let start = runtime::nanotime();
    let places = DELAYS.map(|delay| {
        thread::spawn(move || {
            let until = Duration::from_millis(STEP_MS * u64::from(delay));
            thread::sleep(until);
            let late = Duration::from_nanos(runtime::nanotime() - start).saturating_sub(until);
            (delay, NEXT.fetch_add(1, SeqCst), late)
        })
    });
    let places = places.map(join);
    let slow = places.iter().any(|(_, _, late)| late.as_millis() >= u128::from(STEP_MS) / 2);
    println!("places {places:?}");
    if slow {
        println!("slow: the machine was busy, the order says nothing");
        return;
    }
    for (delay, place, _) in places {
        for (other, later, _) in places {
            assert!(delay >= other || place < later, "{delay} woke after {other}");
        }
    }
}

/// Many sleep at once, and all come back. Go: `BenchmarkManySleeps`' shape.
fn many() {
    static BACK: AtomicU32 = AtomicU32::new(0);
    for i in 0..10_000u64 {
        thread::go(move || {
            thread::sleep(Duration::from_micros(i * 7919 % 20_000));
            BACK.fetch_add(1, SeqCst);
        });
    }
    while BACK.load(SeqCst) < 10_000 {
        thread::sleep(Duration::from_millis(1));
    }
}

fn main() -> i32 {
    select::run(&[("sleep", sleep), ("zero", zero), ("order", order), ("many", many)])
}
