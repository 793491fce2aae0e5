//! The semaphore: no permit is lost or doubled, and nobody sleeps beside a free one.

use core::time::Duration;

use loom::sync::Arc;

use super::{Watched, clock, with};
use crate::host::{Host, NoStd};

type Semaphore = crate::sync::Semaphore<NoStd>;
type Shared = (Semaphore, Watched);

fn shared(permits: usize) -> Arc<Shared> {
    Arc::new((Semaphore::new(permits), Watched::new()))
}

fn enter((semaphore, value): &Shared) {
    let permit = semaphore.acquire();
    value.add();
    drop(permit);
}

#[test]
fn loom_semaphore_of_one_excludes() {
    loom::model(|| {
        let shared = shared(1);
        let threads = [(); 2].map(|()| with(&shared, enter));
        enter(&shared);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!((shared.0.available_permits(), shared.1.get()), (1, 3));
    });
}

#[test]
fn loom_semaphore_gives_many() {
    loom::model(|| {
        let shared = shared(0);
        let two = with(&shared, |shared| shared.0.acquire_many(2).forget());
        let one = with(&shared, |shared| shared.0.acquire().forget());
        shared.0.add_permits(1);
        shared.0.add_permits(2);
        two.join().unwrap();
        one.join().unwrap();
        assert_eq!(shared.0.available_permits(), 0);
    });
}

/// One whose time is over keeps its permit for nobody, and keeps nobody back.
#[test]
fn loom_semaphore_deadline() {
    loom::model(|| {
        let shared = shared(0);
        let clock = clock();
        let timed = with(&shared, |shared| {
            let deadline = NoStd::instant_at(super::SOME_TIME);
            drop(shared.0.acquire_deadline(deadline));
        });
        let plain = with(&shared, |shared| drop(shared.0.acquire()));
        shared.0.add_permits(1);
        clock.join().unwrap();
        timed.join().unwrap();
        plain.join().unwrap();
        assert_eq!(shared.0.available_permits(), 1);
        assert!(shared.0.acquire_timeout(Duration::ZERO).is_some());
    });
}

/// The first wants more than there will be, and its time comes: the next gets what there is.
#[test]
fn loom_semaphore_big_one_gives_up() {
    loom::model(|| {
        let shared = shared(1);
        let big = with(&shared, |shared| {
            assert!(shared.0.acquire_many_timeout(2, Duration::from_secs(1)).is_none());
        });
        let clock = loom::thread::spawn(|| {
            while !super::strike() {
                loom::thread::yield_now();
            }
        });
        drop(shared.0.acquire());
        big.join().unwrap();
        clock.join().unwrap();
        assert!(!shared.0.is_waited_for());
    });
}

/// The first, whose time is over, wants less than there is; the next one wants more, and must wait.
#[test]
fn loom_semaphore_passes_over_the_first() {
    loom::model(|| {
        let shared = shared(0);
        let clock = clock();
        let timed = with(&shared, |shared| {
            drop(shared.0.acquire_timeout(Duration::from_secs(1)));
        });
        let big = with(&shared, |shared| shared.0.acquire_many(2).forget());
        shared.0.add_permits(1);
        shared.0.add_permits(2); // one for the first too: the clock may have struck too soon
        clock.join().unwrap();
        timed.join().unwrap();
        big.join().unwrap();
        assert_eq!(shared.0.available_permits(), 1);
    });
}

/// Who hands over goes on when the other runs.
#[test]
fn loom_semaphore_hands_off() {
    loom::model(|| {
        let shared = shared(0);
        let thread = with(&shared, |shared| shared.0.acquire().forget());
        shared.0.release_handoff();
        thread.join().unwrap();
        assert_eq!(shared.0.available_permits(), 0);
    });
}
