//! Goroutines under std's names. std: `std::thread`; Go: the `go` statement, `runtime.Gosched`.

use core::time::Duration;

use rt_os::errno::Errno;
use rt_sched::spawn::SpawnError;

/// What a join gives: a goroutine of a bare program cannot fail, since a panic ends the program.
pub type Result<T> = core::result::Result<T, Never>;

/// No value: nothing that has it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl core::fmt::Display for Never {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {}
    }
}

/// The one handle to a goroutine and its result. Dropping it lets the goroutine run on alone.
#[derive(Debug)]
pub struct JoinHandle<T>(rt_sched::spawn::JoinHandle<T>);

impl<T> JoinHandle<T> {
    /// Waits for the goroutine and takes its result.
    ///
    /// # Errors
    /// None that can happen.
    pub fn join(self) -> Result<T> {
        Ok(self.0.join())
    }

    /// Has it ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

/// Starts a goroutine whose result can be waited for.
///
/// # Panics
/// When there is no stack for it; [`Builder::spawn`] returns the error instead.
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match start(f) {
        Ok(handle) => handle,
        Err(error) => panic!("failed to spawn goroutine: {error}"),
    }
}

/// Starts a goroutine that nobody joins. Go: `go f()`.
///
/// # Panics
/// When there is no stack for it.
pub fn go<F: FnOnce() + Send + 'static>(f: F) {
    if let Err(error) = start_alone(f) {
        panic!("failed to spawn goroutine: {error}");
    }
}

/// Starts goroutines, with errors instead of panics.
#[derive(Debug, Default)]
pub struct Builder {}

impl Builder {
    /// A builder.
    #[must_use]
    pub fn new() -> Builder {
        Builder {}
    }

    /// Starts a goroutine.
    ///
    /// # Errors
    /// ENOMEM or what the kernel said, when there is no stack; E2BIG for a closure that does not
    /// fit.
    pub fn spawn<F, T>(self, f: F) -> core::result::Result<JoinHandle<T>, Errno>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        start(f).map_err(|error| match error {
            SpawnError::Stack(error) => error.errno,
            SpawnError::TooLarge { .. } => Errno::E2BIG,
            SpawnError::NotAGoroutine => Errno::EPERM,
        })
    }
}

mod safe {
    //! # Safety
    //! - **no thread-locals**: a bare program has no thread-local storage but the g slot, so there
    //!   is nothing of a thread's that a goroutine could keep over a park.
    #![allow(unsafe_code, reason = "**no thread-locals**: goroutines are safe here")]

    use super::{JoinHandle, SpawnError};

    pub(super) fn start<F, T>(f: F) -> Result<JoinHandle<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: **no thread-locals**.
        unsafe { rt_sched::spawn::spawn(f) }.map(JoinHandle)
    }

    pub(super) fn start_alone<F: FnOnce() + Send + 'static>(f: F) -> Result<(), SpawnError> {
        // SAFETY: **no thread-locals**.
        unsafe { rt_sched::spawn::go(f) }
    }
}
use safe::{start, start_alone};

/// Lets other goroutines run. Go: `runtime.Gosched`.
#[inline]
pub fn yield_now() {
    rt_sched::schedule::gosched();
}

/// Sleeps for at least `duration`.
pub fn sleep(duration: Duration) {
    rt_sched::sleep::sleep_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}
