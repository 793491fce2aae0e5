//! A runtime in which no goroutine changes its thread. A process of its own: the first
//! configuration stays.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::Duration;

fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    start::run(f)
}

mod start {
    //! # Safety
    //! - **pinned**: with this configuration the contract is void.
    #![allow(unsafe_code, reason = "**pinned**: starts the runtime")]

    pub(crate) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        let config = rt::Config { pinned: true, procs: Some(3), ..rt::Config::default() };
        // SAFETY: **pinned**.
        unsafe { rt::start(config) };
        // SAFETY: **pinned**.
        unsafe { rt::run(f) }
    }
}

fn here() -> ThreadId {
    std::thread::current().id()
}

/// Children and pipes are waited for by the poller here too: neighbours go on.
#[test]
fn children_keep_no_p() {
    run(|| {
        let mut sleep = rt::process::Command::new("sleep");
        sleep.arg("0.1");
        let mut children: Vec<_> = (0..20).map(|_| sleep.spawn().unwrap()).collect();
        let (mut reader, writer) = rt::io::pipe().unwrap();
        rt::thread::scope(|scope| {
            let reader = scope.spawn(|| std::io::Read::read(&mut reader, &mut [0]).unwrap());
            let wait = |child: &mut rt::process::Child| child.wait().unwrap().success();
            let waits: Vec<_> =
                children.iter_mut().map(|child| scope.spawn(move || wait(child))).collect();
            assert!(waits.into_iter().all(|wait| wait.join().unwrap()));
            drop(writer);
            assert_eq!(reader.join().unwrap(), 0);
        });
    });
}

/// What others ready comes to its turn beside goroutines that only yield to each other.
#[test]
fn who_is_readied_elsewhere_is_not_forgotten() {
    run(|| {
        for yielders in [3, 6, 9] {
            let stop = AtomicBool::new(false);
            rt::thread::scope(|scope| {
                for _ in 0..yielders {
                    scope.spawn(|| {
                        while !stop.load(Ordering::SeqCst) {
                            rt::thread::yield_now();
                        }
                    });
                }
                let waiters: Vec<_> = (0..9).map(|_| scope.spawn(rt::thread::park)).collect();
                let threads: Vec<_> = waiters.iter().map(|one| one.thread().clone()).collect();
                let elsewhere = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(5)); // they wait
                    threads.iter().for_each(rt::thread::Thread::unpark);
                });
                waiters.into_iter().for_each(|one| one.join().unwrap());
                elsewhere.join().unwrap();
                stop.store(true, Ordering::SeqCst);
            });
        }
    });
}

#[test]
fn goroutines_stay_and_spread() {
    let threads = Mutex::new(HashSet::new());
    run(|| {
        let work = |i: u64| {
            let home = here();
            let child = rt::thread::spawn(move || {
                let home = here();
                for round in 0..200 {
                    rt::thread::yield_now();
                    if round % 50 == i % 50 {
                        rt::thread::sleep(Duration::from_micros(100));
                    }
                    assert_eq!(here(), home);
                }
                home
            });
            let childs = child.join().unwrap();
            assert_eq!(here(), home, "a join across threads brings nobody along");
            [home, childs]
        };
        let handles: Vec<_> = (0..600).map(|i| rt::thread::spawn(move || work(i))).collect();
        for handle in handles {
            threads.lock().unwrap().extend(handle.join().unwrap());
        }
    });
    assert_eq!(threads.into_inner().unwrap().len(), 3, "each P has work, each P one thread");
}

#[test]
fn thread_locals_are_safe_to_keep() {
    thread_local!(static COUNT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
    run(|| {
        let handles: Vec<_> = (0..50)
            .map(|_| {
                rt::thread::spawn(|| {
                    COUNT.with(|count| {
                        let before = count.get();
                        rt::thread::yield_now(); // the reference lives on
                        count.set(count.get() + 1);
                        assert!(count.get() > before);
                    })
                })
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
    });
}

#[test]
fn plain_threads_timers_and_panics_go_on() {
    run(|| ());
    let threads: Vec<_> = (0..3)
        .map(|i| {
            std::thread::spawn(move || {
                let handle = rt::thread::spawn(move || {
                    rt::thread::sleep(Duration::from_millis(2));
                    i * 2
                });
                handle.join().unwrap()
            })
        })
        .collect();
    let sum: i32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(sum, 6);
    let parker = std::thread::current();
    let timer = rt::time::after_func(Duration::from_millis(1), move || parker.unpark());
    std::thread::park();
    assert!(!timer.stop());
    assert!(rt::thread::spawn(|| panic!("deliberate")).join().is_err());
    assert!(run(|| rt::runtime::set_procs(1)).is_err(), "as many as at the start");
    run(|| rt::blocking(|| std::thread::sleep(Duration::from_millis(1))));
}
