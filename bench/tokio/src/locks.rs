//! tokio's mutex, whose waiters are tasks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::join_all;

pub(crate) async fn mutex(tasks: usize, turns: usize) -> Duration {
    let start = Instant::now();
    let number = Arc::new(Mutex::new(0));
    let handles = (0..tasks).map(|_| {
        let number = Arc::clone(&number);
        tokio::spawn(async move {
            for _ in 0..turns {
                *number.lock().await += 1;
            }
        })
    });
    join_all(handles.collect()).await;
    let took = start.elapsed();
    assert_eq!(*number.lock().await, tasks * turns);
    took
}
