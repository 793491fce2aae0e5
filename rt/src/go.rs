//! The `go` statement, and what stands around every goroutine of a std program.
//!
//! # Safety
//! - **contract**: whoever started the runtime has promised that goroutines may change threads.
#![allow(unsafe_code, reason = "**contract**: starts goroutines")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rt_sched::spawn::{Options, SpawnError, go_with};

use crate::boot::sched;

/// Starts a goroutine that nobody joins. Go: `go f()`. Callable from any thread.
///
/// A panic in it is reported as std does, and ends it alone.
///
/// # Panics
/// When there is no stack for it, or the runtime is not started.
#[inline(always)]
pub fn go<F>(f: F)
where
    F: FnOnce() + Send + 'static,
{
    if let Err(error) = try_go(Options::default().here(), f) {
        cannot_spawn(&error);
    }
}

#[inline]
pub(crate) fn try_go<F>(options: Options, f: F) -> Result<(), SpawnError>
where
    F: FnOnce() + Send + 'static,
{
    let options = Options { sched: Some(sched()), ..options };
    let f = || drop(guarded(f));
    // SAFETY: **contract**.
    unsafe { go_with(options, f) }
}

#[cold]
pub(crate) fn cannot_spawn(error: &SpawnError) -> ! {
    panic!("failed to spawn goroutine: {error}")
}

/// Calls a goroutine's function, and cleans up behind it: its panic is its result, its local values
/// are dropped, nothing ties it to its thread any more.
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> std::thread::Result<T> {
    let result = catch_unwind(AssertUnwindSafe(f));
    rt_sched::current::finish(crate::thread::end);
    result
}

/// Calls `f`, which may block its thread as long as it likes; other goroutines go on meanwhile.
///
/// For blocking calls of std, of C libraries and of the system that this crate does not mirror. In
/// `f` the caller is a plain thread: all waiting blocks it.
#[inline]
pub fn blocking<F, T>(f: F) -> T
where
    F: FnOnce() -> T,
{
    // Caught on the thread that counted the panic: the goroutine may come back on another one.
    let result = rt_sched::blocking::blocking(|| catch_unwind(AssertUnwindSafe(f)));
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
