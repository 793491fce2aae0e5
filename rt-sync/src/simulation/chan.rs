//! Messages of several producers over several channels to several consumers, each by a way of its
//! own choice at every step: sends, receives and selects, with and without deadlines, with turns
//! that are given up. Every message arrives once, and in order as long as nobody gives one back.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::vec::Vec;

use shuttle::thread::{self, JoinHandle};

use super::{all, below, simulate};
use crate::chan::{Receiver, Select, Sender, bounded, unbounded};
use crate::host::NoStd;

const PRODUCERS: usize = 3;
const MESSAGES: usize = 4;
/// A time that is not over until the clock says so.
const SOME_TIME: Duration = Duration::from_secs(1 << 30);

type Output = Sender<Message, NoStd>;
type Input = Receiver<Message, NoStd>;

/// What is sent.
#[derive(Debug)]
struct Message {
    producer: usize,
    number: usize,
    _life: Life,
}

/// Shared by all messages that live: in the end they are all dropped.
type Life = Arc<()>;

/// May turns be given up?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turns {
    Kept,
    GivenUp,
}

/// What a consumer got, by channel.
type Got = Vec<(usize, Message)>;

/// Two or three channels of all kinds.
fn channels() -> Vec<(Output, Input)> {
    (0..2 + below(2))
        .map(|_| match below(4) {
            0 => unbounded(),
            1 => bounded(1),
            2 => bounded(2),
            _ => bounded(0),
        })
        .collect()
}

fn send(outputs: &[Output], message: Message, turns: Turns) {
    let output = &outputs[below(outputs.len())];
    match below(5) {
        0 => output.send(message).unwrap(),
        1 => {
            if let Err(error) = output.try_send(message) {
                output.send(error.into_inner()).unwrap();
            }
        }
        2 => {
            let mut message = message;
            while let Err(error) = output.send_timeout(message, SOME_TIME) {
                message = error.into_inner();
            }
        }
        3 => send_by_select(outputs, message, turns, false),
        _ => send_by_select(outputs, message, turns, true),
    }
}

fn send_by_select(outputs: &[Output], message: Message, turns: Turns, timed: bool) {
    let mut select = Select::new();
    outputs.iter().for_each(|output| drop(select.send(output)));
    loop {
        let selected = match timed {
            true => select.select_timeout(SOME_TIME).ok(),
            false => Some(select.select()),
        };
        let Some(selected) = selected else { continue };
        if turns == Turns::GivenUp && below(3) == 0 {
            selected.forgo();
            continue;
        }
        let output = &outputs[selected.index()];
        return selected.send(output, message).unwrap();
    }
}

/// Receives until all of `inputs` are closed.
fn consume(mut inputs: Vec<(usize, Input)>, turns: Turns) -> Got {
    let mut got = Vec::new();
    while !inputs.is_empty() {
        let (at, received) = receive(&inputs, turns);
        match received {
            Received::Message(message) => got.push((inputs[at].0, message)),
            Received::Closed => drop(inputs.remove(at)),
            Received::Nothing => {}
        }
    }
    got
}

enum Received {
    Message(Message),
    Nothing,
    Closed,
}

fn receive(inputs: &[(usize, Input)], turns: Turns) -> (usize, Received) {
    let either = |at: usize, received: Option<Message>| {
        (at, received.map_or(Received::Closed, Received::Message))
    };
    let way = below(if inputs.len() == 1 { 6 } else { 4 });
    let mut select = Select::new();
    inputs.iter().for_each(|(_, input)| drop(select.recv(input)));
    let selected = match way {
        0 => Some(select.select()),
        1 => select.select_timeout(SOME_TIME).ok(),
        2 => select.try_select().ok(),
        3 => {
            let at = select.ready();
            return match inputs[at].1.try_recv() {
                Ok(message) => (at, Received::Message(message)),
                Err(error) if error.is_disconnected() => (at, Received::Closed),
                Err(_) => (at, Received::Nothing),
            };
        }
        4 => return either(0, inputs[0].1.recv().ok()),
        _ => {
            return match inputs[0].1.recv_timeout(SOME_TIME) {
                Ok(message) => (0, Received::Message(message)),
                Err(error) if error.is_disconnected() => (0, Received::Closed),
                Err(_) => (0, Received::Nothing),
            };
        }
    };
    let Some(selected) = selected else {
        thread::yield_now();
        return (0, Received::Nothing);
    };
    if turns == Turns::GivenUp && below(3) == 0 {
        selected.forgo();
        return (0, Received::Nothing);
    }
    let at = selected.index();
    either(at, selected.recv(&inputs[at].1).ok())
}

