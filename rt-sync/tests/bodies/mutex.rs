//! The mutex. Each body names the Go test it follows, if it follows one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rt_sync::host::Host;
use rt_sync::sync::{Mutex, TryLockError};

use super::spawn::{Joins, Spawner, join_all};

/// Go: `TestMutex`.
pub(crate) fn many_add_under_it<H: Host>(s: impl Spawner, rounds: u32) {
    let count = Arc::new(Mutex::<u32, H>::new(0));
    let adders = (0..10).map(|_| {
        let count = Arc::clone(&count);
        s.spawn(move || {
            for round in 0..rounds {
                if round % 3 == 0
                    && let Ok(mut held) = count.try_lock()
                {
                    *held += 1;
                    continue;
                }
                let mut held = count.lock().unwrap();
                let seen = *held;
                if round % 100 == 0 {
                    s.yield_now(); // with the lock held
                }
                *held = seen + 1;
            }
        })
    });
    join_all(adders.collect::<Vec<_>>());
    assert_eq!(*count.lock().unwrap(), 10 * rounds);
    assert!(count.try_lock().is_ok());
}

/// Go: `TestMutexFairness`. One that takes the lock again at once cannot keep another out.
pub(crate) fn a_hog_keeps_nobody_out<H: Host>(s: impl Spawner) {
    let shared = Arc::new((Mutex::<(), H>::new(()), AtomicBool::new(false)));
    let start = Instant::now();
    let theirs = Arc::clone(&shared);
    let hog = s.spawn(move || {
        while !theirs.1.load(Ordering::Relaxed) {
            let held = theirs.0.lock().unwrap();
            let until = Instant::now() + Duration::from_micros(100);
            while Instant::now() < until {}
            drop(held);
        }
    });
    for _ in 0..10 {
        s.sleep_ms(1);
        drop(shared.0.lock().unwrap());
    }
    shared.1.store(true, Ordering::Relaxed);
    hog.join();
    assert!(start.elapsed() < Duration::from_secs(10), "kept out");
}

/// A lock that is held is not had in time, and is had when time remains.
pub(crate) fn deadlines<H: Host<Instant = Instant>>(s: impl Spawner) {
    let lock = Arc::new(Mutex::<u32, H>::new(0));
    let held = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    let late = s.spawn(move || {
        let start = Instant::now();
        assert!(matches!(theirs.try_lock(), Err(TryLockError::WouldBlock)));
        let result = theirs.try_lock_for(Duration::from_millis(20));
        assert!(matches!(result, Err(TryLockError::WouldBlock)));
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(theirs.try_lock_for(Duration::ZERO).is_err());
        assert!(theirs.try_lock_until(start).is_err());
        let when = Instant::now() + Duration::from_millis(10);
        assert!(theirs.try_lock_until(when).is_err());
        assert!(Instant::now() >= when);
    });
    late.join();
    let theirs = Arc::clone(&lock);
    let in_time = s.spawn(move || *theirs.try_lock_for(Duration::MAX).unwrap() += 1);
    let theirs = Arc::clone(&lock);
    let by_then = s.spawn(move || {
        let when = Instant::now() + Duration::from_secs(1000);
        *theirs.try_lock_until(when).unwrap() += 1;
    });
    s.sleep_ms(5);
    drop(held);
    in_time.join();
    by_then.join();
    assert_eq!(*lock.try_lock_for(Duration::ZERO).unwrap(), 2);
    assert!(lock.try_lock_until(Instant::now()).is_ok());
}

/// Waits that end by deadlines beside waits that do not: nobody is forgotten.
pub(crate) fn short_deadlines<H: Host>(s: impl Spawner, rounds: u32) {
    let count = Arc::new(Mutex::<u32, H>::new(0));
    let patient = (0..3).map(|_| {
        let count = Arc::clone(&count);
        s.spawn(move || {
            for _ in 0..rounds {
                let mut held = count.lock().unwrap();
                let seen = *held;
                s.yield_now();
                *held = seen + 1;
            }
        })
    });
    let patient: Vec<_> = patient.collect();
    let hasty = (0..3u64).map(|i| {
        let count = Arc::clone(&count);
        s.spawn(move || {
            let mut had = 0;
            while had < rounds {
                let timeout = Duration::from_micros(u64::from(had % 50) * (i + 1));
                if let Ok(mut held) = count.try_lock_for(timeout) {
                    *held += 1;
                    had += 1;
                } else {
                    s.yield_now();
                }
            }
        })
    });
    join_all(hasty.collect::<Vec<_>>());
    join_all(patient);
    assert_eq!(*count.lock().unwrap(), 6 * rounds);
}

/// A panic with the lock held poisons it; the value can still be had.
pub(crate) fn a_panic_poisons<H: Host>(s: impl Spawner) {
    let lock = Arc::new(Mutex::<u32, H>::new(0));
    let theirs = Arc::clone(&lock);
    s.spawn(move || {
        let panics = catch_unwind(|| {
            let mut held = theirs.lock().unwrap();
            *held = 7;
            panic!("as the test wants");
        });
        assert!(panics.is_err());
    })
    .join();
    assert!(lock.is_poisoned());
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 7);
    match lock.try_lock() {
        Err(TryLockError::Poisoned(error)) => assert_eq!(**error.get_ref(), 7),
        _ => panic!("poisoned"),
    }
    assert!(lock.try_lock_for(Duration::ZERO).is_err());
    lock.clear_poison();
    *lock.lock().unwrap() = 8;
    let Ok(lock) = Arc::try_unwrap(lock) else { panic!("alone") };
    assert_eq!(lock.into_inner().unwrap(), 8);
}

/// Who takes the lock while unwinding already does not poison it.
pub(crate) fn a_lock_within_a_panic_is_not_poisoned<H: Host>() {
    struct Locks<'a, H: Host>(&'a Mutex<u32, H>);
    impl<H: Host> Drop for Locks<'_, H> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let lock = Mutex::<u32, H>::new(0);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _locks = Locks(&lock);
        panic!("as the test wants");
    }));
    assert!(panics.is_err() && !lock.is_poisoned());
    assert_eq!(lock.into_inner().unwrap(), 1);
}
