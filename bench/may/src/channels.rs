//! may's channels; where a bound is asked for, with a semaphore. Select is its `cqueue`.

use std::mem::replace;
use std::time::{Duration, Instant};

use bench_common::Buffered;
use may::cqueue;
use may::sync::spsc::channel;

use crate::bounded::{Receiver, bounded};
use crate::{join_all, spawn};

/// One message is under way at a time: channels without a bound do.
pub(crate) fn pingpong(rounds: usize) -> Duration {
    let start = Instant::now();
    let (ping, pings) = channel();
    let (pong, pongs) = channel();
    let echo = spawn(move || {
        while let Ok(ball) = pings.recv() {
            pong.send(ball).expect("the player waits");
        }
    });
    let player = spawn(move || {
        for round in 0..rounds {
            ping.send(round).expect("the echo waits");
            assert_eq!(pongs.recv(), Ok(round));
        }
    });
    join_all(vec![echo, player]);
    start.elapsed()
}

pub(crate) fn chanbuf(shape: Buffered) -> Duration {
    let start = Instant::now();
    let (sender, receiver) = bounded(shape.capacity);
    let share = shape.messages / shape.producers;
    for _ in 0..shape.producers {
        let sender = sender.clone();
        spawn(move || {
            for number in 0..share {
                sender.send(number).expect("a consumer lives");
            }
        });
    }
    drop(sender);
    let consumers = (0..shape.consumers).map(|_| {
        let receiver = receiver.clone();
        spawn(move || {
            let mut count = 0;
            while receiver.recv().is_ok() {
                count += 1;
            }
            count
        })
    });
    let counts: Vec<usize> = join_all(consumers.collect());
    assert_eq!(counts.iter().sum::<usize>(), shape.messages);
    start.elapsed()
}

/// `may::select!` starts a coroutine for each arm and each call, and may lose what a losing arm
/// has received. So the arms stay here, and the queue of their events is polled.
pub(crate) fn select(messages: usize, capacity: usize) -> Duration {
    let start = Instant::now();
    let source = |_| {
        let (sender, receiver) = bounded(capacity);
        spawn(move || {
            for number in 0..messages / 4 {
                sender.send(number).expect("the receiver lives");
            }
        });
        receiver
    };
    let sources: Vec<Receiver<usize>> = (0..4).map(source).collect();
    let receiver = spawn(move || {
        cqueue::scope(|events| {
            for (token, source) in sources.iter().enumerate() {
                events.add(token, move |event| {
                    while source.recv().is_ok() {
                        event.send(token);
                    }
                });
            }
            let mut count = 0;
            while events.poll(None).is_ok() {
                count += 1;
            }
            count
        })
    });
    assert_eq!(receiver.join().expect("no panic"), messages);
    start.elapsed()
}

pub(crate) fn sieve(count: usize, capacity: usize) -> (Duration, u64) {
    let start = Instant::now();
    let (sender, mut numbers) = bounded(capacity);
    spawn(move || {
        let mut number = 2;
        while sender.send(number).is_ok() {
            number += 1;
        }
    });
    let mut prime = 0;
    for _ in 0..count {
        prime = numbers.recv().expect("there are more primes");
        let (sender, rest) = bounded(capacity);
        let unfiltered = replace(&mut numbers, rest);
        spawn(move || {
            while let Ok(number) = unfiltered.recv() {
                if number % prime != 0 && sender.send(number).is_err() {
                    return;
                }
            }
        });
    }
    (start.elapsed(), prime)
}
