//! The read-write lock. Each body names the Go test it follows, if it follows one.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rt_sync::host::Host;
use rt_sync::sync::{RwLock, RwLockWriteGuard, TryLockError};

use super::spawn::{Joins, Spawner, join_all, until};

const WRITER: i32 = 10_000;

/// Go: `TestRWMutex`, `HammerRWMutex`; `rwmutex_test.go`'s too. A writer is alone; readers are not.
pub(crate) fn hammer<H: Host>(s: impl Spawner, readers: usize, rounds: u32) {
    let shared = Arc::new((RwLock::<u32, H>::new(0), AtomicI32::new(0)));
    let enter = move |activity: &AtomicI32, who: i32| {
        let now = activity.fetch_add(who, SeqCst) + who;
        if who == WRITER {
            assert_eq!(now, WRITER);
        } else {
            assert!((1..WRITER).contains(&now));
        }
        for _ in 0..100 {
            std::hint::spin_loop();
        }
        if now % 7 == 0 {
            s.yield_now();
        }
        activity.fetch_sub(who, SeqCst);
    };
    let writers = (0..2).map(|i| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            for round in 0..rounds {
                let timeout = Duration::from_micros(u64::from(round % 30));
                let tried = match round % 3 {
                    0 => shared.0.try_write().ok(),
                    1 => shared.0.try_write_for(timeout * (i + 1)).ok(),
                    _ => None,
                };
                let mut held = tried.unwrap_or_else(|| shared.0.write().unwrap());
                enter(&shared.1, WRITER);
                *held += 1;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..readers).map(|_| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            for round in 0..rounds {
                let timeout = Duration::from_micros(u64::from(round % 20));
                let held = match shared.0.try_read_for(timeout) {
                    Ok(held) => held,
                    _ => shared.0.read().unwrap(),
                };
                enter(&shared.1, 1);
                drop(held);
            }
        })
    });
    join_all(readers.collect::<Vec<_>>());
    join_all(writers);
    assert_eq!(*shared.0.write().unwrap(), 2 * rounds);
}

/// Go: `TestParallelReaders`, `TestParallelRWMutexReaders`. All readers hold the lock at once.
pub(crate) fn readers_in_parallel<H: Host>(s: impl Spawner, readers: u32) {
    let shared = Arc::new((RwLock::<(), H>::new(()), AtomicU32::new(0)));
    let started = (0..readers).map(|_| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            let held = shared.0.read().unwrap();
            shared.1.fetch_add(1, SeqCst);
            until(s, || shared.1.load(SeqCst) == readers);
            drop(held);
        })
    });
    join_all(started.collect::<Vec<_>>());
    assert!(shared.0.try_write().is_ok());
}

/// Go: the rules of `sync.RWMutex`. A writer that waits holds new readers off, and gets in.
pub(crate) fn a_waiting_writer_holds_readers_off<H: Host>(s: impl Spawner) {
    let lock = Arc::new(RwLock::<u32, H>::new(0));
    let reads = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = s.spawn(move || *theirs.write().unwrap() += 1);
    until(s, || lock.try_read().is_err());
    let theirs = Arc::clone(&lock);
    let reader = s.spawn(move || assert_eq!(*theirs.read().unwrap(), 1));
    s.sleep_ms(5);
    assert_eq!(*reads, 0);
    drop(reads);
    writer.join();
    reader.join();
}

/// A writer that gives up lets the readers in that it held off; the first one still reads.
pub(crate) fn a_writer_gives_up<H: Host>(s: impl Spawner) {
    let lock = Arc::new(RwLock::<u32, H>::new(0));
    let reads = lock.read().unwrap();
    let theirs = Arc::clone(&lock);
    let writer = s.spawn(move || {
        let start = Instant::now();
        let result = theirs.try_write_for(Duration::from_millis(50));
        assert!(matches!(result, Err(TryLockError::WouldBlock)));
        assert!(start.elapsed() >= Duration::from_millis(50));
    });
    let readers = (0..3).map(|_| {
        let theirs = Arc::clone(&lock);
        s.spawn(move || assert_eq!(*theirs.read().unwrap(), 0))
    });
    join_all(readers.collect::<Vec<_>>());
    writer.join();
    drop(reads);
    assert!(lock.try_write().is_ok());
}

/// Deadlines that have passed, that pass, and that do not.
pub(crate) fn deadlines<H: Host<Instant = Instant>>(s: impl Spawner) {
    let lock = Arc::new(RwLock::<u32, H>::new(0));
    let writes = lock.write().unwrap();
    let theirs = Arc::clone(&lock);
    s.spawn(move || {
        let start = Instant::now();
        let when = start + Duration::from_millis(10);
        assert!(theirs.try_read().is_err() && theirs.try_write().is_err());
        assert!(theirs.try_read_until(start).is_err() && theirs.try_write_until(start).is_err());
        assert!(theirs.try_read_until(when).is_err());
        assert!(theirs.try_write_until(when).is_err());
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert!(theirs.try_read_for(Duration::ZERO).is_err());
        assert!(theirs.try_write_for(Duration::ZERO).is_err());
    })
    .join();
    let theirs = Arc::clone(&lock);
    let reader = s.spawn(move || assert!(*theirs.try_read_for(Duration::MAX).unwrap() < 2));
    let theirs = Arc::clone(&lock);
    let writer = s.spawn(move || *theirs.try_write_for(Duration::MAX).unwrap() += 1);
    s.sleep_ms(5);
    drop(writes);
    reader.join();
    writer.join();
    assert_eq!(*lock.try_read_until(Instant::now()).unwrap(), 1);
}

/// Between a downgrade's write and its read no writer comes; readers do.
pub(crate) fn downgrade<H: Host>(s: impl Spawner, rounds: u32) {
    let lock = Arc::new(RwLock::<u32, H>::new(0));
    let started = (0..4).map(|_| {
        let lock = Arc::clone(&lock);
        s.spawn(move || {
            for round in 0..rounds {
                let mut writes = lock.write().unwrap();
                *writes += 1;
                let wrote = *writes;
                if round % 8 == 0 {
                    s.yield_now();
                }
                let reads = RwLockWriteGuard::downgrade(writes);
                if round % 8 == 1 {
                    s.yield_now();
                }
                assert_eq!(*reads, wrote);
                drop(reads);
                assert!(*lock.read().unwrap() >= wrote);
            }
        })
    });
    join_all(started.collect::<Vec<_>>());
    assert_eq!(*lock.read().unwrap(), 4 * rounds);
}

/// A writer's panic poisons; a reader's does not.
pub(crate) fn only_writers_poison<H: Host>(s: impl Spawner) {
    let lock = Arc::new(RwLock::<u32, H>::new(5));
    let theirs = Arc::clone(&lock);
    s.spawn(move || {
        let reads = catch_unwind(|| {
            let _held = theirs.read().unwrap();
            panic!("as the test wants");
        });
        assert!(reads.is_err() && !theirs.is_poisoned());
        let writes = catch_unwind(|| {
            let _held = theirs.write().unwrap();
            panic!("as the test wants");
        });
        assert!(writes.is_err());
    })
    .join();
    assert!(lock.is_poisoned());
    assert_eq!(*lock.read().unwrap_err().into_inner(), 5);
    assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))));
    assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
    lock.clear_poison();
    assert_eq!(*lock.write().unwrap(), 5);
}
