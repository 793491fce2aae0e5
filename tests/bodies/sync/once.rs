//! What is done once, and the barrier.

use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::rt::sync::{Barrier, LazyLock, Once, OnceLock};
use crate::rt::thread;

use super::{MS, crowd, join_all};

/// TestOnce: who comes second waits for the first one's end.
fn it_runs_once() {
    let shared = Arc::new((Once::new(), AtomicU32::new(0)));
    let callers = crowd(10, |_| {
        let shared = Arc::clone(&shared);
        move || {
            shared.0.call_once(|| {
                thread::sleep(2 * MS);
                shared.1.fetch_add(1, SeqCst);
            });
            assert_eq!(shared.1.load(SeqCst), 1);
        }
    });
    shared.0.wait();
    assert_eq!(shared.1.load(SeqCst), 1);
    join_all(callers);
    assert!(shared.0.is_completed());
}

/// TestOnceFunc, TestOnceValue: the value is made once, and all get it.
fn once_lock() {
    let shared = Arc::new((OnceLock::<String>::new(), AtomicU32::new(0)));
    let theirs = Arc::clone(&shared);
    let waits = thread::spawn(move || assert_eq!(theirs.0.wait(), "made"));
    let callers = crowd(10, |_| {
        let shared = Arc::clone(&shared);
        move || {
            let value = shared.0.get_or_init(|| {
                thread::yield_now();
                shared.1.fetch_add(1, SeqCst);
                "made".into()
            });
            assert_eq!(value, "made");
        }
    });
    join_all(callers);
    waits.join().unwrap();
    assert_eq!(shared.1.load(SeqCst), 1);
    assert_eq!(shared.0.set("other".into()), Err("other".into()));
}

/// TestOnceValue: nobody sees the value before it is whole.
fn lazy_lock() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let before = MADE.load(SeqCst);
    let lazy = Arc::new(LazyLock::<u32>::new(|| {
        thread::sleep(MS);
        MADE.fetch_add(1, SeqCst);
        41
    }));
    let lookers = crowd(10, |_| {
        let lazy = Arc::clone(&lazy);
        move || assert_eq!(**lazy, 41)
    });
    join_all(lookers);
    assert_eq!(MADE.load(SeqCst), before + 1);
}

/// All of a round are there before one goes on; one leads.
fn barrier() {
    const SIZE: u32 = 5;
    const ROUNDS: u32 = 200;
    let shared = Arc::new((Barrier::new(SIZE as usize), AtomicU32::new(0), AtomicU32::new(0)));
    let started = crowd(SIZE as usize, |_| {
        let shared = Arc::clone(&shared);
        move || {
            for round in 1..=ROUNDS {
                shared.1.fetch_add(1, SeqCst);
                if shared.0.wait().is_leader() {
                    shared.2.fetch_add(1, SeqCst);
                }
                assert!(shared.1.load(SeqCst) >= round * SIZE);
                shared.0.wait();
                assert_eq!(shared.2.load(SeqCst), round);
                shared.0.wait();
            }
        }
    });
    join_all(started);
    assert_eq!(shared.1.load(SeqCst), SIZE * ROUNDS);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("it_runs_once", it_runs_once),
    ("once_lock", once_lock),
    ("lazy_lock", lazy_lock),
    ("barrier", barrier),
];
