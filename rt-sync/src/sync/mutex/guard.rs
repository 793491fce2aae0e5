//! The mutex, held.
//!
//! # Safety
//! - **held**: a guard exists only between the raw lock's taking and its giving back.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::super::poison::{Entry, Flag};
use super::{Mutex, RawMutex};
use crate::host::{Host, NoStd};

/// The lock, held. Dropping it unlocks; a guard that is leaked leaves the lock held for ever.
/// std: `std::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a, H: Host = NoStd> {
    lock: &'a Mutex<T, H>,
    entry: Entry,
    _not_send: PhantomData<*mut ()>, // as std's
}

// SAFETY: **held**: a shared guard gives out shared references to the value only.
unsafe impl<T: ?Sized + Sync, H: Host> Sync for MutexGuard<'_, T, H> {}

impl<'a, T: ?Sized, H: Host> MutexGuard<'a, T, H> {
    /// The caller has just taken `lock`.
    #[inline(always)]
    pub(super) fn new(lock: &'a Mutex<T, H>) -> MutexGuard<'a, T, H> {
        MutexGuard { lock, entry: Flag::enter::<H>(), _not_send: PhantomData }
    }

    /// What a condition variable gives back and takes again, while the guard's owner waits.
    pub(in crate::sync) fn raw(&self) -> &'a RawMutex {
        &self.lock.raw
    }

    /// Is the lock poisoned? For who has waited with the guard.
    pub(in crate::sync) fn is_poisoned(&self) -> bool {
        self.lock.poison.get()
    }
}

impl<T: ?Sized, H: Host> Deref for MutexGuard<'_, T, H> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: **held**.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized, H: Host> DerefMut for MutexGuard<'_, T, H> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: **held**, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized, H: Host> Drop for MutexGuard<'_, T, H> {
    #[inline(always)]
    fn drop(&mut self) {
        self.lock.poison.leave::<H>(self.entry);
        // SAFETY: **held**: and from here on it is not.
        unsafe { self.lock.raw.unlock() };
    }
}

impl<T: ?Sized + fmt::Debug, H: Host> fmt::Debug for MutexGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, H: Host> fmt::Display for MutexGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
