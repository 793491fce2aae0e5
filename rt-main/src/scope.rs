//! Goroutines that may borrow from who starts them. std: `thread::scope`, `Scope`,
//! `ScopedJoinHandle`.
//!
//! Why nothing that was borrowed is used too late says [`rt_sched::scope`]; there is no unwinding
//! here.
//!
//! # Safety
//! - **no thread-locals**: as in `thread`.
//! - **counted**: a goroutine of the scope is done with all that it borrows before its count goes
//!   down, and the scope waits for that.
#![allow(unsafe_code, reason = "**counted**: closures that borrow")]

use alloc::sync::Arc;
use core::marker::PhantomData;

use rt_os::errno::Errno;
use rt_sched::info::Thread;
use rt_sched::scope::{Packet, Running};
use rt_sched::spawn::{Options, SpawnError, spawn_with};

use crate::thread::{Builder, Result, cannot_spawn};

/// A place to start goroutines that end before it does. std: `Scope`.
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    running: Arc<Running>,
    // Invariant: a scope must not pass for one of a shorter or longer life.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// The handle to a goroutine of a scope. Dropping it lets the goroutine run on; the scope waits for
/// it. std: `ScopedJoinHandle`.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    goroutine: rt_sched::spawn::JoinHandle<()>,
    packet: Arc<Packet<T>>,
    // **counted**: who owns it lives in the scope.
    scope: PhantomData<&'scope ()>,
}

/// Calls `f` with a scope, and returns when all goroutines that were started in it have ended. They
/// may borrow what lives outside of `f`. std: `thread::scope`.
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope { running: Arc::new(Running::new()), scope: PhantomData, env: PhantomData };
    let result = f(&scope);
    scope.running.wait();
    result
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a goroutine in the scope. std: `Scope::spawn`.
    ///
    /// # Panics
    /// When there is no stack for it; [`Builder::spawn_scoped`] returns the error instead.
    #[inline(always)]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.start(Options::default().here(), f).unwrap_or_else(|error| cannot_spawn(&error))
    }

    fn start<F, T>(
        &'scope self,
        options: Options,
        f: F,
    ) -> core::result::Result<ScopedJoinHandle<'scope, T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let packet = Arc::new(Packet::new());
        let (theirs, running) = (Arc::clone(&packet), Arc::clone(&self.running));
        let main = move || {
            theirs.put(f());
            drop(theirs); // **counted**: and the result with it, if there is no handle
            running.end();
        };
        let begun = self.running.begin();
        // SAFETY: **no thread-locals**; **counted**.
        let goroutine = unsafe { spawn_with(options, main) }?;
        begun.started();
        Ok(ScopedJoinHandle { goroutine, packet, scope: PhantomData })
    }
}

impl Builder {
    /// Starts a goroutine in a scope. std: `Builder::spawn_scoped`.
    ///
    /// # Errors
    /// As for [`Builder::spawn`].
    #[inline(always)]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> core::result::Result<ScopedJoinHandle<'scope, T>, Errno>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.start(self.into_options().here(), f).map_err(crate::thread::errno)
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// The goroutine, to unpark it or to learn its name.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.goroutine.thread()
    }

    /// Waits for the goroutine to end and takes its result.
    ///
    /// # Errors
    /// None that can happen.
    ///
    /// # Panics
    /// Never: a goroutine that has ended has put its result.
    pub fn join(self) -> Result<T> {
        let () = self.goroutine.join();
        Ok(self.packet.take().expect("an ended goroutine has put its result"))
    }

    /// Has it ended? True: [`ScopedJoinHandle::join`] will not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.goroutine.is_finished()
    }
}
