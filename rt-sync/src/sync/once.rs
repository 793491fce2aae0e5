//! What is done once. std: `std::sync::Once`. Go: `sync.Once`.
//!
//! ```text
//!              begin                finish: it returned
//!   INCOMPLETE ------> RUNNING -------------------------> COMPLETE
//!                       ^  |  finish: it panicked
//!         begin, forced |  v
//!                      POISONED
//! ```
//!
//! All changes are made under the queue's lock, and end the waits of all: each looks anew. Whoever
//! finds `COMPLETE` needs no lock.
//!
//! # Safety
//! - **node**: as in `queue`: a node is popped and readied before its frame ends.
#![allow(unsafe_code, reason = "**node**: waiters lie on their stacks")]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::pin;

use rt_wait::atomic::{AtomicU32, Ordering};
use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::{Guard, SpinLock};

use super::chain::{Chain, Turn};
use crate::queue::{Node, WaitQueue};

const INCOMPLETE: u32 = 0;
const POISONED: u32 = 1;
const RUNNING: u32 = 2;
const COMPLETE: u32 = 3;

/// Runs a closure once, whoever comes first; the others wait until it has run.
///
/// ```
/// use rt_sync::sync::Once;
///
/// static START: Once = Once::new();
/// START.call_once(|| println!("once"));
/// START.call_once(|| unreachable!());
/// assert!(START.is_completed());
/// ```
///
/// std: `std::sync::Once`.
pub struct Once {
    state: AtomicU32,
    queue: SpinLock<WaitQueue<Turn>>,
}

/// What the closure of [`Once::call_once_force`] is told. std: `std::sync::OnceState`.
pub struct OnceState {
    poisoned: bool,
    _not_sync: PhantomData<Cell<()>>, // as std's
}

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

impl Once {
    rt_wait::const_unless_loom! {
        /// Nothing has run.
        #[must_use]
        pub fn new() -> Once {
            Once { state: AtomicU32::new(INCOMPLETE), queue: SpinLock::new(WaitQueue::new()) }
        }
    }

    /// Runs `f`, unless a closure has run already; waits for one that runs.
    ///
    /// # Panics
    /// When a closure has panicked before. If `f` panics, the `Once` is poisoned. `f` must not come
    /// to the same `Once`: it would wait for itself.
    #[inline]
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        if !self.is_completed() {
            let mut f = Some(f);
            self.call(false, &mut |_| f.take().expect("it runs once")());
        }
    }

    /// As [`Once::call_once`], but a panic before is no obstacle: `f` is told of it.
    #[inline]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        if !self.is_completed() {
            let mut f = Some(f);
            self.call(true, &mut |state| f.take().expect("it runs once")(state));
        }
    }

    /// Has a closure run? What it did is seen then.
    #[inline(always)]
    pub fn is_completed(&self) -> bool {
        self.state.load(Ordering::Acquire) == COMPLETE // pairs with `finish`
    }

    /// Waits until a closure has run.
    ///
    /// # Panics
    /// When one has panicked.
    #[track_caller]
    pub fn wait(&self) {
        if !self.is_completed() {
            self.wait_slow(false);
        }
    }

    /// Waits until a closure has run, whatever panicked before.
    pub fn wait_force(&self) {
        if !self.is_completed() {
            self.wait_slow(true);
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn call(&self, force: bool, f: &mut dyn FnMut(&OnceState)) {
        let Some(state) = self.begin(force) else { return };
        let mut running = Running { once: self, to: POISONED };
        f(&state);
        running.to = COMPLETE;
    }

    /// Runs what panics. Nothing unwinds: loom's threads share the count of panics.
    #[cfg(all(test, loom))]
    pub(super) fn call_in_vain(&self) {
        if self.begin(true).is_some() {
            self.finish(POISONED);
        }
    }

    /// The right to run, or nothing when one has run.
    #[track_caller]
    fn begin(&self, force: bool) -> Option<OnceState> {
        loop {
            let queue = self.queue.lock();
            let state = self.state.load(Ordering::Acquire);
            match state {
                COMPLETE => return None,
                RUNNING => self.sleep(queue),
                POISONED if !force => {
                    drop(queue);
                    panic!("Once instance has previously been poisoned");
                }
                _ => {
                    self.state.swap(RUNNING, Ordering::Relaxed);
                    let poisoned = state == POISONED;
                    return Some(OnceState { poisoned, _not_sync: PhantomData });
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn wait_slow(&self, force: bool) {
        loop {
            let queue = self.queue.lock();
            match self.state.load(Ordering::Acquire) {
                COMPLETE => return,
                POISONED if !force => {
                    drop(queue);
                    panic!("Once instance has previously been poisoned");
                }
                _ => self.sleep(queue),
            }
        }
    }

    /// Waits for the next change.
    fn sleep(&self, mut queue: Guard<'_, WaitQueue<Turn>>) {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let node = pin!(Node::new(spot.waiter(), Turn::new()));
        spot.prepare(WaitReason::MutexLock);
        // SAFETY: **node**: only `finish` ends the wait.
        unsafe { queue.push(node.as_ref()) };
        drop(queue);
        spot.commit();
    }

    fn finish(&self, to: u32) {
        let mut queue = self.queue.lock();
        self.state.swap(to, Ordering::Release); // pairs with `is_completed`
        let chain = Chain::all(&mut queue);
        drop(queue);
        chain.ready();
    }
}

/// A closure runs. Dropped when it has returned or panicked.
struct Running<'a> {
    once: &'a Once,
    to: u32,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.once.finish(self.to);
    }
}

impl OnceState {
    /// Has a closure panicked before?
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState").field("poisoned", &self.poisoned).finish()
    }
}
