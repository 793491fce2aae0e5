//! Tasks that wait: for what never comes, and for the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bench_common::Delays;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::join_all;

pub(crate) async fn park(tasks: usize) -> Duration {
    let begun = Arc::new(AtomicUsize::new(0));
    let never = Arc::new(Notify::new());
    let start = Instant::now();
    for _ in 0..tasks {
        let (begun, never) = (Arc::clone(&begun), Arc::clone(&never));
        tokio::spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            never.notified().await;
        });
    }
    while begun.load(Ordering::Relaxed) < tasks {
        sleep(Duration::from_millis(1)).await;
    }
    let took = start.elapsed();
    sleep(Duration::from_millis(20)).await;
    took
}

pub(crate) async fn timers(tasks: usize, rounds: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|task| {
        tokio::spawn(async move {
            for delay in Delays::of(task).take(rounds) {
                sleep(delay).await;
            }
        })
    });
    join_all(handles.collect()).await;
    start.elapsed()
}
