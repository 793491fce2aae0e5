//! Tasks: yield, start, join.

use std::thread::yield_now;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use crate::{join_all, spawn};

pub(crate) fn yields(tasks: usize, turns: usize) -> Duration {
    let start = Instant::now();
    let handles = (0..tasks).map(|_| {
        spawn(move || {
            for _ in 0..turns {
                yield_now();
            }
        })
    });
    join_all(handles.collect());
    start.elapsed()
}

pub(crate) fn spawn_one(count: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        spawn(|| ()).join().expect("no panic");
    }
    start.elapsed()
}

pub(crate) fn spawn_batch(rounds: usize, batch: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        join_all((0..batch).map(|_| spawn(|| ())).collect());
    }
    start.elapsed()
}

pub(crate) fn skynet(leaves: u64) -> (Duration, u64) {
    let start = Instant::now();
    let (sender, receiver) = bounded(0);
    spawn(move || node(&sender, 0, leaves));
    let sum = receiver.recv().expect("a sum");
    (start.elapsed(), sum)
}

/// The part of the tree whose leaves are `first` and the `leaves - 1` numbers after it.
fn node(parent: &Sender<u64>, first: u64, leaves: u64) {
    let mut sum = first;
    if leaves > 1 {
        let (sender, receiver) = bounded(0);
        let share = leaves / 10;
        for branch in 0..10 {
            let sender = sender.clone();
            spawn(move || node(&sender, first + branch * share, share));
        }
        sum = receiver.iter().take(10).sum();
    }
    parent.send(sum).expect("the parent waits");
}
