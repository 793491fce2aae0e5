//! Models of the protocols of this crate: every order of every step that loom can find.

use std::pin::pin;
use std::vec::Vec;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::mutex::Mutex;
use crate::note::Note;
use crate::park::{Spot, WaitReason, Waiter};
use crate::rank::Rank;

/// A value that loom watches: two threads in it at once fail the model.
struct Watched(UnsafeCell<u32>);

mod watched {
    //! # Safety
    //! - **watched**: loom fails the model when the accesses below overlap.
    #![allow(unsafe_code, reason = "**watched**: the cell is what is tested")]

    use super::Watched;

    // SAFETY: **watched**.
    unsafe impl Sync for Watched {}
    // SAFETY: **watched**.
    unsafe impl Send for Watched {}

    impl Watched {
        pub(super) fn add(&self) -> u32 {
            self.0.with_mut(|value| {
                // SAFETY: **watched**.
                unsafe { *value += 1 };
                // SAFETY: **watched**.
                unsafe { *value }
            })
        }
    }

    /// Readies a waiter that was taken out of its object.
    pub(super) fn ready(waiter: super::Waiter) {
        // SAFETY: the model takes each waiter out once.
        unsafe { waiter.ready() };
    }
}

#[test]
fn loom_mutex_excludes_and_wakes() {
    loom::model(|| {
        let lock = Arc::new(Mutex::new(Rank::Leaf, ()));
        let value = Arc::new(Watched(UnsafeCell::new(0)));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (lock, value) = (Arc::clone(&lock), Arc::clone(&value));
                thread::spawn(move || {
                    let held = lock.lock();
                    value.add();
                    drop(held);
                })
            })
            .collect();
        let held = lock.lock();
        value.add();
        drop(held);
        for thread in threads {
            thread.join().unwrap();
        }
        let held = lock.lock();
        assert_eq!(value.add(), 4);
        drop(held);
    });
}

#[test]
fn loom_note_wakes_its_sleeper_twice() {
    loom::model(|| {
        let notes = Arc::new((Note::new(), Note::new()));
        let value = Arc::new(Watched(UnsafeCell::new(0)));
        let (theirs, their_value) = (Arc::clone(&notes), Arc::clone(&value));
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                theirs.0.sleep();
                theirs.0.clear();
                their_value.add();
                theirs.1.wakeup();
            }
        });
        for round in 1..=2 {
            value.add();
            notes.0.wakeup();
            notes.1.sleep();
            notes.1.clear();
            assert_eq!(value.add(), 3 * round);
        }
        thread.join().unwrap();
    });
}

#[test]
fn loom_note_may_be_seen_by_spinning() {
    loom::model(|| {
        let note = Arc::new(Note::new());
        let value = Arc::new(Watched(UnsafeCell::new(0)));
        let (theirs, their_value) = (Arc::clone(&note), Arc::clone(&value));
        let thread = thread::spawn(move || {
            their_value.add();
            theirs.wakeup();
        });
        if !note.spin(1) {
            note.sleep();
        }
        assert_eq!(value.add(), 2);
        thread.join().unwrap();
    });
}

#[test]
fn loom_park_meets_its_ready() {
    loom::model(|| {
        let door = Arc::new(Mutex::new(Rank::Leaf, (None::<Waiter>, false)));
        let theirs = Arc::clone(&door);
        // The waiter's spot must outlive the wake-up by address: the model keeps it on this stack.
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let thread = thread::spawn(move || {
            let mut held = theirs.lock();
            held.1 = true;
            let waiter = held.0.take();
            drop(held);
            if let Some(waiter) = waiter {
                watched::ready(waiter);
            }
        });
        let mut held = door.lock();
        if held.1 {
            drop(held);
        } else {
            spot.prepare(WaitReason::Semacquire);
            held.0 = Some(spot.waiter());
            drop(held);
            spot.commit();
        }
        thread.join().unwrap();
        assert!(door.lock().1);
    });
}

#[test]
fn loom_a_cancelled_wait_leaves_the_spot_usable() {
    loom::model(|| {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        spot.prepare(WaitReason::Semacquire);
        spot.cancel();
        spot.prepare(WaitReason::Semacquire);
        let waiter = spot.waiter();
        let thread = thread::spawn(move || watched::ready(waiter));
        spot.commit();
        thread.join().unwrap();
    });
}
