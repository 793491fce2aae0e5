//! The runtime's own lock: it blocks the thread (the M). Go: `runtime.mutex`, `lock`, `unlock`.
//!
//! ```text
//!            lock: CAS (1)                 lock: swap (2)
//!   UNLOCKED ------------> LOCKED -------------------------> CONTENDED
//!      ^                      |                                  |
//!      +------ unlock (3) ----+----------- unlock + wake (4) ----+
//!
//!   1  lock, try_lock: nobody holds it
//!   2  lock after spinning: whoever unlocks must wake one; a waiter that gets the lock this way
//!      leaves CONTENDED behind, since it cannot know whether others sleep
//!   3  unlock found LOCKED        4  unlock found CONTENDED
//! ```
//!
//! # Safety
//! - **held**: a [`Guard`] exists only between the transition into LOCKED or CONTENDED by its
//!   thread and the one back to UNLOCKED; so at most one exists.
//! - **handed over**: (1) and (2) acquire what (3) and (4) released.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::atomic::{Ordering, spin_step};
use crate::futex::FutexWord;
use crate::rank::{self, Rank};

const UNLOCKED: u32 = 0;
const LOCKED: u32 = 1;
const CONTENDED: u32 = 2;

/// Looks at the word this often before it sleeps: a critical section of ours is shorter than a
/// futex call. Go: `active_spin` x `active_spin_cnt`.
const SPINS: u32 = if cfg!(loom) { 1 } else { 100 };

/// A lock around a `T`, with a place in the lock order. Not fair; no poisoning: a panic in the
/// runtime ends the program.
pub struct Mutex<T> {
    word: FutexWord,
    rank: Rank,
    value: UnsafeCell<T>, // guarded by word: **held**
}

// SAFETY: **held**, **handed over**: the value moves between threads with the lock.
unsafe impl<T: Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// An unlocked lock.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(rank: Rank, value: T) -> Mutex<T> {
        Mutex { word: FutexWord::new(UNLOCKED), rank, value: UnsafeCell::new(value) }
    }

    /// An unlocked lock.
    #[cfg(loom)]
    #[must_use]
    pub fn new(rank: Rank, value: T) -> Mutex<T> {
        Mutex { word: FutexWord::new(UNLOCKED), rank, value: UnsafeCell::new(value) }
    }

    /// Waits for the lock and takes it.
    ///
    /// # Panics
    /// In debug builds, when the lock order of [`crate::rank`] is broken.
    #[inline]
    pub fn lock(&self) -> Guard<'_, T> {
        rank::acquire(self.rank);
        if self.word.compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire).is_err() {
            self.lock_slow();
        }
        Guard { lock: self, stays: PhantomData }
    }

    /// Takes the lock if nobody holds it.
    #[inline]
    #[must_use]
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        self.word.compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire).ok()?;
        rank::acquire_unordered(self.rank);
        Some(Guard { lock: self, stays: PhantomData })
    }

    /// The value, without locking: nobody else can have the lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    #[cold]
    fn lock_slow(&self) {
        for _ in 0..SPINS {
            if self.word.load(Ordering::Relaxed) == UNLOCKED
                && self.word.compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire).is_ok()
            {
                return;
            }
            spin_step();
        }
        while self.word.swap(CONTENDED, Ordering::Acquire) != UNLOCKED {
            self.word.wait(CONTENDED, None);
        }
    }

    #[inline]
    fn unlock(&self) {
        rank::release(self.rank);
        if self.word.swap(UNLOCKED, Ordering::Release) == CONTENDED {
            self.word.wake(1);
        }
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("rank", &self.rank).finish_non_exhaustive()
    }
}

/// The lock, held. Dropping it unlocks.
#[derive(Debug)]
#[must_use = "dropping the guard unlocks"]
pub struct Guard<'a, T> {
    lock: &'a Mutex<T>,
    /// With its thread, which unlocks.
    stays: PhantomData<*mut ()>,
}

// SAFETY: **held**: a guard that is shared gives out `&T` only.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: **held**.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: **held**, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.unlock();
    }
}
