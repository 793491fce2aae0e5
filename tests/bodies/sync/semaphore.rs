//! The semaphore.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::rt::sync::Semaphore;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

use super::{MS, crowd, join_all, until};

/// TestSemaphore, HammerSemaphore: never more inside than there are permits.
fn hammer() {
    for permits in [1, 3] {
        let shared = Arc::new((Semaphore::new(permits as usize), AtomicU32::new(0)));
        let started = crowd(8, |who| {
            let shared = Arc::clone(&shared);
            move || hammer_one(&shared.0, &shared.1, permits, who)
        });
        join_all(started);
        assert_eq!(shared.0.available_permits(), permits as usize);
        assert!(!shared.0.is_waited_for());
    }
}

fn hammer_one(semaphore: &Semaphore, inside: &AtomicU32, permits: u32, who: usize) {
    let wants = if who == 0 { permits } else { 1 };
    let mut rest = 300u32;
    while rest > 0 {
        let permit = match who {
            1 => semaphore.try_acquire(),
            2 => semaphore.acquire_timeout(Duration::from_micros(u64::from(rest % 40))),
            _ => Some(semaphore.acquire_many(wants as usize)),
        };
        let Some(permit) = permit else {
            thread::yield_now();
            continue;
        };
        assert!(inside.fetch_add(wants, SeqCst) + wants <= permits);
        if rest.is_multiple_of(5) {
            thread::yield_now();
        }
        inside.fetch_sub(wants, SeqCst);
        rest -= 1;
        if rest.is_multiple_of(3) { permit.hand_off() } else { drop(permit) }
    }
}

/// Nobody barges past the first waiter, though there is enough for it; when the first one gives up,
/// the next gets what it wants.
fn first_come_first_served() {
    let semaphore = Arc::new(Semaphore::new(1));
    let theirs = Arc::clone(&semaphore);
    let big = thread::spawn(move || theirs.acquire_many(3).forget());
    until(|| semaphore.is_waited_for());
    assert!(semaphore.try_acquire().is_none());
    assert!(semaphore.acquire_many_timeout(2, Duration::ZERO).is_none());
    assert!(semaphore.acquire_timeout(2 * MS).is_none());
    assert_eq!(semaphore.available_permits(), 1);
    semaphore.add_permits(3);
    big.join().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
    let all = semaphore.acquire();
    let theirs = Arc::clone(&semaphore);
    let hasty = thread::spawn(move || {
        let start = Instant::now();
        assert!(theirs.acquire_timeout(30 * MS).is_none());
        assert!(start.elapsed() >= 30 * MS);
    });
    until(|| semaphore.is_waited_for());
    let theirs = Arc::clone(&semaphore);
    let patient = thread::spawn(move || drop(theirs.acquire()));
    hasty.join().unwrap();
    drop(all);
    patient.join().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
}

/// One that wanted much gives up: who came later and wants less gets it.
fn a_big_one_gives_up() {
    let semaphore = Arc::new(Semaphore::new(1));
    let theirs = Arc::clone(&semaphore);
    let big = thread::spawn(move || assert!(theirs.acquire_many_timeout(2, 50 * MS).is_none()));
    until(|| semaphore.is_waited_for());
    drop(semaphore.acquire());
    big.join().unwrap();
    assert!(!semaphore.is_waited_for());
}

/// Deadlines that have passed, and such as never come.
fn deadlines() {
    let semaphore = Arc::new(Semaphore::new(0));
    let past = Instant::now();
    assert!(semaphore.acquire_deadline(past).is_none());
    assert!(semaphore.acquire_timeout(Duration::ZERO).is_none());
    assert!(!semaphore.is_waited_for());
    let theirs = Arc::clone(&semaphore);
    let waits = thread::spawn(move || theirs.acquire_timeout(Duration::MAX).unwrap().forget());
    thread::sleep(2 * MS);
    semaphore.add_permits(2);
    waits.join().unwrap();
    assert!(semaphore.acquire_deadline(past).is_some());
    assert_eq!(semaphore.available_permits(), 1);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("hammer", hammer),
    ("first_come_first_served", first_come_first_served),
    ("a_big_one_gives_up", a_big_one_gives_up),
    ("deadlines", deadlines),
];
