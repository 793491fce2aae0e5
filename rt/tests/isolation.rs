//! A panic stays where it happens.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::with_procs;
use rt::chan::{Select, bounded};
use rt::sync::Mutex;
use rt::thread::{sleep, spawn};

/// Counts its drops, and panics in the first.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            panic_any("in a drop");
        }
    }
}

/// A result that panics when its handle drops it leaves no stack behind.
#[test]
fn results_that_panic_when_dropped_leave_nothing_behind() {
    const ROUNDS: usize = 8000; // 2 GiB of stacks
    let test = "results_that_panic_when_dropped_leave_nothing_behind";
    if let Some(output) = common::in_a_child(test) {
        return assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    std::panic::set_hook(Box::new(|_| ()));
    common::run(|| {
        common::limit_address_space(1 << 30);
        for _ in 0..ROUNDS {
            let first = Arc::new(AtomicUsize::new(0));
            let handle = spawn({
                let first = Arc::clone(&first);
                move || Counted(first)
            });
            while !handle.is_finished() {
                rt::thread::yield_now();
            }
            assert!(catch_unwind(AssertUnwindSafe(|| drop(handle))).is_err());
            assert_eq!(first.load(Ordering::Relaxed), 1);
        }
        common::unlimit_address_space();
    });
}

/// The panic of a blocking call is counted and uncounted by one thread, whatever thread the
/// goroutine comes back on.
#[test]
fn a_blocking_call_panics() {
    with_procs(|| {
        let busy = (0..4).map(|_| {
            spawn(|| {
                let start = Instant::now();
                while start.elapsed() < Duration::from_millis(100) {
                    std::hint::spin_loop();
                }
            })
        });
        let busy: Vec<_> = busy.collect();
        let callers = (0..4).map(|_| {
            spawn(|| {
                let call = || {
                    rt::blocking(|| {
                        std::thread::sleep(Duration::from_millis(20));
                        panic_any(7u32);
                    });
                };
                let panic = catch_unwind(call).unwrap_err();
                assert_eq!(panic.downcast_ref(), Some(&7u32));
            })
        });
        callers.collect::<Vec<_>>().into_iter().for_each(|caller| caller.join().unwrap());
        busy.into_iter().for_each(|busy| busy.join().unwrap());
        let unwinds = spawn(|| {
            let _slow = SlowDrop;
            panic_any("slowly");
        });
        // The process counts one panic: threads whose own count is wrong show it now.
        let seen: Vec<_> = (0..8)
            .map(|_| rt::thread::Builder::new().pinned().spawn(std::thread::panicking).unwrap())
            .collect();
        assert!(seen.into_iter().all(|seen| !seen.join().unwrap()));
        let mutex = Mutex::new(());
        drop(mutex.lock());
        assert!(!mutex.is_poisoned());
        assert!(unwinds.join().is_err());
    });
}

/// Takes its time to be dropped.
struct SlowDrop;

impl Drop for SlowDrop {
    fn drop(&mut self) {
        sleep(Duration::from_millis(30));
    }
}

/// What a timer's function has captured is dropped in its goroutine.
#[test]
fn a_timers_captures_panic_when_dropped() {
    with_procs(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (captured, (sender, receiver)) = (Counted(Arc::clone(&drops)), bounded(1));
        drop(rt::time::after_func(Duration::from_millis(1), move || {
            let _ = (&captured, sender.send(()));
        }));
        receiver.recv().unwrap();
        assert!(receiver.recv().is_err(), "the function goes, with all it has");
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

/// More channels than the lock order has room for.
#[test]
fn a_select_of_many_channels() {
    with_procs(|| {
        for count in [9, 70, 1000] {
            let pairs: Vec<_> = (0..count).map(|_| bounded::<usize>(0)).collect();
            let sender = pairs[count - 1].0.clone();
            let sends = spawn(move || sender.send(count));
            let mut select = Select::new();
            for (_, receiver) in &pairs {
                select.recv(receiver);
            }
            let selected = select.select();
            let receiver = &pairs[selected.index()].1;
            assert_eq!(selected.recv(receiver), Ok(count));
            sends.join().unwrap().unwrap();
        }
    });
}
