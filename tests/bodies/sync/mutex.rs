//! The mutex.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::rt::chan::bounded;
use crate::rt::sync::{Mutex, TryLockError};
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

use super::{MS, crowd, join_all};

/// TestMutex.
fn many_add_under_it() {
    const ROUNDS: u32 = 1000;
    let count = Arc::new(Mutex::new(0));
    let adders = crowd(10, |_| {
        let count = Arc::clone(&count);
        move || {
            for round in 0..ROUNDS {
                if round % 3 == 0
                    && let Ok(mut held) = count.try_lock()
                {
                    *held += 1;
                    continue;
                }
                let mut held = count.lock().unwrap();
                let seen = *held;
                if round % 100 == 0 {
                    thread::yield_now(); // with the lock held
                }
                *held = seen + 1;
            }
        }
    });
    join_all(adders);
    assert_eq!(*count.lock().unwrap(), 10 * ROUNDS);
    assert!(count.try_lock().is_ok());
}

/// TestMutexFairness: one that takes the lock again at once cannot keep another out, whether it
/// works or sleeps under it.
fn a_hog_keeps_nobody_out() {
    const SPELL: Duration = Duration::from_micros(100);
    const LIMIT: Duration = Duration::from_secs(10);
    let shared = Arc::new((Mutex::new(()), AtomicBool::new(false)));
    let start = Instant::now();
    let theirs = Arc::clone(&shared);
    let hog = thread::spawn(move || {
        for round in 0.. {
            let held = theirs.0.lock().unwrap();
            if round % 2 == 0 {
                thread::sleep(SPELL); // one P is free for others then
            } else {
                let until = Instant::now() + SPELL;
                while Instant::now() < until {}
            }
            drop(held);
            if theirs.1.load(Relaxed) || start.elapsed() > LIMIT {
                return;
            }
        }
    });
    for _ in 0..10 {
        thread::sleep(SPELL);
        drop(shared.0.lock().unwrap());
    }
    shared.1.store(true, Relaxed);
    hog.join().unwrap();
    assert!(start.elapsed() < LIMIT, "kept out");
}

/// Whoever holds the lock may wait for anything under it: who wants it meanwhile keeps no thread
/// from running the others, of whom one brings what the holder waits for.
fn a_holder_waits_under_it() {
    const WANTING: usize = 20;
    let shared = Arc::new(Mutex::new(0));
    let (sender, receiver) = bounded(0);
    let mut held = shared.lock().unwrap();
    let wanting = crowd(WANTING, |number| {
        let shared = Arc::clone(&shared);
        move || {
            let mut held = shared.lock().unwrap();
            let seen = *held;
            match number % 3 {
                0 => thread::yield_now(),
                1 => thread::sleep(MS / 4),
                _ => thread::spawn(thread::yield_now).join().unwrap(),
            }
            *held = seen + 1;
        }
    });
    let brings = thread::spawn(move || {
        thread::sleep(MS);
        sender.send(()).unwrap();
    });
    thread::yield_now();
    thread::sleep(MS);
    receiver.recv().unwrap();
    assert_eq!(*held, 0);
    *held = 100;
    drop(held);
    join_all(wanting);
    brings.join().unwrap();
    assert_eq!(*shared.lock().unwrap(), 100 + WANTING);
}

/// A lock that is held is not had in time, and is had when time remains.
fn deadlines() {
    let lock = Arc::new(Mutex::new(0));
    let held = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    let late = thread::spawn(move || {
        let start = Instant::now();
        assert!(matches!(theirs.try_lock(), Err(TryLockError::WouldBlock)));
        let result = theirs.try_lock_for(20 * MS);
        assert!(matches!(result, Err(TryLockError::WouldBlock)));
        assert!(start.elapsed() >= 20 * MS);
        assert!(theirs.try_lock_for(Duration::ZERO).is_err());
        assert!(theirs.try_lock_until(start).is_err());
        let when = Instant::now() + 10 * MS;
        assert!(theirs.try_lock_until(when).is_err());
        assert!(Instant::now() >= when);
    });
    late.join().unwrap();
    let theirs = Arc::clone(&lock);
    let in_time = thread::spawn(move || *theirs.try_lock_for(Duration::MAX).unwrap() += 1);
    let theirs = Arc::clone(&lock);
    let by_then = thread::spawn(move || {
        let when = Instant::now() + Duration::from_secs(1000);
        *theirs.try_lock_until(when).unwrap() += 1;
    });
    thread::sleep(5 * MS);
    drop(held);
    in_time.join().unwrap();
    by_then.join().unwrap();
    assert_eq!(*lock.try_lock_for(Duration::ZERO).unwrap(), 2);
    assert!(lock.try_lock_until(Instant::now()).is_ok());
}

/// Waits that end by deadlines beside waits that do not: nobody is forgotten.
fn short_deadlines() {
    const ROUNDS: u32 = 300;
    let count = Arc::new(Mutex::new(0));
    let patient = crowd(3, |_| {
        let count = Arc::clone(&count);
        move || {
            for _ in 0..ROUNDS {
                let mut held = count.lock().unwrap();
                let seen = *held;
                thread::yield_now();
                *held = seen + 1;
            }
        }
    });
    let hasty = crowd(3, |number| {
        let count = Arc::clone(&count);
        move || {
            let mut had = 0;
            while had < ROUNDS {
                let timeout = Duration::from_micros(u64::from(had % 50) * (number as u64 + 1));
                if let Ok(mut held) = count.try_lock_for(timeout) {
                    *held += 1;
                    had += 1;
                } else {
                    thread::yield_now();
                }
            }
        }
    });
    join_all(hasty.into_iter().chain(patient));
    assert_eq!(*count.lock().unwrap(), 6 * ROUNDS);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("many_add_under_it", many_add_under_it),
    ("a_hog_keeps_nobody_out", a_hog_keeps_nobody_out),
    ("a_holder_waits_under_it", a_holder_waits_under_it),
    ("deadlines", deadlines),
    ("short_deadlines", short_deadlines),
];
