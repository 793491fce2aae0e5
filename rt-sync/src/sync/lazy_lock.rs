//! A value that is made when it is first looked at. std: `std::sync::LazyLock`.
//!
//! # Safety
//! - **once**: the content is changed inside the one call of `once` only, or by who has the lock
//!   alone; from the call's end on it is a value.
#![allow(unsafe_code, reason = "**once**: a lock gives out its data")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;

/// A value that whoever looks first makes; the others wait until it is made.
///
/// ```
/// use rt_sync::sync::LazyLock;
///
/// static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| "go well".split(' ').collect());
/// assert_eq!(WORDS.len(), 2);
/// ```
///
/// std: `std::sync::LazyLock`. Go: `sync.OnceValue`.
pub struct LazyLock<T, F = fn() -> T> {
    once: Once,
    content: UnsafeCell<Content<T, F>>, // **once**
}

enum Content<T, F> {
    ToMake(F),
    Value(T),
    /// The function runs, or has panicked.
    Gone,
}

// SAFETY: **once**: who reads shares the value; the function is called on one thread, and the value
// may be dropped on another.
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    rt_wait::const_unless_loom! {
        /// A value that `f` makes.
        pub fn new(f: F) -> LazyLock<T, F> {
            LazyLock { once: Once::new(), content: UnsafeCell::new(Content::ToMake(f)) }
        }
    }

    /// The value. Makes it, if it is not made; waits for one who is making it.
    ///
    /// # Panics
    /// When the function does, and ever after. It must not look at the same lock: it would wait for
    /// itself.
    #[inline]
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        if !this.once.is_completed() {
            this.make();
        }
        // SAFETY: **once**: completed.
        match unsafe { &*this.content.get() } {
            Content::Value(value) => value,
            // SAFETY: **once**.
            _ => unsafe { core::hint::unreachable_unchecked() },
        }
    }

    /// The value, to be changed. Makes it, if it is not made.
    ///
    /// # Panics
    /// As [`LazyLock::force`].
    #[inline]
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        match this.content.get_mut() {
            Content::Value(value) => value,
            _ => unreachable!("it was made"),
        }
    }

    #[cold]
    #[track_caller]
    fn make(&self) {
        self.once.call_once_force(|state| {
            if state.is_poisoned() {
                panic!("LazyLock instance has previously been poisoned");
            }
            // SAFETY: **once**: this is the call; nobody else looks.
            let content = unsafe { &mut *self.content.get() };
            if let Content::ToMake(f) = core::mem::replace(content, Content::Gone) {
                *content = Content::Value(f());
            }
        });
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it is made. Never waits.
    #[inline]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        if !this.once.is_completed() {
            return None;
        }
        // SAFETY: **once**: completed.
        match unsafe { &*this.content.get() } {
            Content::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value, to be changed, if it is made.
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        match this.content.get_mut() {
            Content::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("LazyLock");
        match LazyLock::get(self) {
            Some(value) => out.field(value),
            None => out.field(&format_args!("<uninit>")),
        };
        out.finish()
    }
}
