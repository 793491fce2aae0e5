//! Goroutines that are tied to their threads, while the number of Ps changes and others pull at
//! them.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use common::with_procs;
use rt::runtime::{lock_os_thread, set_procs, unlock_os_thread};
use rt::thread::{Builder, scope, sleep, yield_now};

/// A tied goroutine that wakes just when the world stops is in no queue: nobody else would find it.
#[test]
fn the_world_stops_beside_tied_goroutines() {
    const ROUNDS: usize = 300;
    with_procs(|| {
        let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        lock_os_thread();
                        yield_now();
                        sleep(Duration::from_micros(10));
                        unlock_os_thread();
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
            scope.spawn(|| {
                for procs in (1..=4).cycle() {
                    set_procs(procs).unwrap();
                    yield_now();
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            while done.load(Ordering::Relaxed) < 4 {
                sleep(Duration::from_millis(1));
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_pinned_goroutine_cannot_be_untied() {
    let here = || std::thread::current().id();
    with_procs(|| {
        let pinned = Builder::new().pinned().spawn(move || {
            let home = here();
            lock_os_thread();
            (0..3).for_each(|_| unlock_os_thread());
            for _ in 0..200 {
                sleep(Duration::from_micros(20));
                assert_eq!(here(), home);
            }
        });
        let others = (0..4).map(|_| rt::thread::spawn(|| (0..2000).for_each(|_| yield_now())));
        let others: Vec<_> = others.collect();
        pinned.unwrap().join().unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// In a blocking call there is no P that could stop the world.
#[test]
fn procs_may_be_set_in_a_blocking_call() {
    with_procs(|| {
        let before = rt::blocking(|| set_procs(3).unwrap());
        assert_eq!(rt::runtime::procs(), 3);
        set_procs(before).unwrap();
        assert!(set_procs(0).is_err());
    });
}
