//! The mutex of std programs, on [`RawMutex`]: data and poisoning. std: `std::sync::Mutex`.
//!
//! # Safety
//! - **held**: a guard exists only between the raw lock's taking and its giving back.
#![allow(unsafe_code, reason = "**held**: a lock gives out its data")]

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::poison::{Flag, LockResult, TryLockError, TryLockResult};
use crate::host::{Host, NoStd, deadline_after};

mod guard;
mod raw;
mod word;

pub use guard::MutexGuard;
pub use raw::RawMutex;

/// A lock around a `T`. Waiting for it parks the goroutine, or puts the thread to sleep. Who has
/// waited for 1 ms gets the lock before newcomers.
///
/// ```
/// type Mutex<T> = rt_sync::sync::Mutex<T>;
///
/// static COUNT: Mutex<u32> = Mutex::new(0);
/// *COUNT.lock().unwrap() += 1;
/// assert_eq!(*COUNT.lock().unwrap(), 1);
/// ```
///
/// std: `std::sync::Mutex`. Go: `sync.Mutex`.
pub struct Mutex<T: ?Sized, H: Host = NoStd> {
    raw: RawMutex,
    poison: Flag,
    host: PhantomData<fn() -> H>,
    data: UnsafeCell<T>, // guarded by raw: **held**
}

// SAFETY: **held**: the value moves between threads with the lock.
unsafe impl<T: ?Sized + Send, H: Host> Send for Mutex<T, H> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send, H: Host> Sync for Mutex<T, H> {}
impl<T: ?Sized, H: Host> UnwindSafe for Mutex<T, H> {}
impl<T: ?Sized, H: Host> RefUnwindSafe for Mutex<T, H> {}

impl<T, H: Host> Mutex<T, H> {
    rt_wait::const_unless_loom! {
        /// A free lock around `t`.
        #[inline]
        pub fn new(t: T) -> Mutex<T, H> {
            Mutex {
                raw: RawMutex::new(),
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
        if poisoned { Err(super::PoisonError::new(data)) } else { Ok(data) }
    }
}

impl<T: ?Sized, H: Host> Mutex<T, H> {
    /// Waits for the lock and takes it. Who holds it already waits for ever.
    ///
    /// # Errors
    /// The lock is taken, but a holder before has panicked.
    #[inline]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T, H>> {
        self.raw.lock();
        self.guard()
    }

    /// Takes the lock if it can be had at once.
    ///
    /// # Errors
    /// `WouldBlock` when it cannot; `Poisoned` when it is taken, but a holder before has panicked.
    #[inline]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T, H>> {
        let taken = self.raw.try_lock();
        self.guard_if(taken)
    }

    /// Waits for the lock so long at most. std has no counterpart.
    ///
    /// # Errors
    /// `WouldBlock` when the time is over; `Poisoned` as for [`Mutex::try_lock`].
    #[inline]
    pub fn try_lock_for(&self, timeout: Duration) -> TryLockResult<MutexGuard<'_, T, H>> {
        let taken = self.raw.try_lock() || self.raw.lock_until(deadline_after(timeout));
        self.guard_if(taken)
    }

    /// Waits for the lock until `deadline` at most. std has no counterpart.
    ///
    /// # Errors
    /// `WouldBlock` when that time has come; `Poisoned` as for [`Mutex::try_lock`].
    #[inline]
    pub fn try_lock_until(&self, deadline: H::Instant) -> TryLockResult<MutexGuard<'_, T, H>> {
        let taken = self.raw.try_lock() || self.raw.lock_until(H::ns_of(deadline));
        self.guard_if(taken)
    }

    /// Has a holder panicked, and nobody cleared that since?
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

    /// The guard of a lock that was just taken.
    #[inline(always)]
    fn guard(&self) -> LockResult<MutexGuard<'_, T, H>> {
        self.poison.wrap(MutexGuard::new(self))
    }

    #[inline(always)]
    fn guard_if(&self, taken: bool) -> TryLockResult<MutexGuard<'_, T, H>> {
        if taken { Ok(self.guard()?) } else { Err(TryLockError::WouldBlock) }
    }
}

impl<T, H: Host> From<T> for Mutex<T, H> {
    fn from(t: T) -> Mutex<T, H> {
        Mutex::new(t)
    }
}

impl<T: Default, H: Host> Default for Mutex<T, H> {
    fn default() -> Mutex<T, H> {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug, H: Host> fmt::Debug for Mutex<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => out.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => out.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => out.field("data", &format_args!("<locked>")),
        };
        out.field("poisoned", &self.poison.get()).finish_non_exhaustive()
    }
}
