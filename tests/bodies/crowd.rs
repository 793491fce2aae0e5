//! Many at once that never wait: each in a process of its own.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rt_os::sys::thread::usleep;

use crate::os;
use crate::rt::chan::bounded;
use crate::rt::runtime::{self, metrics};
use crate::rt::thread::{self, JoinHandle};
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
/// The Ps, the main goroutine's included, are few.
const PROCS: u64 = 2;

/// Time, new goroutines and messages: what they take at most.
fn live_on(rounds: usize) -> Duration {
    let times = (0..rounds).map(|_| {
        let start = Instant::now();
        thread::sleep(MS);
        let (sender, receiver) = bounded(0);
        let echo = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(receiver.recv(), Ok(7));
        echo.join().unwrap();
        start.elapsed()
    });
    times.max().unwrap_or_default()
}

fn say_numbers(when: &str) {
    let now = metrics();
    let resident = os::resident_kib();
    os::say(&format!(
        "{when}: {} threads, {} idle, {} detached, {resident} KiB",
        now.threads, now.idle_threads, now.detached
    ));
}

/// Threads that are not needed any more end: one for each P may idle, and some have work of the
/// runtime's.
fn threads_end() {
    let start = Instant::now();
    while metrics().threads > 2 * PROCS + 2 {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", metrics());
        thread::sleep(50 * MS);
    }
    say_numbers("after");
}

/// A thousand compute at once; the others live on, and the number of Ps changes.
fn hogs() {
    runtime::set_procs(PROCS as _).unwrap();
    let shared = Arc::new((AtomicBool::new(false), AtomicU32::new(0)));
    let hogs: Vec<JoinHandle<()>> = (0..1000)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1.fetch_add(1, SeqCst);
                while !shared.0.load(SeqCst) {
                    spin_loop();
                }
            })
        })
        .collect();
    // Each that is left without a P is one thread more, and they come one by one.
    let start = Instant::now();
    while shared.1.load(SeqCst) < 1000 && start.elapsed() < Duration::from_secs(3) {
        thread::sleep(MS);
    }
    let took = start.elapsed().as_millis();
    say_numbers(&format!("{} compute after {took} ms", shared.1.load(SeqCst)));
    let round = live_on(20);
    os::say(&format!("a round took {} us at most", round.as_micros()));
    for procs in [3, 1, 4, 2, 8, PROCS] {
        let start = Instant::now();
        runtime::set_procs(procs as _).unwrap();
        let took = start.elapsed();
        // It waits for its CPU at most, not behind all that wait for a P.
        assert!(took < Duration::from_secs(1), "{took:?}");
        os::say(&format!("resize to {procs} took {} us", took.as_micros()));
    }
    shared.0.store(true, SeqCst);
    hogs.into_iter().for_each(|hog| hog.join().unwrap());
    threads_end();
}

/// A hundred are blocked in the kernel for 50 ms at a time, and say nothing.
fn naps() {
    runtime::set_procs(PROCS as _).unwrap();
    let start = Instant::now();
    let naps: Vec<_> = (0..100).map(|_| thread::spawn(|| (0..4).for_each(|_| nap()))).collect();
    let round = live_on(20);
    say_numbers("they nap");
    naps.into_iter().for_each(|nap| nap.join().unwrap());
    let took = start.elapsed();
    let text = format!("took {} ms, a round {} us at most", took.as_millis(), round.as_micros());
    os::say(&text);
    threads_end();
}

fn nap() {
    let start = Instant::now();
    usleep(50_000);
    assert!(start.elapsed() >= 50 * MS, "nothing interrupts it");
}

pub(crate) const ALL: &[(&str, fn())] = &[("hogs", hogs), ("naps", naps)];
