//! crossbeam's channels and select.

use std::mem::replace;
use std::time::{Duration, Instant};

use bench_common::Buffered;
use crossbeam_channel::{Receiver, bounded, select};

use crate::{join_all, spawn};

pub(crate) fn pingpong(rounds: usize) -> Duration {
    let start = Instant::now();
    let (ping, pings) = bounded(0);
    let (pong, pongs) = bounded(0);
    let echo = spawn(move || {
        for ball in pings {
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
        spawn(move || receiver.iter().count())
    });
    let counts = join_all(consumers.collect());
    assert_eq!(counts.iter().sum::<usize>(), shape.messages);
    start.elapsed()
}

pub(crate) fn select(messages: usize, capacity: usize) -> Duration {
    let start = Instant::now();
    let mut open = Vec::new();
    let mut source = || {
        let (sender, receiver) = bounded(capacity);
        // A closed channel would always be ready.
        open.push(sender.clone());
        spawn(move || {
            for number in 0..messages / 4 {
                sender.send(number).expect("the receiver lives");
            }
        });
        receiver
    };
    let sources = [source(), source(), source(), source()];
    let receiver = spawn(move || {
        for _ in 0..messages {
            first(&sources);
        }
    });
    receiver.join().expect("no panic");
    start.elapsed()
}

/// The first message that any of the four has.
fn first([north, east, south, west]: &[Receiver<usize>; 4]) -> usize {
    let message = select! {
        recv(north) -> message => message,
        recv(east) -> message => message,
        recv(south) -> message => message,
        recv(west) -> message => message,
    };
    message.expect("all are open")
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
            for number in unfiltered {
                if number % prime != 0 && sender.send(number).is_err() {
                    return;
                }
            }
        });
    }
    (start.elapsed(), prime)
}
