//! The wait group.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

use crate::rt::sync::WaitGroup;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

use super::{MS, crowd, join_all};

/// TestWaitGroup.
fn two_groups() {
    const SIZE: usize = 16;
    let groups = Arc::new((WaitGroup::new(), WaitGroup::new()));
    for _ in 0..20 {
        groups.0.add(SIZE as isize);
        groups.1.add(SIZE as isize);
        let exited = Arc::new(AtomicU32::new(0));
        let started = crowd(SIZE, |_| {
            let (groups, exited) = (Arc::clone(&groups), Arc::clone(&exited));
            move || {
                groups.0.done();
                groups.1.wait();
                exited.fetch_add(1, SeqCst);
            }
        });
        groups.0.wait();
        for _ in 0..SIZE {
            assert_eq!(exited.load(SeqCst), 0);
            groups.1.done();
        }
        join_all(started);
    }
}

/// TestWaitGroupRace: what was done before `done` is seen after `wait`.
fn race() {
    for _ in 0..500 {
        let shared = Arc::new((WaitGroup::new(), AtomicU32::new(0)));
        let started = crowd(2, |_| {
            shared.0.add(1);
            let shared = Arc::clone(&shared);
            move || {
                shared.1.fetch_add(1, Relaxed);
                shared.0.done();
            }
        });
        shared.0.wait();
        assert_eq!(shared.1.load(Relaxed), 2);
        join_all(started);
    }
}

/// Who is in the group adds others to it; many wait.
fn it_grows_while_many_wait() {
    fn split(group: &Arc<WaitGroup>, count: &Arc<AtomicU32>, depth: u32) {
        for _ in 0..if depth == 0 { 0 } else { 2 } {
            group.add(1);
            let (group, count) = (Arc::clone(group), Arc::clone(count));
            thread::spawn(move || split(&group, &count, depth - 1));
        }
        count.fetch_add(1, Relaxed);
        group.done();
    }
    let (group, count) = (Arc::new(WaitGroup::new()), Arc::new(AtomicU32::new(0)));
    group.add(1);
    let waiters = crowd(5, |_| {
        let (group, count) = (Arc::clone(&group), Arc::clone(&count));
        move || {
            group.wait();
            assert_eq!(count.load(Relaxed), 127);
        }
    });
    split(&group, &count, 6);
    join_all(waiters);
}

/// A wait whose time is over leaves the others waiting; a group is used anew at once.
fn times() {
    let group = Arc::new(WaitGroup::new());
    assert!(group.wait_timeout(Duration::ZERO));
    group.add(1);
    let start = Instant::now();
    assert!(!group.wait_timeout(10 * MS));
    assert!(start.elapsed() >= 10 * MS);
    assert!(!group.wait_timeout(Duration::ZERO));
    let waiters = crowd(2, |number| {
        let group = Arc::clone(&group);
        let timeout = [Duration::MAX, Duration::from_secs(1000)][number];
        move || assert!(group.wait_timeout(timeout))
    });
    assert!(!group.wait_timeout(2 * MS));
    group.done();
    join_all(waiters);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("two_groups", two_groups),
    ("race", race),
    ("it_grows_while_many_wait", it_grows_while_many_wait),
    ("times", times),
];
