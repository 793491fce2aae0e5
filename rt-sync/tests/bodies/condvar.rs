//! The condition variable. Each body names the Go test it follows, if it follows one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rt_sync::host::Host;
use rt_sync::sync::{Condvar, Mutex};

use super::spawn::{Joins, Spawner, join_all, until};

/// A condition variable with its mutex, and what a test counts.
struct Shared<H: Host> {
    lock: Mutex<State, H>,
    condvar: Condvar,
}

#[derive(Default)]
struct State {
    waiting: usize,
    woken: Vec<usize>,
    go: bool,
}

fn shared<H: Host>() -> Arc<Shared<H>> {
    Arc::new(Shared { lock: Mutex::new(State::default()), condvar: Condvar::new() })
}

impl<H: Host> Shared<H> {
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

/// Go: `TestCondSignal`. Each notification wakes exactly one.
pub(crate) fn notify_one_wakes_one<H: Host>(s: impl Spawner) {
    const WAITERS: usize = 4;
    let shared = shared::<H>();
    let waiters = (0..WAITERS).map(|number| {
        let shared = Arc::clone(&shared);
        s.spawn(move || shared.wait(number))
    });
    let waiters: Vec<_> = waiters.collect();
    until(s, || shared.are_waiting(WAITERS));
    for notified in 1..=WAITERS {
        assert_eq!(shared.woken(), notified - 1);
        let held = shared.lock.lock().unwrap();
        shared.condvar.notify_one();
        drop(held);
        until(s, || shared.woken() >= notified);
        s.sleep_ms(1);
        assert_eq!(shared.woken(), notified);
    }
    shared.condvar.notify_one();
    join_all(waiters);
}

/// Go: `TestCondSignalGenerations`. Who waits first is woken first.
pub(crate) fn first_come_first_woken<H: Host>(s: impl Spawner, waiters: usize) {
    let shared = shared::<H>();
    let started = (0..waiters).map(|number| {
        let theirs = Arc::clone(&shared);
        let waiter = s.spawn(move || theirs.wait(number));
        until(s, || shared.are_waiting(number + 1));
        waiter
    });
    let started: Vec<_> = started.collect();
    for notified in 1..=waiters {
        shared.condvar.notify_one();
        until(s, || shared.woken() == notified);
    }
    join_all(started);
    assert!(shared.lock.lock().unwrap().woken.iter().copied().eq(0..waiters));
}

/// Go: `TestCondBroadcast`. All are woken, round after round.
pub(crate) fn notify_all_wakes_all<H: Host>(s: impl Spawner, waiters: usize, rounds: usize) {
    let shared = shared::<H>();
    let started = (0..waiters).map(|number| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            for _ in 0..rounds {
                shared.wait(number);
            }
        })
    });
    let started: Vec<_> = started.collect();
    for round in 1..=rounds {
        until(s, || shared.are_waiting(round * waiters));
        assert_eq!(shared.woken(), (round - 1) * waiters);
        shared.condvar.notify_all();
    }
    join_all(started);
    let woken = &shared.lock.lock().unwrap().woken;
    for number in 0..waiters {
        assert_eq!(woken.iter().filter(|n| **n == number).count(), rounds);
    }
}

/// Go: `TestCondSignalStealing`. The one that waits already gets the notification; one that comes
/// later cannot take it away.
pub(crate) fn a_newcomer_steals_nothing<H: Host>(s: impl Spawner, rounds: usize) {
    for _ in 0..rounds {
        let shared = shared::<H>();
        let theirs = Arc::clone(&shared);
        let older = s.spawn(move || theirs.wait(0));
        until(s, || shared.are_waiting(1));
        let theirs = Arc::clone(&shared);
        let newer = s.spawn(move || {
            let held = theirs.lock.lock().unwrap();
            drop(theirs.condvar.wait_while(held, |state| !state.go).unwrap());
        });
        shared.condvar.notify_one();
        older.join();
        shared.lock.lock().unwrap().go = true;
        shared.condvar.notify_all();
        newer.join();
    }
}

/// What std's documents say of waits with a time: notified, timed out, and while a condition holds.
pub(crate) fn times<H: Host<Instant = Instant>>(s: impl Spawner) {
    let shared = shared::<H>();
    let start = Instant::now();
    let held = shared.lock.lock().unwrap();
    let (held, ended) = shared.condvar.wait_timeout(held, Duration::from_millis(10)).unwrap();
    assert!(ended.timed_out() && start.elapsed() >= Duration::from_millis(10));
    let (held, ended) = shared.condvar.wait_timeout(held, Duration::ZERO).unwrap();
    assert!(ended.timed_out());
    let (held, ended) = shared.condvar.wait_until(held, start).unwrap();
    assert!(ended.timed_out());
    let ten = Duration::from_millis(10);
    let (held, ended) = shared.condvar.wait_timeout_while(held, ten, |state| !state.go).unwrap();
    assert!(ended.timed_out() && !held.go && start.elapsed() >= 2 * ten);
    let zero = Duration::ZERO;
    let (held, ended) = shared.condvar.wait_timeout_while(held, zero, |state| state.go).unwrap();
    assert!(!ended.timed_out());
    drop(held);
    let theirs = Arc::clone(&shared);
    let waiter = s.spawn(move || {
        let held = theirs.lock.lock().unwrap();
        let max = Duration::MAX;
        let result = theirs.condvar.wait_timeout_while(held, max, |state| !state.go);
        let (held, ended) = result.unwrap();
        assert!(held.go && !ended.timed_out());
    });
    let theirs = Arc::clone(&shared);
    let by_then = s.spawn(move || {
        let mut held = theirs.lock.lock().unwrap();
        while !held.go {
            let when = Instant::now() + Duration::from_secs(1000);
            let ended;
            (held, ended) = theirs.condvar.wait_until(held, when).unwrap();
            assert!(!ended.timed_out());
        }
    });
    s.sleep_ms(5);
    shared.lock.lock().unwrap().go = true;
    shared.condvar.notify_all();
    waiter.join();
    by_then.join();
}

/// Tokens pass through waits that time out and waits that do not: none is lost.
pub(crate) fn tokens<H: Host>(s: impl Spawner, rounds: u32) {
    let shared = Arc::new((Mutex::<u32, H>::new(0), Condvar::new(), AtomicU32::new(0)));
    let takers = (0..4u32).map(|i| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            let mut taken = 0;
            while taken < rounds {
                let held = shared.0.lock().unwrap();
                let mut held = if i % 2 == 0 {
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
        })
    });
    let takers: Vec<_> = takers.collect();
    for given in 0..4 * rounds {
        *shared.0.lock().unwrap() += 1;
        shared.1.notify_one();
        if given % 16 == 0 {
            s.yield_now();
        }
    }
    join_all(takers);
    assert_eq!((*shared.0.lock().unwrap(), shared.2.load(SeqCst)), (0, 4 * rounds));
}
