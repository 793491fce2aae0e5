//! The read-write lock of std programs, on [`RawRwLock`]: data and poisoning. std:
//! `std::sync::RwLock`.
//!
//! # Safety
//! - **held**: a guard exists only between the raw lock's taking and its giving back, of its kind.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::poison::{Flag, LockResult, PoisonError, TryLockError, TryLockResult};
use crate::host::{Host, NoStd, deadline_after};

mod guards;
mod raw;
mod word;

pub use guards::{RwLockReadGuard, RwLockWriteGuard};
pub use raw::RawRwLock;

/// A lock that many may read or one may write. Readers run in parallel; a writer that waits keeps
/// new readers out, and readers that wait get in when a writer goes.
///
/// ```
/// type RwLock<T> = rt_sync::sync::RwLock<T>;
///
/// let lock = RwLock::new(5);
/// {
///     let (one, two) = (lock.read().unwrap(), lock.read().unwrap());
///     assert_eq!(*one + *two, 10);
/// }
/// *lock.write().unwrap() += 1;
/// assert_eq!(lock.into_inner().unwrap(), 6);
/// ```
///
/// std: `std::sync::RwLock`. Go: `sync.RWMutex`.
pub struct RwLock<T: ?Sized, H: Host = NoStd> {
    raw: RawRwLock,
    poison: Flag,
    host: PhantomData<fn() -> H>,
    data: UnsafeCell<T>, // guarded by raw: **held**
}

// SAFETY: **held**: the value moves between threads with the lock.
unsafe impl<T: ?Sized + Send, H: Host> Send for RwLock<T, H> {}
// SAFETY: as above; and readers share the value.
unsafe impl<T: ?Sized + Send + Sync, H: Host> Sync for RwLock<T, H> {}
impl<T: ?Sized, H: Host> UnwindSafe for RwLock<T, H> {}
impl<T: ?Sized, H: Host> RefUnwindSafe for RwLock<T, H> {}

impl<T, H: Host> RwLock<T, H> {
    rt_wait::const_unless_loom! {
        /// A free lock around `t`.
        #[inline]
        pub fn new(t: T) -> RwLock<T, H> {
            RwLock {
                raw: RawRwLock::new(),
                poison: Flag::new(),
                host: PhantomData,
                data: UnsafeCell::new(t),
            }
        }
    }

    /// The value.
    ///
    /// # Errors
    /// The value too, when the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poison.get();
        let data = self.data.into_inner();
        if poisoned { Err(PoisonError::new(data)) } else { Ok(data) }
    }
}

impl<T: ?Sized, H: Host> RwLock<T, H> {
    /// Waits until the lock can be read. Who reads already must not come again: a writer between
    /// would keep it out, and wait for it.
    ///
    /// # Errors
    /// The lock is taken, but a writer has panicked.
    #[inline]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T, H>> {
        self.raw.read();
        self.poison.wrap(RwLockReadGuard::new(self))
    }

    /// Reads if that can be had at once.
    ///
    /// # Errors
    /// `WouldBlock` when it cannot; `Poisoned` when it is taken, but a writer has panicked.
    #[inline]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T, H>> {
        let taken = self.raw.try_read();
        self.reads_if(taken)
    }

    /// Waits so long at most until the lock can be read. std has no counterpart.
    ///
    /// # Errors
    /// `WouldBlock` when the time is over; `Poisoned` as for [`RwLock::try_read`].
    pub fn try_read_for(&self, timeout: Duration) -> TryLockResult<RwLockReadGuard<'_, T, H>> {
        let taken = self.raw.try_read() || self.raw.read_until(deadline_after(timeout));
        self.reads_if(taken)
    }

    /// Waits until `deadline` at most until the lock can be read. std has no counterpart.
    ///
    /// # Errors
    /// `WouldBlock` when that time has come; `Poisoned` as for [`RwLock::try_read`].
    pub fn try_read_until(&self, deadline: H::Instant) -> TryLockResult<RwLockReadGuard<'_, T, H>> {
        let taken = self.raw.try_read() || self.raw.read_until(H::ns_of(deadline));
        self.reads_if(taken)
    }

    /// Waits until the lock can be written. Who holds it already waits for ever.
    ///
    /// # Errors
    /// The lock is taken, but a writer has panicked.
    #[inline]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T, H>> {
        self.raw.write();
        self.poison.wrap(RwLockWriteGuard::new(self))
    }

    /// Writes if that can be had at once.
    ///
    /// # Errors
    /// As for [`RwLock::try_read`].
    #[inline]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T, H>> {
        let taken = self.raw.try_write();
        self.writes_if(taken)
    }

    /// Waits so long at most until the lock can be written. std has no counterpart.
    ///
    /// # Errors
    /// As for [`RwLock::try_read_for`].
    pub fn try_write_for(&self, timeout: Duration) -> TryLockResult<RwLockWriteGuard<'_, T, H>> {
        let taken = self.raw.try_write() || self.raw.write_until(deadline_after(timeout));
        self.writes_if(taken)
    }

    /// Waits until `deadline` at most until the lock can be written. std has no counterpart.
    ///
    /// # Errors
    /// As for [`RwLock::try_read_until`].
    pub fn try_write_until(
        &self,
        deadline: H::Instant,
    ) -> TryLockResult<RwLockWriteGuard<'_, T, H>> {
        let taken = self.raw.try_write() || self.raw.write_until(H::ns_of(deadline));
        self.writes_if(taken)
    }

    /// Has a writer panicked, and nobody cleared that since?
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poison.get()
    }

    /// Says that the value is sound again.
    #[inline]
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The value, without locking: nobody else can have the lock.
    ///
    /// # Errors
    /// The value too, when the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let data = self.data.get_mut();
        self.poison.wrap(data)
    }

    #[inline(always)]
    fn reads_if(&self, taken: bool) -> TryLockResult<RwLockReadGuard<'_, T, H>> {
        if !taken {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.poison.wrap(RwLockReadGuard::new(self))?)
    }

    #[inline(always)]
    fn writes_if(&self, taken: bool) -> TryLockResult<RwLockWriteGuard<'_, T, H>> {
        if !taken {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.poison.wrap(RwLockWriteGuard::new(self))?)
    }
}

impl<T, H: Host> From<T> for RwLock<T, H> {
    fn from(t: T) -> RwLock<T, H> {
        RwLock::new(t)
    }
}

impl<T: Default, H: Host> Default for RwLock<T, H> {
    fn default() -> RwLock<T, H> {
        RwLock::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug, H: Host> fmt::Debug for RwLock<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => out.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => out.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => out.field("data", &format_args!("<locked>")),
        };
        out.field("poisoned", &self.poison.get()).finish_non_exhaustive()
    }
}
