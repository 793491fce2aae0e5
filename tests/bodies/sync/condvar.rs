//! The condition variable.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::rt::sync::{Condvar, Mutex};
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

use super::{MS, crowd, join_all, until};

/// A condition variable with its mutex, and what a test counts.
#[derive(Default)]
struct Shared {
    lock: Mutex<State>,
    condvar: Condvar,
}

#[derive(Default)]
struct State {
    waiting: usize,
    woken: Vec<usize>,
    go: bool,
}

impl Shared {
    /// Waits once for a notification, and writes its number down.
    fn wait(&self, number: usize) {
        let mut held = self.lock.lock().unwrap();
        held.waiting += 1;
        let mut held = self.condvar.wait(held).unwrap();
        held.woken.push(number);
    }

    fn are_waiting(&self, count: usize) -> bool {
        self.lock.lock().unwrap().waiting == count
    }

    fn woken(&self) -> usize {
        self.lock.lock().unwrap().woken.len()
    }
}

/// TestCondSignal: each notification wakes exactly one.
fn notify_one_wakes_one() {
    const WAITERS: usize = 4;
    let shared = Arc::<Shared>::default();
    let waiters = crowd(WAITERS, |number| {
        let shared = Arc::clone(&shared);
        move || shared.wait(number)
    });
    until(|| shared.are_waiting(WAITERS));
    for notified in 1..=WAITERS {
        assert_eq!(shared.woken(), notified - 1);
        let held = shared.lock.lock().unwrap();
        shared.condvar.notify_one();
        drop(held);
        until(|| shared.woken() >= notified);
        thread::sleep(MS);
        assert_eq!(shared.woken(), notified);
    }
    shared.condvar.notify_one();
    join_all(waiters);
}

/// Who waits first is woken first.
fn first_come_first_woken() {
    const WAITERS: usize = 50;
    let shared = Arc::<Shared>::default();
    let started = crowd(WAITERS, |number| {
        until(|| shared.are_waiting(number));
        let theirs = Arc::clone(&shared);
        move || theirs.wait(number)
    });
    until(|| shared.are_waiting(WAITERS));
    for notified in 1..=WAITERS {
        shared.condvar.notify_one();
        until(|| shared.woken() == notified);
    }
    join_all(started);
    assert!(shared.lock.lock().unwrap().woken.iter().copied().eq(0..WAITERS));
}

/// TestCondSignalGenerations: one that comes after a notification does not get it, though it waits
/// before the one that does has the lock.
fn generations() {
    const WAITERS: usize = 100;
    let shared = Arc::<Shared>::default();
    let started = crowd(WAITERS, |number| {
        until(|| shared.are_waiting(number));
        if number > 0 {
            shared.condvar.notify_one();
        }
        let theirs = Arc::clone(&shared);
        move || theirs.wait(number)
    });
    until(|| shared.are_waiting(WAITERS));
    until(|| shared.woken() == WAITERS - 1);
    assert!(!shared.lock.lock().unwrap().woken.contains(&(WAITERS - 1)));
    shared.condvar.notify_one();
    join_all(started);
}

/// TestCondBroadcast: all are woken, round after round.
fn notify_all_wakes_all() {
    const WAITERS: usize = 20;
    const ROUNDS: usize = 10;
    let shared = Arc::<Shared>::default();
    let started = crowd(WAITERS, |number| {
        let shared = Arc::clone(&shared);
        move || (0..ROUNDS).for_each(|_| shared.wait(number))
    });
    for round in 1..=ROUNDS {
        until(|| shared.are_waiting(round * WAITERS));
        assert_eq!(shared.woken(), (round - 1) * WAITERS);
        shared.condvar.notify_all();
    }
    join_all(started);
    let woken = &shared.lock.lock().unwrap().woken;
    for number in 0..WAITERS {
        assert_eq!(woken.iter().filter(|n| **n == number).count(), ROUNDS);
    }
}

/// TestCondRace: three hand a number on, each by a notification that must not get lost.
fn race() {
    for _ in 0..300 {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let first = thread::spawn(move || {
            let mut held = theirs.0.lock().unwrap();
            *held = 1;
            held = theirs.1.wait(held).unwrap();
            assert_eq!(*held, 2);
            *held = 3;
            theirs.1.notify_one();
        });
        let theirs = Arc::clone(&shared);
        let second = thread::spawn(move || {
            until(|| {
                let mut held = theirs.0.lock().unwrap();
                let now = *held == 1;
                if now {
                    *held = 2;
                    theirs.1.notify_one();
                }
                now
            });
        });
        let theirs = Arc::clone(&shared);
        let third = thread::spawn(move || {
            until(|| {
                let mut held = theirs.0.lock().unwrap();
                if *held == 2 {
                    held = theirs.1.wait(held).unwrap();
                    assert_eq!(*held, 3);
                }
                *held == 3
            });
        });
        join_all([first, second, third]);
    }
}

