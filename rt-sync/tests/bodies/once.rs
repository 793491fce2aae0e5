//! What is done once, and the barrier. Each body names the Go test it follows, if it follows one.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use rt_sync::sync::{Barrier, LazyLock, Once, OnceLock};

use super::spawn::{Joins, Spawner, join_all};

/// Go: `TestOnce`.
pub(crate) fn it_runs_once(s: impl Spawner) {
    let shared = Arc::new((Once::new(), AtomicU32::new(0)));
    let callers = (0..10).map(|_| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            shared.0.call_once(|| {
                s.sleep_ms(2);
                shared.1.fetch_add(1, SeqCst);
            });
            assert_eq!(shared.1.load(SeqCst), 1);
        })
    });
    let callers: Vec<_> = callers.collect();
    shared.0.wait();
    assert_eq!(shared.1.load(SeqCst), 1);
    join_all(callers);
    assert!(shared.0.is_completed());
}

/// Go: `TestOncePanic`; std's poisoning.
pub(crate) fn a_panic_poisons(s: impl Spawner) {
    let once = Arc::new(Once::new());
    let theirs = Arc::clone(&once);
    let forces = s.spawn(move || theirs.wait_force());
    let first = catch_unwind(|| once.call_once(|| panic!("as the test wants")));
    assert!(first.is_err() && !once.is_completed());
    assert!(catch_unwind(|| once.call_once(|| unreachable!("poisoned"))).is_err());
    assert!(catch_unwind(|| once.wait()).is_err());
    let again = catch_unwind(|| {
        once.call_once_force(|state| {
            assert!(state.is_poisoned());
            panic!("as the test wants");
        });
    });
    assert!(again.is_err());
    once.call_once_force(|state| assert!(state.is_poisoned()));
    once.call_once(|| unreachable!("completed"));
    once.call_once_force(|_| unreachable!("completed"));
    once.wait();
    forces.join();
}

/// Go: `TestOnceFunc`, `TestOnceValue`: the value is made once, and all get it.
pub(crate) fn once_lock(s: impl Spawner) {
    let shared = Arc::new((OnceLock::<String>::new(), AtomicU32::new(0)));
    let theirs = Arc::clone(&shared);
    let waits = s.spawn(move || assert_eq!(theirs.0.wait(), "made"));
    let callers = (0..10).map(|_| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            let value = shared.0.get_or_init(|| {
                s.yield_now();
                shared.1.fetch_add(1, SeqCst);
                "made".into()
            });
            assert_eq!(value, "made");
        })
    });
    join_all(callers.collect::<Vec<_>>());
    waits.join();
    assert_eq!(shared.1.load(SeqCst), 1);
    assert_eq!(shared.0.set("other".into()), Err("other".into()));
}

/// Go: `TestOnceValue` with a panic: std's `OnceLock` stays unset and tries again.
pub(crate) fn once_lock_panics() {
    let lock = OnceLock::<u32>::new();
    assert!(catch_unwind(|| lock.get_or_init(|| panic!("as the test wants"))).is_err());
    assert_eq!(lock.get(), None);
    assert_eq!(*lock.get_or_init(|| 5), 5);
}

/// Go: `TestOnceValue`, `TestOnceValuePanic`: a function that panicked makes every look panic.
pub(crate) fn lazy_lock(s: impl Spawner) {
    static MADE: AtomicU32 = AtomicU32::new(0);
    MADE.store(0, SeqCst);
    let lazy = Arc::new(LazyLock::<u32>::new(|| MADE.fetch_add(1, SeqCst) + 41));
    let lookers = (0..10).map(|_| {
        let lazy = Arc::clone(&lazy);
        s.spawn(move || assert_eq!(**lazy, 41))
    });
    join_all(lookers.collect::<Vec<_>>());
    assert_eq!(MADE.load(SeqCst), 1);
    let bad = LazyLock::<u32>::new(|| panic!("as the test wants"));
    for _ in 0..2 {
        assert!(catch_unwind(|| *bad).is_err());
    }
    assert_eq!(LazyLock::get(&bad), None);
}

/// All of a round are there before one goes on; one leads.
pub(crate) fn barrier(s: impl Spawner, size: u32, rounds: u32) {
    let shared = Arc::new((Barrier::new(size as usize), AtomicU32::new(0), AtomicU32::new(0)));
    let started = (0..size).map(|_| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            for round in 1..=rounds {
                shared.1.fetch_add(1, SeqCst);
                if shared.0.wait().is_leader() {
                    shared.2.fetch_add(1, SeqCst);
                }
                assert!(shared.1.load(SeqCst) >= round * size);
                shared.0.wait();
                assert_eq!(shared.2.load(SeqCst), round);
                shared.0.wait();
            }
        })
    });
    join_all(started.collect::<Vec<_>>());
    assert_eq!(shared.1.load(SeqCst), size * rounds);
}
