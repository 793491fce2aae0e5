//! Programs that are traced; each returns the trace, and what the runtime itself has counted.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use crate::rt::chan::bounded;
use crate::rt::runtime::trace::{self, Options, Trace, TraceError};
use crate::rt::runtime::{self, Metrics};
use crate::rt::sync::Mutex;
use crate::rt::thread;
use crate::rt::time::Duration;

/// A program by its name.
pub(crate) type Body = (&'static str, fn() -> Traced);

/// A trace, between two looks at the numbers.
pub(crate) struct Traced {
    pub(crate) trace: Trace,
    pub(crate) before: Metrics,
    pub(crate) after: Metrics,
}

/// Traces `f`.
fn traced(options: Options, f: impl FnOnce()) -> Traced {
    let before = runtime::metrics();
    trace::start(options).expect("none is on");
    f();
    let trace = trace::stop().expect("it was on");
    Traced { trace, before, after: runtime::metrics() }
}

/// Goroutines send to each other, sleep, lock, yield and say what they do.
fn talk() -> Traced {
    let (early, gate) = bounded::<()>(0);
    let early_one = thread::spawn(move || gate.recv().is_ok());
    while runtime::metrics().waiting == 0 {
        thread::sleep(Duration::from_micros(100)); // until it waits
    }
    let result = traced(Options::default(), || {
        let (sender, receiver) = bounded(0);
        let lock = Arc::new(Mutex::new(0));
        let senders: Vec<_> = (0..3)
            .map(|number| {
                let (sender, lock) = (sender.clone(), Arc::clone(&lock));
                thread::spawn(move || {
                    let _region = trace::region("sends \"all\"\n");
                    for i in 0..50 {
                        sender.send(number * 50 + i).expect("it receives");
                        *lock.lock().expect("nobody panics") += 1;
                        thread::yield_now();
                    }
                    trace::mark("sent");
                })
            })
            .collect();
        drop(sender);
        thread::sleep(Duration::from_millis(1)); // they wait for it
        let inner = trace::region("receives");
        let sum: u32 = receiver.iter().sum();
        drop(inner);
        assert_eq!(sum, (0..150).sum());
        senders.into_iter().for_each(join);
        thread::sleep(Duration::from_millis(2));
        early.send(()).expect("it waits");
        assert_eq!(*lock.lock().expect("nobody panics"), 150);
    });
    assert!(join(early_one));
    result
}

fn join<T>(task: thread::JoinHandle<T>) -> T {
    task.join().expect("it returns")
}

/// Two compute without end, others take their Ps.
fn hogs() -> Traced {
    traced(Options::default(), || {
        let stop = Arc::new(AtomicBool::new(false));
        let hogs: Vec<_> = (0..2)
            .map(|_| {
                let stop = Arc::clone(&stop);
                thread::spawn(move || {
                    while !stop.load(Relaxed) {
                        spin_loop();
                    }
                    trace::mark("a hog is back");
                    thread::yield_now();
                })
            })
            .collect();
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(3));
        }
        stop.store(true, Relaxed);
        hogs.into_iter().for_each(join);
    })
}

/// So many run at once: each on a P of its own, unless they take longer than a time slice to come.
fn meet(count: u32) {
    let there = Arc::new(AtomicU32::new(0));
    let comes = |_| {
        let there = Arc::clone(&there);
        thread::spawn(move || {
            there.fetch_add(1, Relaxed);
            while there.load(Relaxed) < count {
                spin_loop();
            }
        })
    };
    let all: Vec<_> = (0..count).map(comes).collect();
    all.into_iter().for_each(join);
}

/// The number of Ps changes while goroutines come and go. Go: `TestTraceSTW`, in part.
fn resizes() -> Traced {
    let procs = runtime::procs();
    let result = traced(Options::default(), || {
        let maker = thread::spawn(|| {
            for _ in 0..3000 {
                join(thread::spawn(thread::yield_now));
            }
        });
        for i in 0..60 {
            let procs = 1 + i % 5;
            runtime::set_procs(procs).expect("there is memory for five Ps");
            thread::yield_now();
            if procs == 5 {
                meet(3);
            }
        }
        join(maker);
    });
    runtime::set_procs(procs).expect("there were so many");
    result
}

/// More happens than the rings hold.
fn wraps() -> Traced {
    let (never, waits) = bounded::<()>(0);
    let waiter = thread::spawn(move || waits.recv().is_err());
    thread::yield_now();
    let options = Options::default().events_per_p(256);
    let result = traced(options, || {
        let (sender, receiver) = bounded(0);
        let task = thread::spawn(move || receiver.iter().sum::<u32>());
        (0..2000).for_each(|i| sender.send(i).expect("it receives"));
        drop(sender);
        assert_eq!(join(task), (0..2000).sum());
    });
    drop(never);
    assert!(join(waiter));
    assert!(result.trace.lost() > 0);
    result
}

/// It begins and ends many times under load, by several goroutines. Go: `TestTraceStressStartStop`.
fn again() -> Traced {
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..3)
        .map(|i| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(Relaxed) {
                    match i {
                        0 => (0..1000).for_each(|_| spin_loop()),
                        1 => thread::sleep(Duration::from_micros(50)),
                        _ => join(thread::spawn(thread::yield_now)),
                    }
                }
            })
        })
        .collect();
    let rivals: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                let mut traces = 0;
                while traces < 20 {
                    match trace::start(Options::default().events_per_p(64)) {
                        Ok(()) => {}
                        Err(error) => assert_eq!(error, TraceError::AlreadyOn),
                    }
                    thread::yield_now();
                    match trace::stop() {
                        Ok(_) => traces += 1,
                        Err(error) => assert_eq!(error, TraceError::NotOn),
                    }
                }
            })
        })
        .collect();
    rivals.into_iter().for_each(join);
    assert!(!trace::is_on());
    let result = traced(Options::default(), || thread::sleep(Duration::from_millis(1)));
    stop.store(true, Relaxed);
    load.into_iter().for_each(join);
    result
}

/// What is asked for at the wrong time, or too large.
fn wrong() -> Traced {
    assert_eq!(trace::stop().err(), Some(TraceError::NotOn));
    let huge = Options::default().events_per_p(1 << 58);
    assert_eq!(trace::start(huge), Err(TraceError::NoMemory));
    assert!(!trace::is_on());
    trace::mark("nobody hears it");
    let region = trace::region("nor it");
    traced(Options::default(), || {
        assert_eq!(trace::start(Options::default()), Err(TraceError::AlreadyOn));
        drop(region); // its beginning was not seen
    })
}

pub(crate) const ALL: &[Body] = &[
    ("talk", talk),
    ("hogs", hogs),
    ("resizes", resizes),
    ("wraps", wraps),
    ("again", again),
    ("wrong", wrong),
];
