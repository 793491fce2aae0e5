//! The read-write lock, held.
//!
//! # Safety
//! - **held**: a guard exists only between the raw lock's taking and its giving back, of its kind.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::super::poison::{Entry, Flag};
use super::RwLock;
use super::raw::RawRwLock;
use crate::host::{Host, NoStd};

/// One read. Dropping it ends the read. A reader that panics poisons nothing. std:
/// `std::sync::RwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a, H: Host = NoStd> {
    data: NonNull<T>, // the lock's; covariant, and not Send, as std's
    raw: &'a RawRwLock,
    host: PhantomData<fn() -> H>,
}

/// The write. Dropping it ends the write. std: `std::sync::RwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a, H: Host = NoStd> {
    lock: &'a RwLock<T, H>,
    entry: Entry,
    _not_send: PhantomData<*mut ()>, // as std's
}

// SAFETY: **held**: a shared guard gives out shared references to the value only.
unsafe impl<T: ?Sized + Sync, H: Host> Sync for RwLockReadGuard<'_, T, H> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync, H: Host> Sync for RwLockWriteGuard<'_, T, H> {}

impl<'a, T: ?Sized, H: Host> RwLockReadGuard<'a, T, H> {
    /// The caller has just got a read of `lock`.
    #[inline(always)]
    pub(super) fn new(lock: &'a RwLock<T, H>) -> RwLockReadGuard<'a, T, H> {
        // SAFETY: a cell's address is not null.
        let data = unsafe { NonNull::new_unchecked(lock.data.get()) };
        RwLockReadGuard { data, raw: &lock.raw, host: PhantomData }
    }
}

impl<'a, T: ?Sized, H: Host> RwLockWriteGuard<'a, T, H> {
    /// The caller has just got the write of `lock`.
    #[inline(always)]
    pub(super) fn new(lock: &'a RwLock<T, H>) -> RwLockWriteGuard<'a, T, H> {
        RwLockWriteGuard { lock, entry: Flag::enter::<H>(), _not_send: PhantomData }
    }

    /// Makes the write a read. No writer comes between; readers that wait get in.
    pub fn downgrade(s: RwLockWriteGuard<'a, T, H>) -> RwLockReadGuard<'a, T, H> {
        let lock = s.lock;
        mem::forget(s);
        // SAFETY: **held**: the forgotten guard was the write.
        unsafe { lock.raw.downgrade() };
        RwLockReadGuard::new(lock)
    }
}

impl<T: ?Sized, H: Host> Deref for RwLockReadGuard<'_, T, H> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: **held**.
        unsafe { self.data.as_ref() }
    }
}

impl<T: ?Sized, H: Host> Deref for RwLockWriteGuard<'_, T, H> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: **held**.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized, H: Host> DerefMut for RwLockWriteGuard<'_, T, H> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: **held**, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized, H: Host> Drop for RwLockReadGuard<'_, T, H> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: **held**: and from here on it is not.
        unsafe { self.raw.read_unlock() };
    }
}

impl<T: ?Sized, H: Host> Drop for RwLockWriteGuard<'_, T, H> {
    #[inline(always)]
    fn drop(&mut self) {
        self.lock.poison.leave::<H>(self.entry);
        // SAFETY: **held**: and from here on it is not.
        unsafe { self.lock.raw.write_unlock() };
    }
}

impl<T: ?Sized + fmt::Debug, H: Host> fmt::Debug for RwLockReadGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug, H: Host> fmt::Debug for RwLockWriteGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, H: Host> fmt::Display for RwLockReadGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, H: Host> fmt::Display for RwLockWriteGuard<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
