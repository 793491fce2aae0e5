//! A task — a future that somebody polls — that waits for one direction of a descriptor, beside the
//! goroutines in its word. tokio: `ScheduledIo`'s reader and writer.
//!
//! ```text
//!           set: waker, then true         set: another waker
//!   NOBODY ------------------------> SET ---+
//!      ^                              ^  ---+
//!      +--- tell: takes it, calls it -+
//! ```
//!
//! Who sets looks at the word after that; who has changed the word looks here after that; both by
//! locked instructions. So either the task sees the change, or it is told.

use core::task::Waker;

use rt_wait::atomic::{AtomicBool, Ordering};
use rt_wait::spin::SpinLock;

use crate::idle::loom_barrier;

/// The word, and the waker of the task that waits.
#[derive(Debug)]
pub(super) struct TaskSlot {
    /// There is a waker. Changed under the lock; looked at without it by who tells.
    is_set: AtomicBool,
    waker: SpinLock<Option<Waker>>,
}

impl TaskSlot {
    pub(super) fn new() -> TaskSlot {
        TaskSlot { is_set: AtomicBool::new(false), waker: SpinLock::new(None) }
    }

    /// From now on `waker` is told, once; who was set before is not.
    pub(super) fn set(&self, waker: Waker) {
        let mut slot = self.waker.lock();
        let old = slot.replace(waker);
        self.is_set.swap(true, Ordering::SeqCst); // before the look at the word; pairs with `tell`
        drop(slot);
        drop(old); // users' code: not under the lock
        loom_barrier();
    }

    /// Nobody is told any more.
    pub(super) fn clear(&self) {
        drop(self.take());
    }

    /// Tells the task, if there is one: after a change of the word.
    #[inline]
    pub(super) fn tell(&self) {
        loom_barrier();
        // Relaxed: the change before it was a locked instruction; pairs with `set`.
        if self.is_set.load(Ordering::Relaxed)
            && let Some(waker) = self.take()
        {
            waker.wake();
        }
    }

    fn take(&self) -> Option<Waker> {
        let mut slot = self.waker.lock();
        self.is_set.store(false, Ordering::Relaxed); // under the lock
        slot.take()
    }
}
