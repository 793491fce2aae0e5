//! Channels and select. async-channel has no rendezvous: its smallest capacity is 1.

use std::mem::replace;
use std::time::{Duration, Instant};

use bench_common::Buffered;
use futures_lite::future::race;
use smol::channel::{Receiver, RecvError, bounded};

use crate::{join_all, spawn};

pub(crate) async fn pingpong(rounds: usize) -> Duration {
    let start = Instant::now();
    let (ping, pings) = bounded(1);
    let (pong, pongs) = bounded(1);
    let echo = spawn(async move {
        while let Ok(ball) = pings.recv().await {
            pong.send(ball).await.expect("the player waits");
        }
    });
    let player = spawn(async move {
        for round in 0..rounds {
            ping.send(round).await.expect("the echo waits");
            assert_eq!(pongs.recv().await, Ok(round));
        }
    });
    join_all(vec![echo, player]).await;
    start.elapsed()
}

pub(crate) async fn chanbuf(shape: Buffered) -> Duration {
    let start = Instant::now();
    let (sender, receiver) = bounded(shape.capacity.max(1));
    let share = shape.messages / shape.producers;
    for _ in 0..shape.producers {
        let sender = sender.clone();
        let producer = spawn(async move {
            for number in 0..share {
                sender.send(number).await.expect("a consumer lives");
            }
        });
        producer.detach();
    }
    drop(sender);
    let consumers = (0..shape.consumers).map(|_| {
        let receiver = receiver.clone();
        spawn(async move {
            let mut count = 0;
            while receiver.recv().await.is_ok() {
                count += 1;
            }
            count
        })
    });
    let counts: Vec<usize> = join_all(consumers.collect()).await;
    assert_eq!(counts.iter().sum::<usize>(), shape.messages);
    start.elapsed()
}

pub(crate) async fn select(messages: usize, capacity: usize) -> Duration {
    let start = Instant::now();
    let mut open = Vec::new();
    let mut source = || {
        let (sender, receiver) = bounded(capacity.max(1));
        // A closed channel would win every race.
        open.push(sender.clone());
        let producer = spawn(async move {
            for number in 0..messages / 4 {
                sender.send(number).await.expect("the receiver lives");
            }
        });
        producer.detach();
        receiver
    };
    let sources = [source(), source(), source(), source()];
    spawn(async move {
        for _ in 0..messages {
            first(&sources).await.expect("all are open");
        }
    })
    .await;
    start.elapsed()
}

/// The first message that any of the four has; a random one, if several have.
async fn first([north, east, south, west]: &[Receiver<usize>; 4]) -> Result<usize, RecvError> {
    race(race(north.recv(), east.recv()), race(south.recv(), west.recv())).await
}

pub(crate) async fn sieve(count: usize, capacity: usize) -> (Duration, u64) {
    let capacity = capacity.max(1);
    let start = Instant::now();
    let (sender, mut numbers) = bounded(capacity);
    let source = spawn(async move {
        let mut number = 2;
        while sender.send(number).await.is_ok() {
            number += 1;
        }
    });
    source.detach();
    let mut prime = 0;
    for _ in 0..count {
        prime = numbers.recv().await.expect("there are more primes");
        let (sender, rest) = bounded(capacity);
        let unfiltered = replace(&mut numbers, rest);
        let filter = spawn(async move {
            while let Ok(number) = unfiltered.recv().await {
                if number % prime != 0 && sender.send(number).await.is_err() {
                    return;
                }
            }
        });
        filter.detach();
    }
    (start.elapsed(), prime)
}
