//! Tasks that wait: for what never comes, and for the clock.

use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bench_common::Delays;
use crossbeam_channel::bounded;

use crate::{join_all, spawn};

pub(crate) fn park(tasks: usize) -> Duration {
    let begun = Arc::new(AtomicUsize::new(0));
    let (sender, never) = bounded::<()>(0);
    let start = Instant::now();
    for _ in 0..tasks {
        let (begun, never) = (Arc::clone(&begun), never.clone());
        spawn(move || {
            begun.fetch_add(1, Ordering::Relaxed);
            never.recv()
        });
    }
    while begun.load(Ordering::Relaxed) < tasks {
        sleep(Duration::from_millis(1));
    }
    let took = start.elapsed();
    sleep(Duration::from_millis(20));
    // Open for as long as the process lives.
    forget(sender);
    took
}

pub(crate) fn timers(tasks: usize, rounds: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|task| {
        spawn(move || {
            for delay in Delays::of(task).take(rounds) {
                sleep(delay);
            }
        })
    });
    join_all(handles.collect());
    start.elapsed()
}
