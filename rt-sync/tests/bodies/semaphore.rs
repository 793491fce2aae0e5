//! The semaphore and the wait group. Each body names the Go test it follows, if it follows one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rt_sync::host::Host;
use rt_sync::sync::{Semaphore, WaitGroup};

use super::spawn::{Joins, Spawner, join_all, until};

/// Go: `TestSemaphore`. Never more inside than there are permits.
pub(crate) fn hammer<H: Host>(s: impl Spawner, permits: u32, rounds: u32) {
    let shared = Arc::new((Semaphore::<H>::new(permits as usize), AtomicU32::new(0)));
    let started = (0..8u32).map(|i| {
        let shared = Arc::clone(&shared);
        s.spawn(move || {
            let mut rest = rounds;
            while rest > 0 {
                let wants = if i == 0 { permits } else { 1 };
                let permit = match i {
                    1 => shared.0.try_acquire(),
                    2 => shared.0.acquire_timeout(Duration::from_micros(u64::from(rest % 40))),
                    _ => Some(shared.0.acquire_many(wants as usize)),
                };
                let Some(permit) = permit else {
                    s.yield_now();
                    continue;
                };
                assert!(shared.1.fetch_add(wants, SeqCst) + wants <= permits);
                if rest.is_multiple_of(5) {
                    s.yield_now();
                }
                shared.1.fetch_sub(wants, SeqCst);
                rest -= 1;
                if rest.is_multiple_of(3) { permit.hand_off() } else { drop(permit) }
            }
        })
    });
    join_all(started.collect::<Vec<_>>());
    assert_eq!(shared.0.available_permits(), permits as usize);
    assert!(!shared.0.is_waited_for());
}

/// Nobody barges past the first waiter, though there is enough for it; when the first one gives up,
/// the next gets what it wants.
pub(crate) fn first_come_first_served<H: Host>(s: impl Spawner) {
    let semaphore = Arc::new(Semaphore::<H>::new(1));
    let theirs = Arc::clone(&semaphore);
    let big = s.spawn(move || theirs.acquire_many(3).forget());
    until(s, || semaphore.is_waited_for());
    assert!(semaphore.try_acquire().is_none());
    assert!(semaphore.acquire_many_timeout(2, Duration::ZERO).is_none());
    assert!(semaphore.acquire_timeout(Duration::from_millis(2)).is_none());
    assert_eq!(semaphore.available_permits(), 1);
    semaphore.add_permits(3);
    big.join();
    assert_eq!(semaphore.available_permits(), 1);
    let all = semaphore.acquire();
    let theirs = Arc::clone(&semaphore);
    let hasty = s.spawn(move || {
        let start = Instant::now();
        assert!(theirs.acquire_timeout(Duration::from_millis(30)).is_none());
        assert!(start.elapsed() >= Duration::from_millis(30));
    });
    until(s, || semaphore.is_waited_for());
    let theirs = Arc::clone(&semaphore);
    let patient = s.spawn(move || drop(theirs.acquire()));
    hasty.join();
    drop(all);
    patient.join();
    assert_eq!(semaphore.available_permits(), 1);
}

/// One that wanted much gives up: who came later and wants less gets it.
pub(crate) fn a_big_one_gives_up<H: Host>(s: impl Spawner) {
    let semaphore = Arc::new(Semaphore::<H>::new(1));
    let theirs = Arc::clone(&semaphore);
    let big = s.spawn(move || {
        assert!(theirs.acquire_many_timeout(2, Duration::from_millis(50)).is_none());
    });
    until(s, || semaphore.is_waited_for());
    drop(semaphore.acquire());
    big.join();
    assert!(!semaphore.is_waited_for());
}

