//! Channels and select. tokio has no rendezvous: its smallest capacity is 1.

use std::mem::replace;
use std::time::{Duration, Instant};

use bench_common::Buffered;
use tokio::sync::mpsc::{Receiver, channel};

use crate::join_all;

pub(crate) async fn pingpong(rounds: usize) -> Duration {
    let start = Instant::now();
    let (ping, mut pings) = channel(1);
    let (pong, mut pongs) = channel(1);
    let echo = tokio::spawn(async move {
        while let Some(ball) = pings.recv().await {
            pong.send(ball).await.expect("the player waits");
        }
    });
    let player = tokio::spawn(async move {
        for round in 0..rounds {
            ping.send(round).await.expect("the echo waits");
            assert_eq!(pongs.recv().await, Some(round));
        }
    });
    join_all(vec![echo, player]).await;
    start.elapsed()
}

pub(crate) async fn one_consumer(shape: Buffered) -> Duration {
    let start = Instant::now();
    let (sender, mut receiver) = channel(shape.capacity.max(1));
    let share = shape.messages / shape.producers;
    for _ in 0..shape.producers {
        let sender = sender.clone();
        tokio::spawn(async move {
            for number in 0..share {
                sender.send(number).await.expect("the consumer lives");
            }
        });
    }
    drop(sender);
    let consumer = tokio::spawn(async move {
        let mut count = 0;
        while receiver.recv().await.is_some() {
            count += 1;
        }
        count
    });
    assert_eq!(consumer.await.expect("no panic"), shape.messages);
    start.elapsed()
}

/// Through async-channel, the usual choice where several tasks receive.
pub(crate) async fn many_consumers(shape: Buffered) -> Duration {
    let start = Instant::now();
    let (sender, receiver) = async_channel::bounded(shape.capacity.max(1));
    let share = shape.messages / shape.producers;
    for _ in 0..shape.producers {
        let sender = sender.clone();
        tokio::spawn(async move {
            for number in 0..share {
                sender.send(number).await.expect("a consumer lives");
            }
        });
    }
    drop(sender);
    let consumer = async |receiver: async_channel::Receiver<usize>| {
        let mut count = 0;
        while receiver.recv().await.is_ok() {
            count += 1;
        }
        count
    };
    let consumers = (0..shape.consumers).map(|_| tokio::spawn(consumer(receiver.clone())));
    let counts: Vec<usize> = join_all(consumers.collect()).await;
    assert_eq!(counts.iter().sum::<usize>(), shape.messages);
    start.elapsed()
}

pub(crate) async fn select(messages: usize, capacity: usize) -> Duration {
    let start = Instant::now();
    let source = || {
        let (sender, receiver) = channel(capacity.max(1));
        tokio::spawn(async move {
            for number in 0..messages / 4 {
                sender.send(number).await.expect("the receiver lives");
            }
        });
        receiver
    };
    let sources = [source(), source(), source(), source()];
    let count = tokio::spawn(drain(sources)).await.expect("no panic");
    assert_eq!(count, messages);
    start.elapsed()
}

/// Receives until all four are closed.
async fn drain(sources: [Receiver<usize>; 4]) -> usize {
    let [mut north, mut east, mut south, mut west] = sources;
    let mut count = 0;
    loop {
        tokio::select! {
            Some(_) = north.recv() => count += 1,
            Some(_) = east.recv() => count += 1,
            Some(_) = south.recv() => count += 1,
            Some(_) = west.recv() => count += 1,
            else => return count,
        }
    }
}

pub(crate) async fn sieve(count: usize, capacity: usize) -> (Duration, u64) {
    let capacity = capacity.max(1);
    let start = Instant::now();
    let (sender, mut numbers) = channel(capacity);
    tokio::spawn(async move {
        let mut number = 2;
        while sender.send(number).await.is_ok() {
            number += 1;
        }
    });
    let mut prime = 0;
    for _ in 0..count {
        prime = numbers.recv().await.expect("there are more primes");
        let (sender, rest) = channel(capacity);
        let mut unfiltered = replace(&mut numbers, rest);
        tokio::spawn(async move {
            while let Some(number) = unfiltered.recv().await {
                if number % prime != 0 && sender.send(number).await.is_err() {
                    return;
                }
            }
        });
    }
    (start.elapsed(), prime)
}
