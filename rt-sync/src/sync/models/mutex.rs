//! The mutex: it excludes, and nobody sleeps for ever.

use loom::sync::Arc;

use super::{SOME_TIME, Watched, clock, watched, with};
use crate::sync::raw::RawMutex;

type Shared = (RawMutex, Watched);

fn shared() -> Arc<Shared> {
    Arc::new((RawMutex::new(), Watched::new()))
}

fn enter((lock, value): &Shared) -> u32 {
    lock.lock();
    let seen = value.add();
    watched::unlock(lock);
    seen
}

#[test]
fn loom_mutex_excludes() {
    loom::model(|| {
        let shared = shared();
        let threads = [(); 2].map(|()| with(&shared, |shared| assert!(enter(shared) > 0)));
        enter(&shared);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(enter(&shared), 4);
    });
}

/// One comes again and again: a waiter that is woken in vain makes the lock starve, and is handed
/// it. Waiters starve at once in a model.
#[test]
fn loom_mutex_starves_and_hands_over() {
    loom::model(|| {
        let shared = shared();
        let thread = with(&shared, |shared| {
            enter(shared);
        });
        let other = with(&shared, |shared| {
            enter(shared);
            enter(shared);
        });
        enter(&shared);
        enter(&shared);
        thread.join().unwrap();
        other.join().unwrap();
        assert_eq!(enter(&shared), 6);
    });
}

#[test]
fn loom_mutex_deadline() {
    loom::model(|| {
        let shared = shared();
        let clock = clock();
        shared.0.lock();
        let thread = with(&shared, |(lock, value)| {
            if lock.lock_until(SOME_TIME) {
                value.add();
                watched::unlock(lock);
            }
        });
        shared.1.add();
        watched::unlock(&shared.0);
        let seen = enter(&shared);
        clock.join().unwrap();
        thread.join().unwrap();
        assert!(seen >= 2 && enter(&shared) >= 3);
    });
}

/// As above with one more who waits behind the one that gives up.
#[test]
fn loom_mutex_deadline_before_a_waiter() {
    loom::model(|| {
        let shared = shared();
        shared.0.lock();
        let clock = clock();
        let timed = with(&shared, |(lock, value)| {
            if lock.lock_until(SOME_TIME) {
                value.add();
                watched::unlock(lock);
            }
        });
        let other = with(&shared, |shared| assert!(enter(shared) > 0));
        shared.1.add();
        watched::unlock(&shared.0);
        clock.join().unwrap();
        timed.join().unwrap();
        other.join().unwrap();
        assert!(enter(&shared) >= 3 && !shared.0.is_locked());
    });
}
