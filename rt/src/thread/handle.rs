//! Starting goroutines, and their handles. std: `thread::spawn`, `JoinHandle`.
//!
//! # Safety
//! - **contract**: whoever started the runtime has promised that goroutines may change threads.
//! - **borrows**: what the closure and its result borrow outlives the goroutine and the handle.
//! - **sendable**: handles are made here only, to results that are `Send`.
#![allow(unsafe_code, reason = "**contract**: starts goroutines")]

use std::fmt;
use std::thread::Result;

use rt_sched::locked::pin;
use rt_sched::spawn::{Options, SpawnError, spawn_with};

use super::current::Thread;
use crate::boot::sched;
use crate::go::{cannot_spawn, guarded};

/// The handle to a goroutine and its result. Dropping it lets the goroutine run on alone. std:
/// `JoinHandle`.
///
/// Forgetting it keeps the goroutine's stack, and its result, for ever; nothing else.
pub struct JoinHandle<T>(rt_sched::spawn::JoinHandle<Result<T>>);

// SAFETY: **sendable**.
unsafe impl<T> Send for JoinHandle<T> {}
// SAFETY: **sendable**; by reference it looks at no result.
unsafe impl<T> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// The goroutine, to unpark it or to learn its name.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }

    /// Waits for the goroutine to end. Callable from any thread. Its local values are dropped then.
    ///
    /// # Errors
    /// The payload of its panic.
    pub fn join(self) -> Result<T> {
        self.0.join()
    }

    /// Has it ended? True: [`JoinHandle::join`] will not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// Starts a goroutine whose result can be waited for. Callable from any thread. std:
/// `thread::spawn`.
///
/// A result that nobody waits for is dropped on the goroutine, after its local values.
///
/// # Panics
/// When there is no stack for it; [`Builder::spawn`](crate::thread::Builder::spawn) returns the
/// error instead. When the runtime is not started.
///
/// ```
/// // SAFETY: nothing here keeps a thread-local.
/// let sum = unsafe {
///     rt::run(|| {
///         let handles: Vec<_> = (1..=3).map(|i| rt::thread::spawn(move || i * i)).collect();
///         handles.into_iter().map(|handle| handle.join().unwrap()).sum::<i32>()
///     })
/// };
/// assert_eq!(sum, 14);
/// ```
#[inline(always)]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: **borrows**: nothing that ends.
    match unsafe { start::<false, F, T>(Options::default().here(), f) } {
        Ok(handle) => handle,
        Err(error) => cannot_spawn(&error),
    }
}

/// # Safety
/// **borrows**.
pub(super) unsafe fn start<const PINNED: bool, F, T>(
    options: Options,
    f: F,
) -> std::result::Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    let options = Options { sched: Some(sched()), ..options };
    // SAFETY: **contract**; **borrows**.
    unsafe { spawn_with(options, || body::<PINNED, _, _>(f)) }.map(JoinHandle)
}

/// All that a goroutine does. A pinned one has its thread for itself until its local values are
/// dropped; the thread is of use to others afterwards.
#[inline(always)]
pub(super) fn body<const PINNED: bool, F, T>(f: F) -> Result<T>
where
    F: FnOnce() -> T,
{
    if PINNED {
        pin(true);
    }
    let result = guarded(f);
    if PINNED {
        pin(false);
    }
    result
}
