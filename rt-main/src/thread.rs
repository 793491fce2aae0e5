//! Goroutines under std's names. std: `std::thread`; Go: the `go` statement, `runtime.Gosched`.

use alloc::string::String;
use core::time::Duration;

use rt_os::errno::Errno;
use rt_os::sys::clock::nanotime;
pub use rt_sched::info::{Thread, ThreadId};

use rt_sched::spawn::{Options, SpawnError};

pub use crate::scope::{Scope, ScopedJoinHandle, scope};

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

    /// The goroutine, to unpark it or to learn its name.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }
}

/// Starts a goroutine whose result can be waited for.
///
/// # Panics
/// When there is no stack for it; [`Builder::spawn`] returns the error instead.
#[inline(always)]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match start(Options::default().here(), f) {
        Ok(handle) => handle,
        Err(error) => cannot_spawn(&error),
    }
}

/// Starts a goroutine that nobody joins. Go: `go f()`.
///
/// # Panics
/// When there is no stack for it.
#[inline(always)]
pub fn go<F: FnOnce() + Send + 'static>(f: F) {
    if let Err(error) = start_alone(Options::default().here(), f) {
        cannot_spawn(&error);
    }
}

/// Starts goroutines with wishes, and with errors instead of panics.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    options: Options,
}

impl Builder {
    /// No wishes.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Its name, for [`Thread::name`].
    pub fn name(mut self, name: String) -> Builder {
        self.options.name = Some(name.into_boxed_str());
        self
    }

    /// The stack it needs at least, in bytes, up to 1 GiB less the guard.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.options.stack_bytes = size;
        self
    }

    /// Starts a goroutine.
    ///
    /// # Errors
    /// ENOMEM or what the kernel said, when there is no stack.
    #[inline(always)]
    pub fn spawn<F, T>(self, f: F) -> core::result::Result<JoinHandle<T>, Errno>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        start(self.options.here(), f).map_err(errno)
    }

    pub(crate) fn into_options(self) -> Options {
        self.options
    }
}

pub(crate) fn errno(error: SpawnError) -> Errno {
    match error {
        SpawnError::Stack(error) => error.errno,
        SpawnError::NotAGoroutine => Errno::EPERM,
    }
}

#[cold]
pub(crate) fn cannot_spawn(error: &SpawnError) -> ! {
    panic!("failed to spawn goroutine: {error}")
}

mod safe {
    //! # Safety
    //! - **no thread-locals**: a bare program has no thread-local storage but the g slot, so there
    //!   is nothing of a thread's that a goroutine could keep over a park.
    #![allow(unsafe_code, reason = "**no thread-locals**: goroutines are safe here")]

    use super::{JoinHandle, Options, SpawnError};

    pub(super) fn start<F, T>(options: Options, f: F) -> Result<JoinHandle<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: **no thread-locals**.
        unsafe { rt_sched::spawn::spawn_with(options, f) }.map(JoinHandle)
    }

    pub(super) fn start_alone<F>(options: Options, f: F) -> Result<(), SpawnError>
    where
        F: FnOnce() + Send + 'static,
    {
        // SAFETY: **no thread-locals**.
        unsafe { rt_sched::spawn::go_with(options, f) }
    }
}
use safe::{start, start_alone};

/// Lets other goroutines run. Go: `runtime.Gosched`.
#[inline]
pub fn yield_now() {
    rt_sched::gosched::gosched();
}

/// Sleeps for at least `duration`.
pub fn sleep(duration: Duration) {
    rt_sched::sleep::sleep_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}

/// The running goroutine.
///
/// # Panics
/// Outside of goroutines, where user code never runs.
#[must_use]
pub fn current() -> Thread {
    rt_sched::current::current_thread().expect("user code runs in goroutines")
}

/// Waits for the token of the caller's [`Thread`] and takes it.
pub fn park() {
    current().parker().park();
}

/// As [`park`], for at most `duration`.
pub fn park_timeout(duration: Duration) {
    let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let _token = current().parker().park_until(nanotime().saturating_add(ns));
}
