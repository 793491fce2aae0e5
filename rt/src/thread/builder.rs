//! Goroutines with wishes. std: `thread::Builder`.
//!
//! # Safety
//! - **borrows**: what the closure borrows outlives the goroutine.
#![allow(unsafe_code, reason = "**borrows**: std's `spawn_unchecked`")]

use std::io;

use rt_sched::spawn::{Options, SpawnError};

use super::handle::{JoinHandle, start};
use super::scope::{Scope, ScopedJoinHandle};

/// How a goroutine shall be. std: `thread::Builder`.
///
/// ```
/// # // SAFETY: nothing here keeps a thread-local.
/// # unsafe {
/// # rt::run(|| -> std::io::Result<()> {
/// let builder = rt::thread::Builder::new().name("deep".into()).stack_size(16 << 20);
/// let handle = builder.spawn(|| rt::thread::current().name().map(String::from))?;
/// assert_eq!(handle.join().unwrap().as_deref(), Some("deep"));
/// # Ok(())
/// # })
/// # }.unwrap();
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    name: Option<String>,
    stack_size: usize,
    is_pinned: bool,
}

impl Builder {
    /// No wishes.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Its name, for [`Thread::name`](crate::thread::Thread::name). It may not contain a zero byte.
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// The stack it needs at least, in bytes, up to 1 GiB less the guard. It takes address space;
    /// memory is used as it is touched. Sizes that differ from the usual one are slower to start.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = size;
        self
    }

    /// It shall never change its thread, and have that thread for itself. Go: `LockOSThread` at its
    /// start.
    ///
    /// For code that keeps a `std::thread_local!`, a graphics context or the like over a call that
    /// parks. Each time it parks and goes on, two threads take turns: some µs, where other
    /// goroutines need less than one. It counts as a thread of
    /// [`Config::max_threads`](crate::Config::max_threads) as long as it lives.
    pub fn pinned(mut self) -> Builder {
        self.is_pinned = true;
        self
    }

    /// Starts the goroutine. Callable from any thread.
    ///
    /// # Errors
    /// `OutOfMemory` with the system's number when there is no stack for it; `f` is dropped.
    ///
    /// # Panics
    /// When the name contains a zero byte, as std; when the runtime is not started.
    #[inline(always)]
    pub fn spawn<F: FnOnce() -> T + Send + 'static, T: Send + 'static>(
        self,
        f: F,
    ) -> io::Result<JoinHandle<T>> {
        // SAFETY: **borrows**: nothing that ends.
        unsafe { self.spawn_unchecked(f) }
    }

    /// As [`Builder::spawn`], for closures that borrow.
    ///
    /// # Errors
    /// As for [`Builder::spawn`].
    ///
    /// # Panics
    /// As for [`Builder::spawn`].
    ///
    /// # Safety
    /// What `f` and its result borrow must live until the goroutine was joined; if it is not
    /// joined, for ever.
    #[inline(always)]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let (options, is_pinned) = self.options();
        let handle = if is_pinned {
            // SAFETY: the caller's.
            unsafe { start::<true, F, T>(options, f) }
        } else {
            // SAFETY: the caller's.
            unsafe { start::<false, F, T>(options, f) }
        };
        handle.map_err(|error| in_io(&error))
    }

    /// Starts a goroutine that ends before `scope` does. See [`scope`](crate::thread::scope()).
    ///
    /// # Errors
    /// As for [`Builder::spawn`].
    ///
    /// # Panics
    /// As for [`Builder::spawn`].
    #[inline(always)]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (options, is_pinned) = self.options();
        let handle = if is_pinned {
            scope.start::<true, F, T>(options, f)
        } else {
            scope.start::<false, F, T>(options, f)
        };
        handle.map_err(|error| in_io(&error))
    }

    #[inline(always)]
    fn options(self) -> (Options, bool) {
        if self.name.as_ref().is_some_and(|name| name.contains('\0')) {
            panic!("thread name may not contain interior null bytes");
        }
        let name = self.name.map(String::into_boxed_str);
        (
            Options { name, stack_bytes: self.stack_size, ..Options::default().here() },
            self.is_pinned,
        )
    }
}

fn in_io(error: &SpawnError) -> io::Error {
    match error {
        SpawnError::Stack(error) => io::Error::from_raw_os_error(error.errno.raw()),
        other => io::Error::other(other.to_string()),
    }
}
