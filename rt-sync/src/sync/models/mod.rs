//! Models of the locks: every order of every step that loom can find, up to the bound on
//! preemptions.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use crate::wait::shown;

mod condvar;
mod mutex;
mod once;
mod rwlock;
mod semaphore;
mod wait_group;

/// A time that is not over until the model says so.
const SOME_TIME: u64 = 1;

/// A value that loom watches: a write beside another access fails the model.
struct Watched(UnsafeCell<u32>);

mod watched {
    //! # Safety
    //! - **watched**: loom fails the model when the accesses below overlap.
    #![allow(unsafe_code, reason = "**watched**: the cell is what is tested")]

    use super::{UnsafeCell, Watched};
    use crate::sync::raw::{RawMutex, RawRwLock};

    // SAFETY: **watched**.
    unsafe impl Sync for Watched {}
    // SAFETY: **watched**.
    unsafe impl Send for Watched {}

    impl Watched {
        pub(super) fn new() -> Watched {
            Watched(UnsafeCell::new(0))
        }

        pub(super) fn add(&self) -> u32 {
            self.0.with_mut(|value| {
                // SAFETY: **watched**.
                unsafe { *value += 1 };
                // SAFETY: **watched**.
                unsafe { *value }
            })
        }

        pub(super) fn get(&self) -> u32 {
            // SAFETY: **watched**.
            self.0.with(|value| unsafe { *value })
        }
    }

    /// Gives back what the model has taken.
    pub(super) fn unlock(lock: &RawMutex) {
        // SAFETY: the model holds it.
        unsafe { lock.unlock() };
    }

    pub(super) fn read_unlock(lock: &RawRwLock) {
        // SAFETY: the model holds it.
        unsafe { lock.read_unlock() };
    }

    pub(super) fn write_unlock(lock: &RawRwLock) {
        // SAFETY: the model holds it.
        unsafe { lock.write_unlock() };
    }

    pub(super) fn downgrade(lock: &RawRwLock) {
        // SAFETY: the model holds it.
        unsafe { lock.downgrade() };
    }
}

/// Starts a thread of the model with a share of what it is about.
fn with<T: 'static>(shared: &Arc<T>, f: impl FnOnce(&T) + 'static) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || f(&shared))
}

/// The deadline comes for the one wait that has one. False: it does not wait.
fn strike() -> bool {
    shown::strike(|_| 0)
}

/// The thread that plays the deadline of the one wait that has one.
fn clock() -> JoinHandle<()> {
    thread::spawn(|| {
        strike();
    })
}
