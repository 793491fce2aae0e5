//! Goroutines that may borrow from who starts them. std: `thread::scope`, `Scope`,
//! `ScopedJoinHandle`.
//!
//! Why nothing that was borrowed is used too late says [`rt_sched::scope`].
//!
//! # Safety
//! - **contract**: whoever started the runtime has promised that goroutines may change threads.
//! - **counted**: a goroutine of the scope is done with all that it borrows before its
//!   count goes down, and the scope waits for that.
#![allow(unsafe_code, reason = "**counted**: closures that borrow")]

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Result;

use rt_sched::scope::{Packet, Running};
use rt_sched::spawn::{Options, SpawnError, spawn_with};

use super::current::Thread;
use super::handle::body;
use crate::boot::sched;
use crate::go::cannot_spawn;

/// A place to start goroutines that end before it does. std: `Scope`.
pub struct Scope<'scope, 'env: 'scope> {
    data: Arc<Data>,
    // Invariant: a scope must not pass for one of a shorter or longer life.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What the goroutines of a scope share with it. They own it together.
struct Data {
    running: Running,
    /// How many panicked, less those whose payload a join has taken.
    panics: AtomicUsize,
}

/// Calls `f` with a scope, and returns when all goroutines that were started in it have ended, also
/// when `f` panics. They may borrow what lives outside of `f`. std: `thread::scope`.
///
/// Results and captured values of goroutines whose handles were dropped are dropped by then.
///
/// # Panics
/// With `f`'s payload if `f` panics; else with "a scoped thread panicked" if a goroutine has and no
/// join has taken its payload.
///
/// ```
/// let numbers = [1, 2, 3, 4];
/// // SAFETY: nothing here keeps a thread-local.
/// let sum = unsafe {
///     rt::run(|| {
///         let (left, right) = numbers.split_at(2);
///         rt::thread::scope(|s| {
///             let left = s.spawn(|| left.iter().sum::<i32>());
///             right.iter().sum::<i32>() + left.join().unwrap()
///         })
///     })
/// };
/// assert_eq!(sum, 10);
/// ```
///
/// What lives in `f` itself may be gone when the goroutine looks:
///
/// ```compile_fail,E0373
/// rt::thread::scope(|s| {
///     let local = 1;
///     s.spawn(|| println!("{local}"));
/// });
/// ```
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let data = Data { running: Running::new(), panics: AtomicUsize::new(0) };
    let scope = Scope { data: Arc::new(data), scope: PhantomData, env: PhantomData };
    let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
    scope.data.running.wait();
    match result {
        Err(payload) => resume_unwind(payload),
        // Relaxed: `wait` has ordered it.
        Ok(_) if scope.data.panics.load(Ordering::Relaxed) != 0 => {
            panic!("a scoped thread panicked")
        }
        Ok(result) => result,
    }
}

impl RefUnwindSafe for Scope<'_, '_> {}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Scope");
        f.field("num_running_threads", &self.data.running.count());
        f.field("num_unjoined_panics", &self.data.panics.load(Ordering::Relaxed));
        f.finish_non_exhaustive()
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a goroutine in the scope. std: `Scope::spawn`.
    ///
    /// # Panics
    /// As [`spawn`](crate::thread::spawn);
    /// [`Builder::spawn_scoped`](crate::thread::Builder::spawn_scoped) returns errors.
    #[inline(always)]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        match self.start::<false, F, T>(Options::default().here(), f) {
            Ok(handle) => handle,
            Err(error) => cannot_spawn(&error),
        }
    }

    pub(super) fn start<const PINNED: bool, F, T>(
        &'scope self,
        options: Options,
        f: F,
    ) -> std::result::Result<ScopedJoinHandle<'scope, T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let options = Options { sched: Some(sched()), ..options };
        let packet = Shared { result: Packet::new(), scope: Arc::clone(&self.data) };
        let packet = Arc::new(packet);
        let theirs = Arc::clone(&packet);
        let main = move || {
            let data = Arc::clone(&theirs.scope);
            let _done = body::<PINNED, _, _>(move || {
                let result = catch_unwind(AssertUnwindSafe(f));
                if result.is_err() {
                    theirs.scope.panics.fetch_add(1, Ordering::Relaxed); // `end` orders it
                }
                theirs.result.put(result);
                drop(theirs); // **counted**: and the result with it, if there is no handle
            });
            data.running.end();
        };
        let begun = self.data.running.begin();
        // SAFETY: **contract**; **counted**.
        let goroutine = unsafe { spawn_with(options, main) }?;
        begun.started();
        Ok(ScopedJoinHandle { goroutine, packet, scope: PhantomData })
    }
}

/// What a goroutine and its handle share.
struct Shared<T> {
    result: Packet<Result<T>>,
    scope: Arc<Data>,
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let result = self.result.take();
        // As std: the scope could not return in an orderly way.
        if catch_unwind(AssertUnwindSafe(|| drop(result))).is_err() {
            rt_os::eprintln!("fatal runtime error: thread result panicked on drop, aborting");
            std::process::abort();
        }
    }
}

/// The handle to a goroutine of a scope. Dropping it lets the goroutine run on; the scope waits for
/// it. std: `ScopedJoinHandle`.
pub struct ScopedJoinHandle<'scope, T> {
    goroutine: rt_sched::spawn::JoinHandle<()>,
    packet: Arc<Shared<T>>,
    // **counted**: who owns it lives in the scope.
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// The goroutine, to unpark it or to learn its name.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.goroutine.thread()
    }

    /// Waits for the goroutine to end.
    ///
    /// # Errors
    /// The payload of its panic. The scope does not panic for that any more.
    pub fn join(self) -> Result<T> {
        let ScopedJoinHandle { goroutine, packet, .. } = self;
        let () = goroutine.join();
        let result = packet.result.take().expect("an ended goroutine has put its result");
        if result.is_err() {
            packet.scope.panics.fetch_sub(1, Ordering::Relaxed); // before the joiner's own end
        }
        result
    }

    /// Has it ended? True: [`ScopedJoinHandle::join`] will not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.goroutine.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
