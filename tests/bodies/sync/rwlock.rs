//! The read-write lock.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

use crate::rt::sync::{RwLock, RwLockWriteGuard, TryLockError};
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

use super::{MS, crowd, join_all, until};

const WRITER: i32 = 10_000;
const ROUNDS: u32 = 500;

/// TestRWMutex, HammerRWMutex, those of the runtime's rwmutex too: a writer is alone; readers are
/// not.
fn hammer() {
    for readers in [1, 3, 10] {
        let shared = Arc::new((RwLock::new(0), AtomicI32::new(0)));
        let writers = crowd(2, |number| {
            let shared = Arc::clone(&shared);
            move || {
                for round in 0..ROUNDS {
                    let timeout = Duration::from_micros(u64::from(round % 30));
                    let tried = match round % 3 {
                        0 => shared.0.try_write().ok(),
                        1 => shared.0.try_write_for(timeout * (number as u32 + 1)).ok(),
                        _ => None,
                    };
                    let mut held = tried.unwrap_or_else(|| shared.0.write().unwrap());
                    be_inside(&shared.1, WRITER);
                    *held += 1;
                }
            }
        });
        let readers = crowd(readers, |_| {
            let shared = Arc::clone(&shared);
            move || {
                for round in 0..ROUNDS {
                    let timeout = Duration::from_micros(u64::from(round % 20));
                    let held = match shared.0.try_read_for(timeout) {
                        Ok(held) => held,
                        _ => shared.0.read().unwrap(),
                    };
                    be_inside(&shared.1, 1);
                    drop(held);
                }
            }
        });
        join_all(readers.into_iter().chain(writers));
        assert_eq!(*shared.0.write().unwrap(), 2 * ROUNDS);
    }
}

fn be_inside(activity: &AtomicI32, who: i32) {
    let now = activity.fetch_add(who, SeqCst) + who;
    if who == WRITER {
        assert_eq!(now, WRITER);
    } else {
        assert!((1..WRITER).contains(&now));
    }
    for _ in 0..100 {
        core::hint::spin_loop();
    }
    if now % 7 == 0 {
        thread::yield_now();
    }
    activity.fetch_sub(who, SeqCst);
}

/// TestParallelReaders, TestParallelRWMutexReaders: all readers hold the lock at once.
fn readers_in_parallel() {
    for readers in [1, 3, 4, 16] {
        let shared = Arc::new((RwLock::new(()), AtomicU32::new(0)));
        let started = crowd(readers, |_| {
            let shared = Arc::clone(&shared);
            move || {
                let held = shared.0.read().unwrap();
                shared.1.fetch_add(1, SeqCst);
                until(|| shared.1.load(SeqCst) as usize == readers);
                drop(held);
            }
        });
        join_all(started);
        assert!(shared.0.try_write().is_ok());
    }
}

/// The rules of Go's `sync.RWMutex`: a writer that waits holds new readers off, and gets in.
fn a_waiting_writer_holds_readers_off() {
    let lock = Arc::new(RwLock::new(0));
    let reads = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    until(|| lock.try_read().is_err());
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || assert_eq!(*theirs.read().unwrap(), 1));
    thread::sleep(5 * MS);
    assert_eq!(*reads, 0);
    drop(reads);
    writer.join().unwrap();
    reader.join().unwrap();
}

/// A writer that gives up lets the readers in that it held off; the first one still reads.
fn a_writer_gives_up() {
    let lock = Arc::new(RwLock::new(0));
    let reads = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || {
        let start = Instant::now();
        let result = theirs.try_write_for(50 * MS);
        assert!(matches!(result, Err(TryLockError::WouldBlock)));
        assert!(start.elapsed() >= 50 * MS);
    });
    let readers = crowd(3, |_| {
        let theirs = Arc::clone(&lock);
        move || assert_eq!(*theirs.read().unwrap(), 0)
    });
    join_all(readers);
    writer.join().unwrap();
    drop(reads);
    assert!(lock.try_write().is_ok());
}

/// Deadlines that have passed, that pass, and that do not.
fn deadlines() {
    let lock = Arc::new(RwLock::new(0));
    let writes = lock.write().unwrap();
    let theirs = Arc::clone(&lock);
    let late = thread::spawn(move || {
        let start = Instant::now();
        let when = start + 10 * MS;
        assert!(theirs.try_read().is_err() && theirs.try_write().is_err());
        assert!(theirs.try_read_until(start).is_err() && theirs.try_write_until(start).is_err());
        assert!(theirs.try_read_until(when).is_err());
        assert!(theirs.try_write_until(when).is_err());
        assert!(start.elapsed() >= 10 * MS);
        assert!(theirs.try_read_for(Duration::ZERO).is_err());
        assert!(theirs.try_write_for(Duration::ZERO).is_err());
    });
    late.join().unwrap();
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || assert!(*theirs.try_read_for(Duration::MAX).unwrap() < 2));
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.try_write_for(Duration::MAX).unwrap() += 1);
    thread::sleep(5 * MS);
    drop(writes);
    reader.join().unwrap();
    writer.join().unwrap();
    assert_eq!(*lock.try_read_until(Instant::now()).unwrap(), 1);
}

/// Between a downgrade's write and its read no writer comes; readers do.
fn downgrade() {
    let lock = Arc::new(RwLock::new(0));
    let started = crowd(4, |_| {
        let lock = Arc::clone(&lock);
        move || {
            for round in 0..ROUNDS {
                let mut writes = lock.write().unwrap();
                *writes += 1;
                let wrote = *writes;
                if round % 8 == 0 {
                    thread::yield_now();
                }
                let reads = RwLockWriteGuard::downgrade(writes);
                if round % 8 == 1 {
                    thread::yield_now();
                }
                assert_eq!(*reads, wrote);
                drop(reads);
                assert!(*lock.read().unwrap() >= wrote);
            }
        }
    });
    join_all(started);
    assert_eq!(*lock.read().unwrap(), 4 * ROUNDS);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("hammer", hammer),
    ("readers_in_parallel", readers_in_parallel),
    ("a_waiting_writer_holds_readers_off", a_waiting_writer_holds_readers_off),
    ("a_writer_gives_up", a_writer_gives_up),
    ("deadlines", deadlines),
    ("downgrade", downgrade),
];