fn traffic(turns: Turns) {
    let channels = channels();
    let got: Arc<Mutex<Vec<Got>>> = Arc::default();
    let life = Life::default();
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for producer in 0..PRODUCERS {
        let outputs: Vec<Output> = channels.iter().map(|pair| pair.0.clone()).collect();
        let life = Life::clone(&life);
        threads.push(thread::spawn(move || {
            for number in 0..MESSAGES {
                let message = Message { producer, number, _life: Life::clone(&life) };
                send(&outputs, message, turns);
            }
        }));
    }
    // One for each channel, so that all are served, and one or two for all.
    let all_inputs = || channels.iter().map(|pair| pair.1.clone()).enumerate();
    let mut shares: Vec<Vec<(usize, Input)>> = all_inputs().map(|one| Vec::from([one])).collect();
    (0..1 + below(2)).for_each(|_| shares.push(all_inputs().collect()));
    for inputs in shares {
        let got = Arc::clone(&got);
        threads.push(thread::spawn(move || {
            let mine = consume(inputs, turns);
            got.lock().unwrap().push(mine);
        }));
    }
    drop(channels);
    all(threads);
    let got = core::mem::take(&mut *got.lock().unwrap());
    check(&got, turns);
    drop(got);
    assert_eq!(Arc::strong_count(&life), 1, "each is dropped");
}

fn check(got: &[Got], turns: Turns) {
    let all = got.iter().flatten().map(|(_, message)| (message.producer, message.number));
    let mut all: Vec<_> = all.collect();
    all.sort();
    let numbers = |producer| (0..MESSAGES).map(move |number| (producer, number));
    assert!(all.into_iter().eq((0..PRODUCERS).flat_map(numbers)), "each once: {got:?}");
    if turns == Turns::GivenUp {
        return;
    }
    for one in got {
        let mut last = BTreeMap::new();
        for (channel, message) in one {
            let before = last.insert((channel, message.producer), message.number);
            assert!(before < Some(message.number), "in order: {one:?}");
        }
    }
}

#[test]
fn simulate_traffic() {
    simulate(|| traffic(Turns::Kept));
}

#[test]
fn simulate_traffic_with_turns_given_up() {
    simulate(|| traffic(Turns::GivenUp));
}

/// The receivers go first: what was not received comes back, or is dropped with its channel.
#[test]
fn simulate_receivers_that_go() {
    simulate(|| {
        let channels = channels();
        let life = Life::default();
        let inputs: Vec<(usize, Input)> =
            Vec::from_iter(channels.iter().map(|pair| pair.1.clone()).enumerate());
        let outputs: Vec<Output> = channels.into_iter().map(|pair| pair.0).collect();
        let mut threads = Vec::new();
        for producer in 0..PRODUCERS {
            let (outputs, life) = (outputs.clone(), Life::clone(&life));
            threads.push(thread::spawn(move || {
                for number in 0..MESSAGES {
                    let output = &outputs[below(outputs.len())];
                    let message = Message { producer, number, _life: Life::clone(&life) };
                    let sent = match below(2) {
                        0 => output.send(message).is_ok(),
                        _ => {
                            let mut select = Select::new();
                            select.send(output);
                            select.select().send(output, message).is_ok()
                        }
                    };
                    if !sent {
                        return;
                    }
                }
            }));
        }
        drop(outputs);
        threads.push(thread::spawn(move || {
            for _ in 0..below(4) {
                receive(&inputs, Turns::Kept);
            }
        }));
        all(threads);
        assert_eq!(Arc::strong_count(&life), 1, "each is dropped");
    });
}