/// TestCondSignalStealing: the one that waits already gets the notification; one that comes later
/// cannot take it away.
fn a_newcomer_steals_nothing() {
    for _ in 0..200 {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let older = thread::spawn(move || theirs.wait(0));
        until(|| shared.are_waiting(1));
        let theirs = Arc::clone(&shared);
        let newer = thread::spawn(move || {
            let held = theirs.lock.lock().unwrap();
            drop(theirs.condvar.wait_while(held, |state| !state.go).unwrap());
        });
        shared.condvar.notify_one();
        older.join().unwrap();
        shared.lock.lock().unwrap().go = true;
        shared.condvar.notify_all();
        newer.join().unwrap();
    }
}

/// What std's documents say of waits with a time: notified, timed out, and while a condition holds.
fn times() {
    let shared = Arc::<Shared>::default();
    let start = Instant::now();
    let held = shared.lock.lock().unwrap();
    let (held, ended) = shared.condvar.wait_timeout(held, 10 * MS).unwrap();
    assert!(ended.timed_out() && start.elapsed() >= 10 * MS);
    let (held, ended) = shared.condvar.wait_timeout(held, Duration::ZERO).unwrap();
    assert!(ended.timed_out());
    let (held, ended) = shared.condvar.wait_until(held, start).unwrap();
    assert!(ended.timed_out());
    let ten = 10 * MS;
    let (held, ended) = shared.condvar.wait_timeout_while(held, ten, |state| !state.go).unwrap();
    assert!(ended.timed_out() && !held.go && start.elapsed() >= 2 * ten);
    let zero = Duration::ZERO;
    let (held, ended) = shared.condvar.wait_timeout_while(held, zero, |state| state.go).unwrap();
    assert!(!ended.timed_out());
    drop(held);
    let theirs = Arc::clone(&shared);
    let waiter = thread::spawn(move || {
        let held = theirs.lock.lock().unwrap();
        let max = Duration::MAX;
        let result = theirs.condvar.wait_timeout_while(held, max, |state| !state.go);
        let (held, ended) = result.unwrap();
        assert!(held.go && !ended.timed_out());
    });
    let theirs = Arc::clone(&shared);
    let by_then = thread::spawn(move || {
        let mut held = theirs.lock.lock().unwrap();
        while !held.go {
            let when = Instant::now() + Duration::from_secs(1000);
            let ended;
            (held, ended) = theirs.condvar.wait_until(held, when).unwrap();
            assert!(!ended.timed_out());
        }
    });
    thread::sleep(5 * MS);
    shared.lock.lock().unwrap().go = true;
    shared.condvar.notify_all();
    waiter.join().unwrap();
    by_then.join().unwrap();
}

/// Tokens pass through waits that time out and waits that do not: none is lost.
fn tokens() {
    const ROUNDS: u32 = 500;
    let shared = Arc::new((Mutex::new(0), Condvar::new(), AtomicU32::new(0)));
    let takers = crowd(4, |number| {
        let shared = Arc::clone(&shared);
        move || {
            let mut taken = 0;
            while taken < ROUNDS {
                let held = shared.0.lock().unwrap();
                let mut held = if number % 2 == 0 {
                    shared.1.wait_while(held, |tokens| *tokens == 0).unwrap()
                } else {
                    let timeout = Duration::from_micros(u64::from(taken % 30));
                    shared.1.wait_timeout_while(held, timeout, |tokens| *tokens == 0).unwrap().0
                };
                if *held > 0 {
                    *held -= 1;
                    taken += 1;
                    shared.2.fetch_add(1, SeqCst);
                }
            }
        }
    });
    for given in 0..4 * ROUNDS {
        *shared.0.lock().unwrap() += 1;
        shared.1.notify_one();
        if given % 16 == 0 {
            thread::yield_now();
        }
    }
    join_all(takers);
    assert_eq!((*shared.0.lock().unwrap(), shared.2.load(SeqCst)), (0, 4 * ROUNDS));
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("notify_one_wakes_one", notify_one_wakes_one),
    ("first_come_first_woken", first_come_first_woken),
    ("generations", generations),
    ("notify_all_wakes_all", notify_all_wakes_all),
    ("race", race),
    ("a_newcomer_steals_nothing", a_newcomer_steals_nothing),
    ("times", times),
    ("tokens", tokens),
];
