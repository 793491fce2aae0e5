//! For debuggers: goroutines that wait, each in a function of its own name, beside one that runs.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use core::hint::black_box;

use crate::rt::chan::{Receiver, bounded};
use crate::rt::runtime::metrics;
use crate::rt::thread;
use crate::rt::time::Duration;

/// Longer than a debugger looks.
const LONG: Duration = Duration::from_secs(60);

/// Where the debugger stops.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn stop_here(count: u32) -> u32 {
    black_box(count)
}

#[inline(never)]
fn receives(from: &Receiver<u32>) -> u32 {
    black_box(from.recv().unwrap_or_default()) + 1 // not a jump
}

#[inline(never)]
fn receives_deeper(from: &Receiver<u32>) -> u32 {
    black_box(receives(from)) + 1
}

#[inline(never)]
fn sleeps() -> u32 {
    thread::sleep(LONG);
    black_box(1)
}

#[inline(never)]
fn joins(other: thread::JoinHandle<u32>) -> u32 {
    black_box(other.join().unwrap_or_default())
}

/// Stops in `stop_here` while goroutines wait: three, one that sleeps and one that waits for that.
#[inline(never)]
pub(crate) fn wait_beside_others() -> u32 {
    let before = metrics().waiting;
    let (to, from) = bounded::<u32>(0);
    let receivers: [_; 3] = core::array::from_fn(|_| {
        let from = from.clone();
        thread::spawn(move || receives_deeper(&from))
    });
    let sleeper = thread::spawn(sleeps);
    let joiner = thread::spawn(move || joins(sleeper));
    while metrics().waiting < before + 5 {
        thread::sleep(Duration::from_millis(1)); // until they are where they wait
    }
    let stopped = black_box(stop_here(1));
    for _ in &receivers {
        let _received = to.send(stopped);
    }
    let sum: u32 = receivers.into_iter().map(|one| one.join().unwrap_or_default()).sum();
    drop(joiner);
    sum
}
