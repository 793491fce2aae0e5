//! A value that is set once. std: `std::sync::OnceLock`.
//!
//! # Safety
//! - **once**: the value is written inside the one call of `once`, or by who has the lock alone; it
//!   is there, and is not written any more, from the call's end on.
#![allow(unsafe_code, reason = "**once**: a lock gives out its data")]

use core::cell::UnsafeCell;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;

/// A place for a value that is written once and read by all.
///
/// ```
/// use rt_sync::sync::OnceLock;
///
/// static NAME: OnceLock<String> = OnceLock::new();
/// assert_eq!(NAME.get_or_init(|| "g1".to_string()), "g1");
/// assert_eq!(NAME.set("g2".to_string()), Err("g2".to_string()));
/// ```
///
/// std: `std::sync::OnceLock`. Go: `sync.OnceValue`.
pub struct OnceLock<T> {
    once: Once,
    value: UnsafeCell<Option<T>>, // **once**
}

// SAFETY: **once**: who reads shares the value; it may have come from another thread, and be
// dropped on a third.
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}
impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    rt_wait::const_unless_loom! {
        /// Without a value.
        #[must_use]
        pub fn new() -> OnceLock<T> {
            OnceLock { once: Once::new(), value: UnsafeCell::new(None) }
        }
    }

    /// The value, if it is set. Never waits.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.once.is_completed() {
            return None;
        }
        // SAFETY: **once**.
        unsafe { &*self.value.get() }.as_ref()
    }

    /// The value, if it is set.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut().as_mut()
    }

    /// The value; waits until it is set.
    #[inline]
    pub fn wait(&self) -> &T {
        self.once.wait_force();
        self.set_value()
    }

    /// Sets the value; waits for one who is setting it.
    ///
    /// # Errors
    /// `value`, when one is set already.
    #[inline]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it runs once"));
        value.map_or(Ok(()), Err)
    }

    /// The value; sets it to what `f` returns, if it is not set. Waits for one who is setting it.
    ///
    /// # Panics
    /// When `f` does; the value stays unset then. `f` must not come to the same lock: it would wait
    /// for itself.
    #[inline]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        if !self.once.is_completed() {
            self.once.call_once_force(|_| {
                let value = f();
                // SAFETY: **once**: this is the call.
                unsafe { *self.value.get() = Some(value) };
            });
        }
        self.set_value()
    }

    /// The value, if it is set.
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// The value, if it is set, which leaves the lock without one.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        let value = self.value.get_mut().take()?;
        self.once = Once::new();
        Some(value)
    }

    /// The value of a lock whose `once` is completed.
    #[inline(always)]
    fn set_value(&self) -> &T {
        debug_assert!(self.once.is_completed());
        // SAFETY: **once**: completed, so it is there and stays.
        unsafe { (*self.value.get()).as_ref().unwrap_unchecked() }
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> OnceLock<T> {
        OnceLock::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("OnceLock");
        match self.get() {
            Some(value) => out.field(value),
            None => out.field(&format_args!("<uninit>")),
        };
        out.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> OnceLock<T> {
        self.get().map_or_else(OnceLock::new, |value| OnceLock::from(value.clone()))
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> OnceLock<T> {
        let lock = OnceLock::new();
        lock.get_or_init(|| value);
        lock
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &OnceLock<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
