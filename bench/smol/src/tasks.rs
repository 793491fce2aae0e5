//! Tasks: yield, start, join.

use std::pin::Pin;
use std::time::{Duration, Instant};

use smol::channel::{Sender, bounded};
use smol::future::yield_now;

use crate::{join_all, spawn};

pub(crate) async fn yields(tasks: usize, turns: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|_| {
        spawn(async move {
            for _ in 0..turns {
                yield_now().await;
            }
        })
    });
    join_all(handles.collect()).await;
    start.elapsed()
}

pub(crate) async fn spawn_one(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        spawn(async {}).await;
    }
    start.elapsed()
}

pub(crate) async fn spawn_batch(rounds: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        join_all((0..batch).map(|_| spawn(async {})).collect()).await;
    }
    start.elapsed()
}

pub(crate) async fn skynet(leaves: u64) -> (Duration, u64) {
    let start = Instant::now();
    let (sender, receiver) = bounded(1);
    spawn(node(sender, 0, leaves)).detach();
    let sum = receiver.recv().await.expect("a sum");
    (start.elapsed(), sum)
}

/// The part of the tree whose leaves are `first` and the `leaves - 1` numbers after it.
fn node(parent: Sender<u64>, first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut sum = first;
        if leaves > 1 {
            let (sender, receiver) = bounded(1);
            let share = leaves / 10;
            for branch in 0..10 {
                spawn(node(sender.clone(), first + branch * share, share)).detach();
            }
            sum = 0;
            for _ in 0..10 {
                sum += receiver.recv().await.expect("a branch's sum");
            }
        }
        parent.send(sum).await.expect("the parent waits");
    })
}
