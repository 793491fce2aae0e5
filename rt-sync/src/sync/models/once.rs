//! What is done once: it runs once, and all who wait wake.

use loom::sync::Arc;

use super::{Watched, with};
use crate::sync::{Barrier, Once};

type Shared = (Once, Watched);

fn shared() -> Arc<Shared> {
    Arc::new((Once::new(), Watched::new()))
}

fn call((once, value): &Shared) {
    once.call_once(|| assert_eq!(value.add(), 1));
    assert_eq!(value.get(), 1);
}

#[test]
fn loom_once_runs_once() {
    loom::model(|| {
        let shared = shared();
        let threads = [(); 2].map(|()| with(&shared, call));
        call(&shared);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn loom_once_wait() {
    loom::model(|| {
        let shared = shared();
        let waiter = with(&shared, |(once, value)| {
            once.wait();
            assert_eq!(value.get(), 1);
        });
        let other = with(&shared, call);
        call(&shared);
        waiter.join().unwrap();
        other.join().unwrap();
    });
}

/// One closure fails; a waiter that does not mind waits for the next.
#[test]
fn loom_once_fails_and_is_forced() {
    loom::model(|| {
        let shared = shared();
        let fails = with(&shared, |(once, _)| once.call_in_vain());
        let forces = with(&shared, |(once, value)| {
            once.call_once_force(|_| assert_eq!(value.add(), 1));
        });
        shared.0.wait_force();
        assert_eq!(shared.1.get(), 1);
        fails.join().unwrap();
        forces.join().unwrap();
    });
}

#[test]
fn loom_barrier_two_rounds() {
    loom::model(|| {
        let shared = Arc::new((Barrier::new(2), Watched::new()));
        let rounds = |(barrier, value): &(Barrier, Watched)| {
            for round in 1..=2 {
                if barrier.wait().is_leader() {
                    value.add();
                }
                barrier.wait();
                assert_eq!(value.get(), round);
                barrier.wait();
            }
        };
        let thread = with(&shared, rounds);
        rounds(&shared);
        thread.join().unwrap();
    });
}
