//! A condition variable. std: `std::sync::Condvar`. Go: `sync.Cond`, `notifyList`.
//!
//! Waiters queue before they give the mutex back, so that who changes the condition under the mutex
//! and notifies then finds them. First come, first served; each notification ends exactly one wait,
//! and no wait ends for another reason than a notification or its deadline.
//!
//! # Safety
//! - **guard**: who comes with a guard holds the mutex; it has it again when its wait is over.
//! - **node**: as in `queue`: a node is removed, or popped and readied, before its frame ends.
#![allow(unsafe_code, reason = "**guard**, **node**: waiters lie on their stacks")]

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::pin;
use core::time::Duration;

use rt_wait::atomic::{AtomicBool, Ordering};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::SpinLock;

use super::chain::{Chain, Turn};
use super::mutex::{MutexGuard, RawMutex};
use super::poison::{LockResult, PoisonError};
use crate::host::{Host, NEVER, deadline_after};
use crate::queue::WaitQueue;
use crate::wait;

/// Waits until something has become true under a mutex, and tells others that it has.
///
/// ```
/// use rt_sync::sync::Condvar;
/// type Mutex<T> = rt_sync::sync::Mutex<T>;
///
/// static READY: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
/// let other = std::thread::spawn(|| {
///     *READY.0.lock().unwrap() = true;
///     READY.1.notify_one();
/// });
/// let guard = READY.1.wait_while(READY.0.lock().unwrap(), |ready| !*ready).unwrap();
/// assert!(*guard);
/// # other.join().unwrap();
/// ```
///
/// One condition variable may be used with several mutexes. std: `std::sync::Condvar`.
pub struct Condvar {
    // Does somebody wait? Changed under the queue's lock. Who notifies may read it without: a
    // waiter set it before it gave its mutex back, and the notifier took the mutex after that.
    waited_for: AtomicBool,
    queue: SpinLock<WaitQueue<Turn>>,
}

/// Did a wait end by its deadline? std: `std::sync::WaitTimeoutResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Did it end by its deadline, not by a notification?
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

impl Condvar {
    rt_wait::const_unless_loom! {
        /// Nobody waits.
        #[must_use]
        pub fn new() -> Condvar {
            Condvar {
                waited_for: AtomicBool::new(false),
                queue: SpinLock::new(WaitQueue::new()),
            }
        }
    }

    /// Gives the mutex back, waits for a notification, and takes the mutex again.
    ///
    /// # Errors
    /// The mutex is taken, but a holder has panicked.
    pub fn wait<'a, T: ?Sized, H: Host>(
        &self,
        guard: MutexGuard<'a, T, H>,
    ) -> LockResult<MutexGuard<'a, T, H>> {
        self.wait_ns(guard, NEVER).0
    }

    /// Waits while `condition` holds. It is called with the mutex held.
    ///
    /// # Errors
    /// As for [`Condvar::wait`].
    pub fn wait_while<'a, T: ?Sized, H: Host, F>(
        &self,
        mut guard: MutexGuard<'a, T, H>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T, H>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`Condvar::wait`], so long at most.
    ///
    /// # Errors
    /// As for [`Condvar::wait`].
    pub fn wait_timeout<'a, T: ?Sized, H: Host>(
        &self,
        guard: MutexGuard<'a, T, H>,
        dur: Duration,
    ) -> LockResult<(MutexGuard<'a, T, H>, WaitTimeoutResult)> {
        both(self.wait_ns(guard, deadline_after(dur)))
    }

    /// As [`Condvar::wait`], until `deadline` at most. std has no counterpart.
    ///
    /// # Errors
    /// As for [`Condvar::wait`].
    pub fn wait_until<'a, T: ?Sized, H: Host>(
        &self,
        guard: MutexGuard<'a, T, H>,
        deadline: H::Instant,
    ) -> LockResult<(MutexGuard<'a, T, H>, WaitTimeoutResult)> {
        both(self.wait_ns(guard, H::ns_of(deadline)))
    }

    /// As [`Condvar::wait_while`], so long at most. It has timed out when the time is over and
    /// `condition` still holds.
    ///
    /// # Errors
    /// As for [`Condvar::wait`].
    pub fn wait_timeout_while<'a, T: ?Sized, H: Host, F>(
        &self,
        mut guard: MutexGuard<'a, T, H>,
        dur: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T, H>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let when_ns = deadline_after(dur);
        let mut in_time = true;
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            if !in_time {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            let (result, woken) = self.wait_ns(guard, when_ns);
            in_time = woken;
            guard = match result {
                Ok(guard) => guard,
                Err(poisoned) => return both((Err(poisoned), woken)),
            };
        }
    }

    /// Ends the wait of the one who waits longest. Nothing, when nobody waits.
    #[inline]
    pub fn notify_one(&self) {
        // What it pairs with: `waited_for`.
        if self.waited_for.load(Ordering::Acquire) {
            self.notify_slow();
        }
    }

    /// Ends the wait of all who wait now.
    #[inline]
    pub fn notify_all(&self) {
        if self.waited_for.load(Ordering::Acquire) {
            self.notify_all_slow();
        }
    }

    #[cold]
    #[inline(never)]
    fn notify_slow(&self) {
        let mut queue = self.queue.lock();
        let popped = queue.pop();
        self.waited_for.swap(!queue.is_empty(), Ordering::Relaxed);
        drop(queue);
        if let Some(popped) = popped {
            popped.ready();
        }
    }

    #[cold]
    #[inline(never)]
    fn notify_all_slow(&self) {
        let mut queue = self.queue.lock();
        let chain = Chain::all(&mut queue);
        self.waited_for.swap(false, Ordering::Relaxed);
        drop(queue);
        chain.ready();
    }

    /// The wait. True: it was notified.
    fn wait_ns<'a, T: ?Sized, H: Host>(
        &self,
        guard: MutexGuard<'a, T, H>,
        when_ns: u64,
    ) -> (LockResult<MutexGuard<'a, T, H>>, bool) {
        // SAFETY: **guard**: it stays with us, unused, until the mutex is held again.
        let woken = unsafe { self.wait_raw(guard.raw(), when_ns) };
        let poisoned = guard.is_poisoned();
        (if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }, woken)
    }

    /// Gives `mutex` back, waits until `when_ns` of the monotonic clock at most, and takes it
    /// again. True: it was notified. For those who build locks of their own.
    ///
    /// # Safety
    /// The caller holds `mutex`.
    #[inline(never)]
    pub unsafe fn wait_raw(&self, mutex: &RawMutex, when_ns: u64) -> bool {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, Turn::new()));
        let node = node.into_ref();
        let mut queue = self.queue.lock();
        spot.prepare(WaitReason::CondWait);
        // SAFETY: **node**: below it is popped for us or removed.
        unsafe { queue.push(node) };
        self.waited_for.swap(true, Ordering::Release); // pairs with the notifiers' loads
        drop(queue);
        // SAFETY: **guard**.
        unsafe { mutex.unlock() };
        let woken = wait::commit(spot, &claim, when_ns);
        if !woken {
            let mut queue = self.queue.lock();
            queue.remove(node);
            self.waited_for.swap(!queue.is_empty(), Ordering::Relaxed);
        }
        mutex.lock();
        woken
    }
}

/// A guard and how its wait ended, both in the error too.
fn both<G>((guard, woken): (LockResult<G>, bool)) -> LockResult<(G, WaitTimeoutResult)> {
    let ended = WaitTimeoutResult(!woken);
    match guard {
        Ok(guard) => Ok((guard, ended)),
        Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), ended))),
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