/// Deadlines that have passed, and such as never come.
pub(crate) fn deadlines<H: Host<Instant = Instant>>(s: impl Spawner) {
    let semaphore = Arc::new(Semaphore::<H>::new(0));
    let past = Instant::now();
    assert!(semaphore.acquire_deadline(past).is_none());
    assert!(semaphore.acquire_timeout(Duration::ZERO).is_none());
    assert!(!semaphore.is_waited_for());
    let theirs = Arc::clone(&semaphore);
    let waits = s.spawn(move || theirs.acquire_timeout(Duration::MAX).unwrap().forget());
    s.sleep_ms(2);
    semaphore.add_permits(2);
    waits.join();
    assert!(semaphore.acquire_deadline(past).is_some());
    assert_eq!(semaphore.available_permits(), 1);
}

/// Go: `TestSemaHandoff1`, `TestSemaHandoff2`. The permit goes over. Returns how often who handed
/// it over went on after the other: of goroutines that is to be two thirds of the tries at least;
/// the order of threads is the kernel's.
pub(crate) fn hand_off<H: Host>(s: impl Spawner, tries: u32) -> u32 {
    let mut handed = 0;
    for _ in 0..tries {
        let shared = Arc::new((Semaphore::<H>::new(0), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        let waiter = s.spawn(move || {
            theirs.0.acquire().forget();
            let _ = theirs.1.compare_exchange(0, 1, SeqCst, SeqCst);
            theirs.0.release_handoff();
        });
        until(s, || shared.0.is_waited_for());
        shared.0.release_handoff();
        let _ = shared.1.compare_exchange(0, 2, SeqCst, SeqCst);
        waiter.join();
        assert_eq!(shared.0.available_permits(), 1);
        handed += u32::from(shared.1.load(SeqCst) == 1);
    }
    handed
}

/// Go: `TestWaitGroup`.
pub(crate) fn wait_group(s: impl Spawner, rounds: u32) {
    const SIZE: isize = 16;
    let groups = Arc::new((WaitGroup::new(), WaitGroup::new()));
    for _ in 0..rounds {
        groups.0.add(SIZE);
        groups.1.add(SIZE);
        let exited = Arc::new(AtomicU32::new(0));
        let started = (0..SIZE).map(|_| {
            let (groups, exited) = (Arc::clone(&groups), Arc::clone(&exited));
            s.spawn(move || {
                groups.0.done();
                groups.1.wait();
                exited.fetch_add(1, SeqCst);
            })
        });
        let started: Vec<_> = started.collect();
        groups.0.wait();
        for _ in 0..SIZE {
            assert_eq!(exited.load(SeqCst), 0);
            groups.1.done();
        }
        join_all(started);
    }
}

/// Go: `TestWaitGroupMisuse`.
pub(crate) fn wait_group_misuse() {
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

/// Go: `TestWaitGroupRace`. What was done before `done` is seen after `wait`.
pub(crate) fn wait_group_race(s: impl Spawner, rounds: u32) {
    for _ in 0..rounds {
        let shared = Arc::new((WaitGroup::new(), AtomicU32::new(0)));
        let started = [(); 2].map(|()| {
            shared.0.add(1);
            let shared = Arc::clone(&shared);
            s.spawn(move || {
                shared.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                shared.0.done();
            })
        });
        shared.0.wait();
        assert_eq!(shared.1.load(std::sync::atomic::Ordering::Relaxed), 2);
        join_all(started);
    }
}

/// A wait whose time is over leaves the others waiting; a group is used anew at once.
pub(crate) fn wait_group_times(s: impl Spawner) {
    let group = Arc::new(WaitGroup::new());
    assert!(group.wait_timeout(Duration::ZERO));
    group.add(1);
    let start = Instant::now();
    assert!(!group.wait_timeout(Duration::from_millis(10)));
    assert!(start.elapsed() >= Duration::from_millis(10));
    assert!(!group.wait_timeout(Duration::ZERO));
    let waiters = [Duration::MAX, Duration::from_secs(1000)].map(|timeout| {
        let group = Arc::clone(&group);
        s.spawn(move || assert!(group.wait_timeout(timeout)))
    });
    assert!(!group.wait_timeout(Duration::from_millis(2)));
    group.done();
    join_all(waiters);
}
