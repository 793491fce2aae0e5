//! Models of channels and selects: no message is lost, none comes twice, nobody sleeps for ever
//! (loom reports a deadlock).

use core::time::Duration;
use loom::thread;
use std::vec::Vec;

use super::{Receiver, Select, Sender, bounded, unbounded};
use crate::host::NoStd;
use crate::wait::shown;

type Pair = (Sender<u32, NoStd>, Receiver<u32, NoStd>);

#[test]
fn loom_chan_hands_over() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let sends = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(1));
        assert!(receiver.recv().is_err(), "the sender is gone");
        sends.join().unwrap();
    });
}

#[test]
fn loom_chan_two_senders_and_one_place() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(1);
        let senders =
            [sender.clone(), sender].map(|sender| thread::spawn(move || sender.send(1).unwrap()));
        assert_eq!(receiver.iter().sum::<u32>(), 2);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn loom_chan_without_bound() {
    loom::model(|| {
        let (sender, receiver): Pair = unbounded();
        let sends = thread::spawn(move || (1..=3).for_each(|number| sender.send(number).unwrap()));
        assert!(receiver.iter().eq(1..=3));
        sends.join().unwrap();
    });
}

#[test]
fn loom_chan_close_wakes_a_sender() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let sends = thread::spawn(move || sender.send(1).is_ok());
        let got = receiver.try_recv().is_ok();
        drop(receiver);
        assert_eq!(sends.join().unwrap(), got, "sent is received");
    });
}

/// Receives from either, `count` times.
fn select_either(first: &Receiver<u32, NoStd>, second: &Receiver<u32, NoStd>, count: u32) -> u32 {
    let mut select = Select::new();
    let index = select.recv(first);
    select.recv(second);
    let mut sum = 0;
    for _ in 0..count {
        let selected = select.select();
        let receiver = if selected.index() == index { first } else { second };
        sum += selected.recv(receiver).unwrap();
    }
    sum
}

#[test]
fn loom_select_of_two_senders() {
    loom::model(|| {
        let ((s1, r1), (s2, r2)): (Pair, Pair) = (bounded(0), bounded(0));
        let open = (s1.clone(), s2.clone());
        let first = thread::spawn(move || s1.send(1).unwrap());
        let second = thread::spawn(move || s2.send(2).unwrap());
        assert_eq!(select_either(&r1, &r2, 2), 3);
        first.join().unwrap();
        second.join().unwrap();
        drop(open);
    });
}

#[test]
fn loom_select_of_a_full_and_an_empty_one() {
    loom::model(|| {
        let ((s1, r1), (s2, r2)): (Pair, Pair) = (bounded(1), bounded(1));
        s1.send(1).unwrap();
        let open = s1.clone();
        let second = thread::spawn(move || {
            s1.send(2).unwrap();
            s2.send(4).unwrap();
            s2
        });
        assert_eq!(select_either(&r1, &r2, 3), 7);
        drop((second.join().unwrap(), open));
    });
}

#[test]
fn loom_select_against_close() {
    loom::model(|| {
        let ((s1, r1), (_s2, r2)): (Pair, Pair) = (bounded(0), bounded(0));
        let closes = thread::spawn(move || drop(s1));
        let mut select = Select::new();
        select.recv(&r2);
        let index = select.recv(&r1);
        let selected = select.select();
        assert_eq!(selected.index(), index);
        assert!(selected.recv(&r1).is_err());
        closes.join().unwrap();
    });
}

#[test]
fn loom_select_against_select() {
    loom::model(|| {
        let ((s1, r1), (s2, r2)): (Pair, Pair) = (bounded(0), bounded(0));
        // Each may send on one and receive from the other: they meet on one of the two.
        let play = |sender: Sender<u32, NoStd>, receiver: Receiver<u32, NoStd>| {
            let mut select = Select::new();
            let sends = select.send(&sender);
            select.recv(&receiver);
            let selected = select.select();
            if selected.index() == sends {
                selected.send(&sender, 1).unwrap();
                (1, 0)
            } else {
                (0, selected.recv(&receiver).unwrap())
            }
        };
        let keep: Vec<_> = [(&s1, &r1), (&s2, &r2)].map(|(s, r)| (s.clone(), r.clone())).into();
        let other = thread::spawn(move || play(s1, r2));
        let (sent, got) = play(s2, r1);
        let (theirs, got_there) = other.join().unwrap();
        assert_eq!((sent + theirs, got + got_there), (1, 1));
        drop(keep);
    });
}

#[test]
fn loom_select_send_to_a_waiting_receiver() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let receives = thread::spawn(move || receiver.recv());
        let mut select = Select::new();
        select.send(&sender);
        select.select().send(&sender, 7).unwrap();
        assert_eq!(receives.join().unwrap(), Ok(7));
    });
}

/// A receive and a send by selects on a channel without a bound.
#[test]
fn loom_select_against_select_without_bound() {
    loom::model(|| {
        let (sender, receiver): Pair = unbounded();
        let receives = thread::spawn(move || {
            let mut select = Select::new();
            select.recv(&receiver);
            select.select().recv(&receiver)
        });
        let mut select = Select::new();
        select.send(&sender);
        select.select().send(&sender, 7).unwrap();
        assert_eq!(receives.join().unwrap(), Ok(7));
    });
}

