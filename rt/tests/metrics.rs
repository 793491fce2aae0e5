//! The runtime's numbers. One test, since it sets goroutines up for the whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rt::runtime::{Metrics, metrics, set_procs};

/// Waits until the numbers are as they must become; what they are after a long time otherwise.
fn wait_for(what: impl Fn(&Metrics) -> bool) -> Metrics {
    let start = Instant::now();
    while !what(&metrics()) && start.elapsed() < Duration::from_secs(20) {
        rt::thread::sleep(Duration::from_millis(5));
    }
    metrics()
}

/// Go: TestReadMetricsSched, TestMutexWaitTimeMetric, TestSchedPauseMetrics.
#[test]
fn the_numbers_follow_what_happens() {
    // SAFETY: nothing here keeps what belongs to a thread over a call that parks.
    unsafe { rt::run(body) }
}

fn body() {
    const MANY: u64 = 10;
    set_procs(2).unwrap();
    // The goroutine that told of the start is on its way out.
    let before = wait_for(|now| now.goroutines == 1);
    assert_eq!((before.procs, before.goroutines), (2, 1));

    // Waiting.
    let (sender, never) = rt::chan::bounded::<()>(0);
    for _ in 0..MANY {
        let never = never.clone();
        rt::go(move || assert!(never.recv().is_err()));
    }
    let now = wait_for(|now| now.waiting >= MANY);
    assert!(now.waiting >= MANY, "{now:?}");
    assert_eq!(now.goroutines_created, before.goroutines_created + MANY);
    assert_eq!(now.goroutines, before.goroutines + MANY);

    // Computing: more than there are Ps, so that some lose theirs.
    let stop = Arc::new(AtomicBool::new(false));
    let hogs = [(); 4].map(|()| {
        let stop = Arc::clone(&stop);
        rt::thread::spawn(move || while !stop.load(SeqCst) {})
    });
    let now = wait_for(|now| now.detached >= 4);
    assert_eq!(now.detached, 4, "{now:?}");
    assert!(now.taken_busy >= 4 && now.threads >= 4, "{now:?}");
    stop.store(true, SeqCst);
    hogs.into_iter().for_each(|hog| hog.join().unwrap());

    // Blocked, and back.
    let blocked =
        [(); 4].map(|()| rt::thread::spawn(|| std::thread::sleep(Duration::from_millis(100))));
    let now = wait_for(|now| now.taken_blocked > before.taken_blocked);
    assert!(now.taken_blocked > before.taken_blocked, "{now:?}");
    blocked.into_iter().for_each(|one| one.join().unwrap());
    let now = wait_for(|now| now.detached == 0);
    assert_eq!(now.detached, 0, "{now:?}");

    a_mutex_is_waited_for();

    // The world stops.
    let stops = metrics().pauses.count();
    set_procs(1).unwrap();
    set_procs(2).unwrap();
    let now = metrics();
    assert_eq!((now.pauses.count(), now.stopping.count()), (stops + 2, stops + 2));

    // Goroutines that are readied: one in some is timed.
    let (there, back) = (rt::chan::bounded(0), rt::chan::bounded(0));
    let echo = rt::thread::spawn(move || there.1.iter().for_each(|n: u32| back.0.send(n).unwrap()));
    for n in 0..1000 {
        there.0.send(n).unwrap();
        assert_eq!(back.1.recv(), Ok(n));
    }
    drop(there.0);
    echo.join().unwrap();
    assert!(metrics().latencies.count() > before.latencies.count());
    drop(sender);

    // Threads that idle for long end.
    let threads = now.threads;
    let now = wait_for(|now| now.threads < threads);
    assert!(now.threads < threads, "{now:?}");
}

fn a_mutex_is_waited_for() {
    let before = metrics();
    let lock = Arc::new(rt::sync::Mutex::new(()));
    let held = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    let waiter = rt::thread::spawn(move || drop(theirs.lock().unwrap()));
    wait_for(|now| now.waiting > before.waiting);
    rt::thread::sleep(Duration::from_millis(20));
    drop(held);
    waiter.join().unwrap();
    let waited = metrics().mutex_wait_ns - before.mutex_wait_ns;
    assert!(waited >= 10_000_000, "{waited} ns");
}
