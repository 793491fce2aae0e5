//! Starting goroutines, and their handles. std: `thread::spawn`, `JoinHandle`.
//!
//! # Safety
//! - **contract**: whoever started the runtime has promised that goroutines may change threads.
#![allow(unsafe_code, reason = "**contract**: starts goroutines")]

use std::thread::Result;

use rt_sched::spawn::{Options, SpawnError, fits, spawn_with};

use crate::boot::sched;
use crate::go::{cannot_spawn, guarded};

/// The handle to a goroutine and its result. Dropping it lets the goroutine run on alone.
#[derive(Debug)]
pub struct JoinHandle<T>(Kind<T>);

#[derive(Debug)]
enum Kind<T> {
    /// The result lies on the goroutine's stack.
    There(rt_sched::spawn::JoinHandle<Result<T>>),
    /// It was too large for that.
    Boxed(rt_sched::spawn::JoinHandle<Box<Result<T>>>),
}

impl<T> JoinHandle<T> {
    /// Waits for the goroutine to end. Callable from any thread.
    ///
    /// # Errors
    /// The payload of its panic.
    pub fn join(self) -> Result<T> {
        match self.0 {
            Kind::There(handle) => handle.join(),
            Kind::Boxed(handle) => *handle.join(),
        }
    }

    /// Has it ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Kind::There(handle) => handle.is_finished(),
            Kind::Boxed(handle) => handle.is_finished(),
        }
    }
}

/// Starts a goroutine whose result can be waited for. std: `thread::spawn`.
///
/// # Panics
/// When there is no stack for it; `Builder::spawn` returns the error instead. When the
/// runtime is not started.
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match start(Options::default(), f) {
        Ok(handle) => handle,
        Err(error) => cannot_spawn(&error),
    }
}

pub(crate) fn start<F, T>(options: Options, f: F) -> std::result::Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let options = Options { sched: Some(sched()), ..options };
    if fits::<F, Result<T>>() {
        // SAFETY: **contract**.
        let handle = unsafe { spawn_with(options, || guarded(f)) }?;
        return Ok(JoinHandle(Kind::There(handle)));
    }
    let boxed = Box::new(f);
    // SAFETY: **contract**.
    let handle = unsafe { spawn_with(options, || Box::new(guarded(boxed))) }?;
    Ok(JoinHandle(Kind::Boxed(handle)))
}
