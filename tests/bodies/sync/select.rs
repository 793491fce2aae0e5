//! Select.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::rt::chan::{Receiver, Select, Sender, bounded, never, select, select_biased};
use crate::rt::thread;

use super::{MS, PATIENCE, crowd, join_all, race, rounds};

const RACES: usize = rounds(10_000);

/// TestNonblockSelectRace: one of two is ready all the time, though never the same for long; a
/// select with a default finds it.
fn default_is_for_nothing_ready() {
    const MOVES: usize = rounds(100_000);
    let ((s1, r1), (s2, r2)) = (bounded(2), bounded(2));
    s1.send(()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (to_1, to_2, from_1, from_2) = (s1.clone(), s2.clone(), r1.clone(), r2.clone());
    let theirs = Arc::clone(&stop);
    let looker = thread::spawn(move || {
        let mut looks = 0;
        while !theirs.load(Relaxed) {
            let taken_from = select! {
                recv(from_1) -> got => got.map(|()| &to_1),
                recv(from_2) -> got => got.map(|()| &to_2),
                default => panic!("one was ready all the time"),
            };
            taken_from.unwrap().send(()).unwrap(); // before the next look
            let mut select = Select::new();
            select.recv(&from_1);
            select.recv(&from_2);
            select.try_ready().expect("one was ready all the time");
            looks += 1;
            if looks % 16 == 0 {
                thread::yield_now();
            }
        }
    });
    for round in 0..MOVES {
        // The new one comes before the old one goes.
        let (to, from) = if round % 2 == 0 { (&s2, &r1) } else { (&s1, &r2) };
        to.send(()).unwrap();
        from.recv().unwrap();
        if round % 16 == 0 {
            thread::yield_now();
        }
    }
    stop.store(true, Relaxed);
    looker.join().unwrap();
}

/// TestNonblockSelectRace2: the same, where the second becomes ready by being closed.
fn a_closed_one_is_ready() {
    race(RACES, |round| {
        let (s1, r1) = bounded(1);
        let (s2, r2) = bounded::<()>(0);
        s1.send(()).unwrap();
        let first = r1.clone();
        let looks = thread::spawn(move || {
            select! {
                recv(first) -> got => got.unwrap(),
                recv(r2) -> got => assert!(got.is_err()),
                default => panic!("one was ready all the time"),
            }
        });
        if round % 4 == 0 {
            thread::yield_now();
        }
        drop(s2);
        let _ = r1.try_recv();
        looks.join().unwrap();
    });
}

/// TestSelectStress: senders, receivers and selects over four channels.
fn stress() {
    const COUNT: usize = rounds(10_000);
    type Job = Box<dyn FnOnce() + Send>;
    let pairs: Vec<(Sender<usize>, Receiver<usize>)> = [0, 0, 2, 3].map(bounded).into();
    let mut jobs: Vec<Job> = Vec::new();
    for (sender, receiver) in pairs.clone() {
        jobs.push(Box::new(move || (0..COUNT).for_each(|number| sender.send(number).unwrap())));
        jobs.push(Box::new(move || assert_eq!(receiver.iter().take(COUNT).count(), COUNT)));
    }
    let (senders, receivers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    jobs.push(Box::new(move || {
        let mut left = [COUNT; 4];
        let mut select = Select::new();
        for sender in &senders {
            select.send(sender);
        }
        for _ in 0..4 * COUNT {
            let selected = select.select();
            let index = selected.index();
            selected.send(&senders[index], left[index]).unwrap();
            left[index] -= 1;
            if left[index] == 0 {
                select.remove(index);
            }
        }
    }));
    jobs.push(Box::new(move || {
        let mut left = [COUNT; 4];
        let mut select = Select::new();
        for receiver in &receivers {
            select.recv(receiver);
        }
        for _ in 0..4 * COUNT {
            let selected = select.select();
            let index = selected.index();
            selected.recv(&receivers[index]).unwrap();
            left[index] -= 1;
            if left[index] == 0 {
                select.remove(index);
            }
        }
    }));
    join_all(jobs.into_iter().map(thread::spawn).collect::<Vec<_>>());
}

/// TestSelectFairness: of two that are always ready both are taken, about as often.
fn is_fair() {
    const COINS: usize = 4000;
    let (s1, r1) = bounded(COINS);
    let (s2, r2) = bounded(COINS);
    (0..COINS).for_each(|_| s1.send(()).and(s2.send(())).unwrap());
    let (r3, r4) = (never::<()>(), never::<()>());
    let mut counts = [0; 2];
    for _ in 0..COINS {
        select! {
            recv(r3) -> _ => panic!("nobody sends"),
            recv(r4) -> _ => panic!("nobody sends"),
            recv(r1) -> _ => counts[0] += 1,
            recv(r2) -> _ => counts[1] += 1,
        }
    }
    // Ten standard deviations of so many coins.
    assert!(counts.iter().all(|&count| count > COINS / 2 - 316), "{counts:?}");
    select_biased! {
        recv(r2) -> got => got.unwrap(),
        recv(r1) -> _ => panic!("the first is ready"),
    }
}

/// TestPseudoRandomSend: a select of two sends into one channel sends both, in no order.
fn two_sends_are_mixed() {
    const SENDS: usize = 100;
    for cap in [0, 1] {
        let (sender, receiver) = bounded(cap);
        let receives = thread::spawn(move || {
            let mut ones = 0;
            for _ in 0..SENDS {
                thread::yield_now();
                ones += receiver.recv().unwrap();
            }
            // Less than a tenth of so many coins: less than once in 10^16 runs.
            assert!((SENDS / 10..=SENDS - SENDS / 10).contains(&ones), "{ones} of {SENDS}");
        });
        for _ in 0..SENDS {
            select! {
                send(sender, 1) -> sent => sent.unwrap(),
                send(sender, 0) -> sent => sent.unwrap(),
            }
        }
        receives.join().unwrap();
    }
}

/// TestSelfSelect: to send and to receive in one select never meet themselves.
fn never_meets_itself() {
    const ROUNDS: usize = rounds(5000);
    for cap in [0, 10] {
        let (sender, receiver) = bounded(cap);
        let players = crowd(2, |player| {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            move || {
                for round in 0..ROUNDS {
                    if player == 0 || round % 2 == 0 {
                        select! {
                            send(sender, player) -> sent => sent.unwrap(),
                            recv(receiver) -> got => assert!(cap > 0 || got != Ok(player)),
                        }
                    } else {
                        select! {
                            recv(receiver) -> got => assert!(cap > 0 || got != Ok(player)),
                            send(sender, player) -> sent => sent.unwrap(),
                        }
                    }
                }
            }
        });
        join_all(players);
    }
}

/// TestSelectDuplicateChannel: one that waits twice at a channel and is woken from another one
/// leaves who waits behind it in the queue.
fn duplicate_channel() {
    let (to_both, both) = bounded::<u32>(0);
    let (to_first, first) = bounded::<u32>(0);
    let theirs = both.clone();
    let twice = thread::spawn(move || {
        select! {
            recv(theirs) -> _ => panic!("not yet sent"),
            recv(theirs) -> _ => panic!("not yet sent"),
            recv(first) -> got => assert_eq!(got, Ok(7)),
        }
    });
    thread::sleep(MS);
    let behind = thread::spawn(move || assert_eq!(both.recv_timeout(PATIENCE), Ok(8)));
    thread::sleep(MS);
    to_first.send(7).unwrap();
    twice.join().unwrap();
    to_both.send_timeout(8, PATIENCE).unwrap();
    behind.join().unwrap();
}

/// One that waits twice at a channel takes one message.
fn a_duplicate_takes_one() {
    let (sender, receiver) = bounded(0);
    let first = receiver.clone();
    let twice = thread::spawn(move || {
        let got = select! {
            recv(first) -> got => got,
            recv(first) -> got => got,
        };
        assert_eq!(got, Ok(1));
    });
    let then = thread::spawn(move || assert_eq!(receiver.recv_timeout(PATIENCE), Ok(1)));
    sender.send_timeout(1, PATIENCE).unwrap();
    sender.send_timeout(1, PATIENCE).unwrap();
    twice.join().unwrap();
    then.join().unwrap();
}

/// Selects on both sides, with and without a buffer: nothing is lost, nothing comes twice.
fn meets_select() {
    const ROUNDS: usize = rounds(5000);
    for cap in [0, 1] {
        let (there, here) = bounded(cap);
        let (back, again) = bounded(cap);
        let (sent, got) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let players = crowd(4, |player| {
            let (out, into) = if player % 2 == 0 { (&there, &again) } else { (&back, &here) };
            let (out, into) = (out.clone(), into.clone());
            let (sent, got) = (Arc::clone(&sent), Arc::clone(&got));
            move || {
                for number in 1..=ROUNDS {
                    select! {
                        send(out, number) -> ok => {
                            ok.unwrap();
                            sent.fetch_add(number, Relaxed);
                        }
                        recv(into) -> number => _ = got.fetch_add(number.unwrap(), Relaxed),
                        default(100 * MS) => return, // nobody is left to meet
                    }
                }
            }
        });
        join_all(players);
        let left: usize = here.try_iter().chain(again.try_iter()).sum();
        assert_eq!(sent.load(Relaxed), got.load(Relaxed) + left);
    }
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("default_is_for_nothing_ready", default_is_for_nothing_ready),
    ("a_closed_one_is_ready", a_closed_one_is_ready),
    ("stress", stress),
    ("is_fair", is_fair),
    ("two_sends_are_mixed", two_sends_are_mixed),
    ("never_meets_itself", never_meets_itself),
    ("duplicate_channel", duplicate_channel),
    ("a_duplicate_takes_one", a_duplicate_takes_one),
    ("meets_select", meets_select),
];
