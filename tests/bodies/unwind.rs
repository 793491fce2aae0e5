//! What needs panics that unwind, so std: poisoning, misuse, operations that are given up.
//!
//! One text for goroutines and plain threads: `rt` is the crate `rt`, or std's threads under the
//! same names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::rt::chan::{Select, bounded};
use crate::rt::sync::{LazyLock, Mutex, Once, OnceLock, RwLock, TryLockError, WaitGroup};
use crate::rt::thread;
use crate::rt::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A panic with the mutex held poisons it; the value can still be had.
fn a_mutex_is_poisoned() {
    let lock = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&lock);
    let holder = thread::spawn(move || {
        let panics = catch_unwind(|| {
            let mut held = theirs.lock().unwrap();
            *held = 7;
            panic!("as the test wants");
        });
        assert!(panics.is_err());
    });
    holder.join().unwrap();
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

/// Who dies with the lock held does not keep out who waits for it.
fn a_panic_lets_the_next_in() {
    let lock = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&lock);
    let held = lock.lock().unwrap();
    let dies = thread::spawn(move || {
        let _held = theirs.lock().unwrap_or_else(|poison| poison.into_inner());
        panic!("as the test wants");
    });
    let theirs = Arc::clone(&lock);
    let next = thread::spawn(move || match theirs.lock() {
        Ok(mut held) => *held += 1,
        Err(poison) => *poison.into_inner() += 1,
    });
    thread::sleep(MS);
    drop(held);
    assert!(dies.join().is_err());
    next.join().unwrap();
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
}

/// Who takes the lock while unwinding already does not poison it.
fn a_lock_within_a_panic_is_not_poisoned() {
    struct Locks<'a>(&'a Mutex<u32>);
    impl Drop for Locks<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let lock = Mutex::new(0);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _locks = Locks(&lock);
        panic!("as the test wants");
    }));
    assert!(panics.is_err() && !lock.is_poisoned());
    assert_eq!(lock.into_inner().unwrap(), 1);
}

/// A writer's panic poisons; a reader's does not.
fn only_writers_poison() {
    let lock = Arc::new(RwLock::new(5));
    let theirs = Arc::clone(&lock);
    let holder = thread::spawn(move || {
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
    });
    holder.join().unwrap();
    assert!(lock.is_poisoned());
    assert_eq!(*lock.read().unwrap_err().into_inner(), 5);
    assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))));
    assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
    lock.clear_poison();
    assert_eq!(*lock.write().unwrap(), 5);
}

/// TestOncePanic; std's poisoning.
fn a_once_is_poisoned() {
    let once = Arc::new(Once::new());
    let theirs = Arc::clone(&once);
    let forces = thread::spawn(move || theirs.wait_force());
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
    forces.join().unwrap();
}

/// TestOnceValuePanic: std's `OnceLock` stays unset and tries again; its `LazyLock` panics at each
/// look.
fn once_values_panic() {
    let lock = OnceLock::new();
    assert!(catch_unwind(|| lock.get_or_init(|| panic!("as the test wants"))).is_err());
    assert_eq!(lock.get(), None);
    assert_eq!(*lock.get_or_init(|| 5), 5);
    let bad = LazyLock::<u32>::new(|| panic!("as the test wants"));
    for _ in 0..2 {
        assert!(catch_unwind(|| *bad).is_err());
    }
    assert_eq!(LazyLock::get(&bad), None);
}

/// TestWaitGroupMisuse.
fn wait_group_misuse() {
    let group = WaitGroup::new();
    group.add(1);
    group.done();
    for _ in 0..2 {
        let panic = catch_unwind(|| group.done()).unwrap_err();
        let text = panic.downcast_ref::<&str>().copied();
        assert_eq!(text, Some("sync: negative WaitGroup counter"));
    }
    group.wait();
    group.add(2);
    assert!(catch_unwind(AssertUnwindSafe(|| group.add(-3))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| group.add(isize::MAX))).is_err());
    group.add(-2);
    group.wait();
}

/// `ready` sees what another may then do; an operation that is dropped gives its turn on.
fn ready_and_abandoned() {
    let (sender, receiver) = bounded(0);
    let theirs = sender.clone();
    let sends = thread::spawn(move || theirs.send(3).unwrap());
    let mut select = Select::new();
    let index = select.recv(&receiver);
    assert_eq!(select.ready(), index);
    let selected = AssertUnwindSafe(select.select());
    assert!(catch_unwind(move || drop(selected)).is_err(), "it must be completed");
    drop(select);
    assert_eq!(receiver.recv(), Ok(3));
    sends.join().unwrap();
    let mut select = Select::new();
    select.send(&sender);
    assert!(select.ready_timeout(MS).is_err() && select.try_ready().is_err());
    let receives = thread::spawn(move || assert_eq!(receiver.recv(), Ok(4)));
    assert_eq!(select.ready(), 0);
    let selected = AssertUnwindSafe(select.select());
    assert!(catch_unwind(move || drop(selected)).is_err());
    sender.send(4).unwrap();
    receives.join().unwrap();
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_mutex_is_poisoned", a_mutex_is_poisoned),
    ("a_panic_lets_the_next_in", a_panic_lets_the_next_in),
    ("a_lock_within_a_panic_is_not_poisoned", a_lock_within_a_panic_is_not_poisoned),
    ("only_writers_poison", only_writers_poison),
    ("a_once_is_poisoned", a_once_is_poisoned),
    ("once_values_panic", once_values_panic),
    ("wait_group_misuse", wait_group_misuse),
    ("ready_and_abandoned", ready_and_abandoned),
];
