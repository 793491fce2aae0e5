//! Goroutines that wait for this and that, and a dump of them, many times. Go: `TestNumGoroutine`.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::string::String;
use alloc::sync::Arc;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::rt::chan::bounded;
use crate::rt::go;
use crate::rt::runtime::{dump, num_goroutines};
use crate::rt::thread;
use crate::rt::time::Duration;

#[inline(never)]
fn starts_one_that_sleeps() {
    go(|| thread::sleep(Duration::from_secs(3600)));
}

/// How many goroutines there are, and the last of many dumps.
pub(crate) fn run() -> (u64, String) {
    let (sender, never) = bounded::<()>(0);
    let receiver = never.clone();
    go(move || assert!(receiver.recv().is_err()));
    let stop = Arc::new(AtomicBool::new(false));
    for yields in [false, true, true] {
        let stop = Arc::clone(&stop);
        go(move || {
            while !stop.load(Relaxed) {
                match yields {
                    true => thread::yield_now(),
                    false => spin_loop(),
                }
            }
        });
    }
    starts_one_that_sleeps();
    thread::sleep(Duration::from_millis(50));
    let mut text = String::new();
    for _ in 0..50 {
        text = dump();
        thread::yield_now();
    }
    let count = num_goroutines();
    stop.store(true, Relaxed);
    drop((sender, never));
    (count as u64, text)
}
