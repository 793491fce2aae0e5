//! Waits for a number of goroutines. Go: `sync.WaitGroup`.
//!
//! The word is the counter and a bit `WAITED`: somebody waits. While it is set, the counter is not
//! zero: who brings it there clears the bit in the same step, under the queue's lock, and ends the
//! waits. So a group can be used anew as soon as its counter is zero; what Go must look out for
//! (`Add` beside `Wait`, use before the last `Wait` has returned) is harmless here.
//!
//! # Safety
//! - **node**: as in `queue`: a node is removed, or popped and readied, before its frame ends.
#![allow(unsafe_code, reason = "**node**: waiters lie on their stacks")]

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::pin;
use core::time::Duration;

use rt_wait::atomic::{AtomicUsize, Ordering};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::SpinLock;

use super::chain::{Chain, Turn};
use crate::host::{NEVER, deadline_after};
use crate::queue::WaitQueue;
use crate::wait;

const WAITED: usize = 1;
const ONE: usize = 2;

/// Waits until a counter is zero.
///
/// ```
/// use rt_sync::sync::WaitGroup;
///
/// static GROUP: WaitGroup = WaitGroup::new();
/// GROUP.add(3);
/// for _ in 0..3 {
///     std::thread::spawn(|| GROUP.done());
/// }
/// GROUP.wait();
/// ```
pub struct WaitGroup {
    word: AtomicUsize,
    queue: SpinLock<WaitQueue<Turn>>,
}

impl UnwindSafe for WaitGroup {}
impl RefUnwindSafe for WaitGroup {}

impl WaitGroup {
    rt_wait::const_unless_loom! {
        /// The counter is zero.
        #[must_use]
        pub fn new() -> WaitGroup {
            WaitGroup { word: AtomicUsize::new(0), queue: SpinLock::new(WaitQueue::new()) }
        }
    }

    /// Adds `delta`, which may be negative, to the counter. If it becomes zero, all waits end. Add
    /// before you start what calls [`WaitGroup::done`], not in it. Go: `WaitGroup.Add`.
    ///
    /// # Panics
    /// When the counter would be negative (or greater than `isize::MAX`): it stays as it is.
    #[inline]
    #[track_caller]
    pub fn add(&self, delta: isize) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let Some(counter) = (word / ONE).checked_add_signed(delta) else { negative() };
            if counter > usize::MAX / ONE {
                too_great();
            }
            if counter == 0 && word & WAITED != 0 {
                if self.end(word) {
                    return;
                }
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            let new = (counter * ONE) | (word & WAITED);
            // Release: pairs with the waiters' acquire; Acquire: the last one passes on what the
            // others did.
            match self.word.compare_exchange_weak(word, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// One has ended: the same as `add(-1)`. Go: `WaitGroup.Done`.
    ///
    /// # Panics
    /// When the counter is zero.
    #[inline]
    #[track_caller]
    pub fn done(&self) {
        self.add(-1);
    }

    /// Waits until the counter is zero; what was done before each `done` is then seen. Go:
    /// `WaitGroup.Wait`.
    #[inline]
    pub fn wait(&self) {
        if self.word.load(Ordering::Acquire) != 0 {
            let ended = self.wait_slow(NEVER);
            debug_assert!(ended);
        }
    }

    /// As [`WaitGroup::wait`], so long at most. False: the time is over. Go has no counterpart.
    #[inline]
    #[must_use = "the counter may not be zero"]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.word.load(Ordering::Acquire) == 0 || self.wait_slow(deadline_after(timeout))
    }

    /// Brings the counter to zero and ends the waits. False: the word is not `word` any more.
    #[cold]
    #[inline(never)]
    fn end(&self, word: usize) -> bool {
        let mut queue = self.queue.lock();
        if self.word.compare_exchange(word, 0, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        let chain = Chain::all(&mut queue);
        drop(queue);
        chain.ready();
        true
    }

    #[cold]
    #[inline(never)]
    fn wait_slow(&self, when_ns: u64) -> bool {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, Turn::new()));
        let node = node.into_ref();
        let mut queue = self.queue.lock();
        if !self.join() {
            return true;
        }
        spot.prepare(WaitReason::WaitGroupWait);
        // SAFETY: **node**: below it is popped for us or removed.
        unsafe { queue.push(node) };
        drop(queue);
        if wait::commit(spot, &claim, when_ns) {
            return true;
        }
        let mut queue = self.queue.lock();
        queue.remove(node);
        if queue.is_empty() {
            self.word.fetch_and(!WAITED, Ordering::Relaxed);
        }
        false
    }

    /// Says that somebody waits. False: the counter is zero. Under the queue's lock.
    fn join(&self) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while word != 0 && word & WAITED == 0 {
            let new = word | WAITED;
            match self.word.compare_exchange_weak(word, new, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        word != 0
    }
}

#[cold]
#[track_caller]
fn negative() -> ! {
    panic!("sync: negative WaitGroup counter")
}

#[cold]
#[track_caller]
fn too_great() -> ! {
    panic!("sync: WaitGroup counter overflow")
}

impl Default for WaitGroup {
    fn default() -> WaitGroup {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counter = self.word.load(Ordering::Relaxed) / ONE;
        f.debug_struct("WaitGroup").field("counter", &counter).finish_non_exhaustive()
    }
}