/// A receive is won and dropped: another receiver gets the message.
#[test]
fn loom_select_receive_given_up() {
    for cap in [0, 1] {
        loom::model(move || {
            let (sender, receiver): Pair = bounded(cap);
            let open = sender.clone();
            let sends = thread::spawn(move || sender.send(7));
            let theirs = receiver.clone();
            let receives = thread::spawn(move || theirs.recv());
            let mut select = Select::new();
            select.recv(&receiver);
            if let Ok(selected) = select.try_select() {
                selected.forgo();
            }
            assert_eq!(receives.join().unwrap(), Ok(7));
            assert_eq!(sends.join().unwrap(), Ok(()));
            drop(open);
        });
    }
}

/// A send is won and dropped: whoever was to get its message gets the next one.
#[test]
fn loom_select_send_given_up() {
    for by_select in [false, true] {
        loom::model(move || {
            let (sender, receiver): Pair = bounded(0);
            let receives = thread::spawn(move || {
                if !by_select {
                    return receiver.recv();
                }
                let mut select = Select::new();
                select.recv(&receiver);
                select.select().recv(&receiver)
            });
            let mut select = Select::new();
            select.send(&sender);
            select.select().forgo();
            sender.send(7).unwrap();
            assert_eq!(receives.join().unwrap(), Ok(7));
        });
    }
}

/// Both sides are selects, and the one that receives thinks better of it.
#[test]
fn loom_select_receive_given_up_before_the_send() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let sends = thread::spawn(move || {
            let mut select = Select::new();
            select.send(&sender);
            select.select().send(&sender, 7).unwrap();
        });
        let mut select = Select::new();
        select.recv(&receiver);
        select.select().forgo();
        assert_eq!(receiver.recv(), Ok(7));
        sends.join().unwrap();
    });
}

/// A time that is not over until the model says so.
const SOME_TIME: Duration = Duration::from_secs(1 << 30);

/// The thread that plays the deadline of the one wait that has one.
fn clock() -> thread::JoinHandle<bool> {
    thread::spawn(|| shown::strike(|_| 0))
}

#[test]
fn loom_chan_receive_deadline() {
    for cap in [0, 1] {
        loom::model(move || {
            let (sender, receiver): Pair = bounded(cap);
            let sends = thread::spawn(move || sender.send(7));
            let clock = clock();
            let got = receiver.recv_timeout(SOME_TIME).or_else(|_| receiver.recv());
            assert_eq!(got, Ok(7), "what was not received in time is still there");
            assert_eq!(sends.join().unwrap(), Ok(()));
            clock.join().unwrap();
        });
    }
}

#[test]
fn loom_chan_send_deadline() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let sends = thread::spawn(move || sender.send_timeout(7, SOME_TIME).is_ok());
        let clock = clock();
        let got = receiver.recv().is_ok();
        assert_eq!(sends.join().unwrap(), got, "sent is received");
        clock.join().unwrap();
    });
}

#[test]
fn loom_chan_deadline_against_close() {
    loom::model(|| {
        let (sender, receiver): Pair = bounded(0);
        let closes = thread::spawn(move || drop(sender));
        let clock = clock();
        assert!(receiver.recv_timeout(SOME_TIME).is_err());
        assert!(receiver.recv().is_err());
        closes.join().unwrap();
        clock.join().unwrap();
    });
}

#[test]
fn loom_select_deadline() {
    for cap in [0, 1] {
        loom::model(move || {
            let ((s1, r1), (_s2, r2)): (Pair, Pair) = (bounded(cap), bounded(0));
            let sends = thread::spawn(move || s1.send(7));
            let clock = clock();
            let mut select = Select::new();
            select.recv(&r2);
            select.recv(&r1);
            let got = match select.select_timeout(SOME_TIME) {
                Ok(selected) => selected.recv(&r1),
                Err(_) => r1.recv(),
            };
            assert_eq!(got, Ok(7));
            assert_eq!(sends.join().unwrap(), Ok(()));
            clock.join().unwrap();
        });
    }
}

/// A place that becomes free is the waiting sender's, also when nobody receives any more.
#[test]
fn loom_chan_a_free_place_is_taken() {
    for by_select in [false, true] {
        loom::model(move || {
            let (sender, receiver): Pair = bounded(1);
            let theirs = sender.clone();
            if by_select {
                let mut select = Select::new();
                select.send(&sender);
                let selected = select.select();
                let sends = thread::spawn(move || theirs.send(2));
                selected.forgo();
                assert_eq!(sends.join().unwrap(), Ok(()));
            } else {
                sender.send(1).unwrap();
                let sends = thread::spawn(move || theirs.send(2));
                assert_eq!(receiver.recv(), Ok(1));
                assert_eq!(sends.join().unwrap(), Ok(()));
            }
            assert_eq!(receiver.recv(), Ok(2));
        });
    }
}
