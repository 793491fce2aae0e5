//! A lock for a few instructions: it spins, then yields the thread. Go: `runtime.mutex` as `hchan`
//! uses it.
//!
//! ```text
//!         lock: swap, reads FREE
//!   FREE ------------------------> TAKEN ---- unlock: plain store ----> FREE
//! ```
//!
//! One locked instruction for a pair, where a lock that can sleep needs two: its holder never
//! waits, so a waiter has nothing to sleep for. When the kernel stops the holder, waiters yield
//! their threads, and sleep if that does not help.
//!
//! # Safety
//! - **held**: a [`Guard`] exists only between the swap that read FREE and the store of FREE.
//! - **handed over**: the swap acquires what the store released.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

#[cfg(loom)]
use crate::atomic::checker;
use crate::atomic::{AtomicBool, Ordering, spin_step};
use crate::rank::{self, Rank};

const FREE: bool = false;
const TAKEN: bool = true;

/// So many looks before a waiter yields its thread, then so many yields before it sleeps.
const SPINS: u32 = 40;
/// Between looks it pauses, twice as long each time, up to this power of two. The lock's lines then
/// stay with the holder's core for many locks, where they would move for each: three times as fast
/// with two cores on one channel.
const BACK_OFF: u32 = 5;
const YIELDS: u32 = 20;
/// How long it sleeps, in µs.
const NAP_US: u64 = 50;

/// A lock around what one channel or lock has: nobody may block, allocate much or call user code
/// while holding it.
pub struct SpinLock<T> {
    taken: AtomicBool,
    #[cfg(loom)]
    gate: checker::sync::Mutex<()>, // spinning has no end in a model: there it sleeps
    #[cfg(loom)]
    kept: core::cell::UnsafeCell<Option<checker::sync::MutexGuard<'static, ()>>>, // while held raw
    value: core::cell::UnsafeCell<T>, // guarded by taken: **held**
}

// SAFETY: **held**, **handed over**: the value moves between threads with the lock.
unsafe impl<T: Send> Send for SpinLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    crate::const_unless_loom! {
        /// An unlocked lock.
        #[must_use]
        pub fn new(value: T) -> SpinLock<T> {
            SpinLock {
                taken: AtomicBool::new(FREE),
                #[cfg(loom)]
                gate: checker::sync::Mutex::new(()),
                #[cfg(loom)]
                kept: core::cell::UnsafeCell::new(None),
                value: core::cell::UnsafeCell::new(value),
            }
        }
    }

    /// Takes the lock.
    ///
    /// # Panics
    /// In debug builds, when the thread holds another one of the kind, or a lock of the scheduler.
    #[inline(always)]
    pub fn lock(&self) -> Guard<'_, T> {
        rank::acquire(Rank::Object);
        #[cfg(loom)]
        let _gate = self.gate.lock().unwrap();
        if self.taken.swap(TAKEN, Ordering::Acquire) != FREE {
            self.lock_slow();
        }
        Guard {
            lock: self,
            stays: PhantomData,
            #[cfg(loom)]
            _gate,
        }
    }

    /// Takes the lock without a guard: for who takes several, in an order of its own, and has a
    /// [`Several`].
    pub fn lock_raw(&self) {
        #[cfg(loom)]
        let gate = self.gate.lock().unwrap();
        if self.taken.swap(TAKEN, Ordering::Acquire) != FREE {
            self.lock_slow();
        }
        #[cfg(loom)]
        self.keep(gate);
    }

    /// Gives back what [`SpinLock::lock_raw`] took.
    ///
    /// # Safety
    /// **held**: by the caller, raw.
    pub unsafe fn unlock_raw(&self) {
        self.taken.store(FREE, Ordering::Release); // pairs with the swap in `lock`
        #[cfg(loom)]
        drop(self.kept());
    }

    /// The value of a lock that is held raw.
    ///
    /// # Safety
    /// **held**: by the caller, raw, and no other reference from here is in use.
    #[allow(clippy::mut_from_ref, reason = "the lock is the exclusive borrow")]
    pub unsafe fn get_raw(&self) -> &mut T {
        // SAFETY: the caller's.
        unsafe { &mut *self.value.get() }
    }

    #[cfg(loom)]
    fn keep(&self, gate: checker::sync::MutexGuard<'_, ()>) {
        // SAFETY: **held**; the guard is dropped by `unlock_raw`, while the lock is there.
        let gate = unsafe {
            core::mem::transmute::<
                checker::sync::MutexGuard<'_, ()>,
                checker::sync::MutexGuard<'static, ()>,
            >(gate)
        };
        // SAFETY: **held**.
        unsafe { *self.kept.get() = Some(gate) };
    }

    #[cfg(loom)]
    fn kept(&self) -> Option<checker::sync::MutexGuard<'static, ()>> {
        // SAFETY: **held**, until the guard goes.
        unsafe { (*self.kept.get()).take() }
    }

    /// The value, without locking: nobody else can have the lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// The value of a lock that nobody uses any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    #[cold]
    fn lock_slow(&self) {
        let mut looks = 0u32;
        loop {
            if self.taken.load(Ordering::Relaxed) == FREE
                && self.taken.swap(TAKEN, Ordering::Acquire) == FREE
            {
                return;
            }
            looks = looks.saturating_add(1);
            if looks < SPINS {
                back_off(looks.min(BACK_OFF));
            } else if looks < SPINS + YIELDS {
                rt_os::sys::thread::sched_yield();
            } else {
                rt_os::sys::thread::usleep(NAP_US);
            }
        }
    }
}

/// A place in the lock order for any number of locks that are taken raw. Dropped after they are
/// given back.
#[derive(Debug)]
#[must_use = "it stands for locks that are held"]
pub struct Several(());

impl Several {
    /// Stands for the locks that are taken from here on.
    pub fn begin() -> Several {
        rank::acquire(Rank::Object);
        Several(())
    }
}

impl Drop for Several {
    fn drop(&mut self) {
        rank::release(Rank::Object);
    }
}

fn back_off(power: u32) {
    for _ in 0..1u32 << if cfg!(loom) { 0 } else { power } {
        spin_step();
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// The lock, held. Dropping it unlocks.
#[derive(Debug)]
#[must_use = "dropping the guard unlocks"]
pub struct Guard<'a, T> {
    lock: &'a SpinLock<T>,
    /// With its thread, which unlocks.
    stays: PhantomData<*mut ()>,
    #[cfg(loom)]
    _gate: checker::sync::MutexGuard<'a, ()>,
}

// SAFETY: **held**: a guard that is shared gives out `&T` only.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: **held**.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: **held**, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        rank::release(Rank::Object);
        self.lock.taken.store(FREE, Ordering::Release); // pairs with the swap in `lock`
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn it_excludes() {
        let count = SpinLock::new(0u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        *count.lock() += 1;
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 40_000);
    }
}
