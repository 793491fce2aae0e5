//! Tasks that wait: for what never comes, and for the clock.

use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bench_common::Delays;
use smol::Timer;
use smol::channel::bounded;

use crate::{join_all, spawn};

pub(crate) async fn park(tasks: usize) -> Duration {
    let begun = Arc::new(AtomicUsize::new(0));
    let (sender, never) = bounded::<()>(1);
    let start = Instant::now();
    for _ in 0..tasks {
        let (begun, never) = (Arc::clone(&begun), never.clone());
        let task = spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            never.recv().await
        });
        task.detach();
    }
    while begun.load(Ordering::Relaxed) < tasks {
        Timer::after(Duration::from_millis(1)).await;
    }
    let took = start.elapsed();
    Timer::after(Duration::from_millis(20)).await;
    // Open for as long as the process lives.
    forget(sender);
    took
}

pub(crate) async fn timers(tasks: usize, rounds: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|task| {
        spawn(async move {
            for delay in Delays::of(task).take(rounds) {
                Timer::after(delay).await;
            }
        })
    });
    join_all(handles.collect()).await;
    start.elapsed()
}
