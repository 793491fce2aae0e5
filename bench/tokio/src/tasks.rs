//! Tasks: yield, start, join.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Sender, channel};

use crate::join_all;

pub(crate) async fn yields(tasks: usize, turns: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|_| {
        tokio::spawn(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        })
    });
    join_all(handles.collect()).await;
    start.elapsed()
}

pub(crate) async fn spawn_one(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        tokio::spawn(async {}).await.expect("no panic");
    }
    start.elapsed()
}

pub(crate) async fn spawn_batch(rounds: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        join_all((0..batch).map(|_| tokio::spawn(async {})).collect()).await;
    }
    start.elapsed()
}

pub(crate) async fn skynet(leaves: u64) -> (Duration, u64) {
    let start = Instant::now();
    let (sender, mut receiver) = channel(1);
    tokio::spawn(node(sender, 0, leaves));
    let sum = receiver.recv().await.expect("a sum");
    (start.elapsed(), sum)
}

/// The part of the tree whose leaves are `first` and the `leaves - 1` numbers after it.
fn node(parent: Sender<u64>, first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut sum = first;
        if leaves > 1 {
            let (sender, mut receiver) = channel(1);
            let share = leaves / 10;
            for branch in 0..10 {
                tokio::spawn(node(sender.clone(), first + branch * share, share));
            }
            sum = 0;
            for _ in 0..10 {
                sum += receiver.recv().await.expect("a branch's sum");
            }
        }
        parent.send(sum).await.expect("the parent waits");
    })
}
