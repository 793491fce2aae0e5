//! The wait group: who waits sees what was done.

use core::time::Duration;

use loom::sync::Arc;

use super::{Watched, clock, with};
use crate::sync::WaitGroup;

#[test]
fn loom_wait_group_waits_for_both() {
    loom::model(|| {
        let shared = Arc::new((WaitGroup::new(), [Watched::new(), Watched::new()]));
        shared.0.add(2);
        let first = with(&shared, |(group, values)| {
            values[0].add();
            group.done();
        });
        let second = with(&shared, |(group, values)| {
            values[1].add();
            group.done();
        });
        shared.0.wait();
        assert_eq!((shared.1[0].get(), shared.1[1].get()), (1, 1));
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// One waiter's time may come; the other is woken, and the group is used anew at once.
#[test]
fn loom_wait_group_deadline() {
    loom::model(|| {
        let shared = Arc::new((WaitGroup::new(), Watched::new()));
        shared.0.add(1);
        let clock = clock();
        let timed = with(&shared, |(group, value)| {
            if group.wait_timeout(Duration::from_secs(1)) {
                assert_eq!(value.get(), 1);
            }
        });
        let plain = with(&shared, |(group, value)| {
            group.wait();
            assert_eq!(value.get(), 1);
        });
        shared.1.add();
        shared.0.done();
        clock.join().unwrap();
        timed.join().unwrap();
        plain.join().unwrap();
    });
}
