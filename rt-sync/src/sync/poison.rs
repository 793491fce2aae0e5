//! Poisoning: a lock remembers that somebody panicked while holding it. std: `std::sync::poison`.

use core::error::Error;
use core::fmt;

use rt_wait::atomic::{AtomicBool, Ordering};

use crate::host::Host;

/// The mark. Written by the lock's holder, read by anyone; the lock orders both.
pub(super) struct Flag {
    poisoned: AtomicBool,
}

/// Was the holder unwinding already when it took the lock? Then its unwinding says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    panicking: bool,
}

impl Flag {
    rt_wait::const_unless_loom! {
        /// Not poisoned.
        pub(super) fn new() -> Flag {
            Flag { poisoned: AtomicBool::new(false) }
        }
    }

    /// To be called by who has just taken the lock.
    #[inline(always)]
    pub(super) fn enter<H: Host>() -> Entry {
        Entry { panicking: H::panicking() }
    }

    /// To be called by the holder, before it gives the lock back.
    #[inline(always)]
    pub(super) fn leave<H: Host>(&self, entry: Entry) {
        if !entry.panicking && H::panicking() {
            self.poisoned.store(true, Ordering::Relaxed); // the lock's own release orders it
        }
    }

    #[inline(always)]
    pub(super) fn get(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    pub(super) fn clear(&self) {
        self.poisoned.store(false, Ordering::Relaxed);
    }

    /// `value`, as an error if the lock is poisoned.
    #[inline(always)]
    pub(super) fn wrap<T>(&self, value: T) -> LockResult<T> {
        if self.get() { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

/// Somebody panicked while holding the lock: what it guards may be half done. The lock is taken all
/// the same; what was asked for lies within. std: `std::sync::PoisonError`.
pub struct PoisonError<T> {
    data: T,
}

/// Why a `try_lock` gave nothing. std: `std::sync::TryLockError`.
pub enum TryLockError<T> {
    /// The lock was taken, but is poisoned.
    Poisoned(PoisonError<T>),
    /// Others hold the lock.
    WouldBlock,
}

/// What taking a lock gives.
pub type LockResult<T> = Result<T, PoisonError<T>>;

/// What trying to take a lock gives.
pub type TryLockResult<T> = Result<T, TryLockError<T>>;

impl<T> PoisonError<T> {
    /// An error around what was asked for.
    pub fn new(data: T) -> PoisonError<T> {
        PoisonError { data }
    }

    /// What was asked for.
    pub fn into_inner(self) -> T {
        self.data
    }

    /// What was asked for.
    pub fn get_ref(&self) -> &T {
        &self.data
    }

    /// What was asked for.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.data
    }
}

impl<T> fmt::Debug for PoisonError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoisonError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for PoisonError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("poisoned lock: another task failed inside")
    }
}

impl<T> Error for PoisonError<T> {}

impl<T> From<PoisonError<T>> for TryLockError<T> {
    fn from(error: PoisonError<T>) -> TryLockError<T> {
        TryLockError::Poisoned(error)
    }
}

impl<T> fmt::Debug for TryLockError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A string's debug form, quotes and all, as std's.
        let text = match self {
            TryLockError::Poisoned(_) => "Poisoned(..)",
            TryLockError::WouldBlock => "WouldBlock",
        };
        fmt::Debug::fmt(text, f)
    }
}

impl<T> fmt::Display for TryLockError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryLockError::Poisoned(_) => "poisoned lock: another task failed inside",
            TryLockError::WouldBlock => "try_lock failed because the operation would block",
        })
    }
}

impl<T> Error for TryLockError<T> {}
