//! Goroutines that stay on their threads for long, and some that do not.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::vec;
use core::hint::{black_box, spin_loop};
use core::sync::atomic::AtomicU32;

use rt_os::sys::clock::thread_cpu_ns;
use rt_os::sys::futex;
use rt_os::sys::thread::gettid;

use crate::rt::chan::bounded;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

/// Much longer than the tests allow: of CPU time where something computes, whoever else does.
const LONG: Duration = Duration::from_millis(500);
/// Longer than is allowed, in all.
const ROUNDS: u32 = 100;
const SHORT: Duration = Duration::from_millis(2);

/// The CPU time of the thread.
fn worked() -> Duration {
    Duration::from_nanos(thread_cpu_ns(gettid()).unwrap_or(u64::MAX))
}

#[inline(never)]
fn computes(duration: Duration) {
    let end = worked() + duration;
    while worked() < end {
        for _ in 0..10_000 {
            spin_loop();
        }
    }
    black_box(());
}

/// Its thread is somewhere in the heap, or in the kernel for it.
#[inline(never)]
fn allocates() {
    let end = worked() + LONG;
    while worked() < end {
        for size in 0..100 {
            black_box(vec![1u8; 1 << (size % 20)]);
        }
    }
}

/// Its thread is blocked by a system call that the runtime knows nothing of.
#[inline(never)]
fn is_blocked() {
    let word = AtomicU32::new(0);
    let ns = LONG.as_nanos() as u64 * 2;
    futex::wait(&word, 0, Some(ns));
    black_box(&word);
}

/// Does what goroutines do, for longer than any may stay.
fn comes_and_goes() {
    let (ping, pinged) = bounded::<()>(0);
    let ponger = thread::spawn(move || while pinged.recv().is_ok() {});
    for round in 0..ROUNDS {
        computes(SHORT);
        match round % 3 {
            0 => thread::yield_now(),
            1 => thread::sleep(SHORT),
            _ => ping.send(()).unwrap_or_default(),
        }
    }
    drop(ping);
    let _ended = ponger.join();
}

/// Only yields, alone.
fn yields() {
    let start = Instant::now();
    while start.elapsed() < LONG {
        thread::yield_now();
    }
}

fn says_that_it_blocks() {
    crate::rt::blocking(|| rt_os::sys::thread::usleep(LONG.as_micros() as u64));
}

/// Does what it is told to, in a goroutine.
pub(crate) fn run(what: &str) {
    let work: fn() = match what {
        "computes" => || computes(LONG),
        "twice" => || {
            computes(LONG);
            thread::sleep(SHORT);
            computes(LONG);
        },
        "allocates" => allocates,
        "blocked" => is_blocked,
        "comes-and-goes" => comes_and_goes,
        "yields" => yields,
        "says-so" => says_that_it_blocks,
        other => panic!("what is {other}?"),
    };
    let beside = thread::spawn(|| thread::sleep(LONG * 2));
    let _ended = thread::spawn(work).join();
    let _ended = beside.join();
}
