//! What goroutines promise and threads cannot: who runs when, and what one P is enough for.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use crate::rt::chan::bounded;
use crate::rt::sync::{Mutex, Semaphore};
use crate::rt::thread;
use crate::rt::time::Duration;

/// TestSemaHandoff, TestSemaHandoff1, TestSemaHandoff2: a permit that is handed over runs its new
/// owner before the old one goes on; in two thirds of the tries at least, other Ps being busy.
fn semaphore_hand_off() {
    const TRIES: u32 = if cfg!(any(rt_tsan, rt_asan)) { 500 } else { 10_000 };
    const BUSY: usize = 4;
    let stop = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..BUSY)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    thread::yield_now();
                }
            })
        })
        .collect();
    let handed = (0..TRIES).filter(|_| is_handed_over()).count();
    stop.store(true, SeqCst);
    busy.into_iter().for_each(|one| one.join().unwrap());
    assert!(handed >= TRIES as usize * 2 / 3, "{handed} of {TRIES}");
}

/// Did the waiter go on first?
fn is_handed_over() -> bool {
    const WAITER: u32 = 1;
    const OWNER: u32 = 2;
    let shared = Arc::new((Semaphore::new(0), AtomicU32::new(0)));
    let theirs = Arc::clone(&shared);
    let waiter = thread::spawn(move || {
        theirs.0.acquire().forget();
        let _ = theirs.1.compare_exchange(0, WAITER, SeqCst, SeqCst);
        theirs.0.release_handoff();
    });
    while !shared.0.is_waited_for() {
        thread::yield_now();
    }
    shared.0.release_handoff();
    let _ = shared.1.compare_exchange(0, OWNER, SeqCst, SeqCst);
    waiter.join().unwrap();
    assert_eq!(shared.0.available_permits(), 1);
    shared.1.load(SeqCst) == WAITER
}

/// T1: a ring of goroutines that wait for each other, and hold a lock over a sleep while all others
/// want it. No wait may cost a P: one is enough.
fn waits_cost_no_p() {
    const RING: usize = 200;
    const LAPS: usize = 20;
    let (start, mut last) = bounded::<usize>(0);
    let lock = Arc::new(Mutex::new(0));
    let ring: Vec<_> = (0..RING)
        .map(|number| {
            let (out, next) = bounded(0);
            let from = core::mem::replace(&mut last, next);
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                for token in from {
                    let mut held = lock.lock().unwrap();
                    if (token + number).is_multiple_of(64) {
                        thread::sleep(Duration::from_micros(50));
                    }
                    *held += 1;
                    drop(held);
                    out.send(token + 1).unwrap();
                }
            })
        })
        .collect();
    let feeder = thread::spawn(move || (0..LAPS).for_each(|lap| start.send(lap).unwrap()));
    (0..LAPS).for_each(|lap| assert_eq!(last.recv(), Ok(lap + RING)));
    feeder.join().unwrap();
    ring.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(*lock.lock().unwrap(), RING * LAPS);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] =
    &[("semaphore_hand_off", semaphore_hand_off), ("waits_cost_no_p", waits_cost_no_p)];
