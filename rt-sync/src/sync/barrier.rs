//! A barrier. std: `std::sync::Barrier`.
//!
//! # Safety
//! - **node**: as in `queue`: a node is popped and readied before its frame ends.
#![allow(unsafe_code, reason = "**node**: waiters lie on their stacks")]

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::pin;

use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::SpinLock;

use super::chain::{Chain, Turn};
use crate::queue::{Node, WaitQueue};

/// Lets a number of goroutines or threads go on when all of them have come. It can be used again at
/// once. std: `std::sync::Barrier`.
///
/// ```
/// use rt_sync::sync::Barrier;
///
/// static BOTH: Barrier = Barrier::new(2);
/// let other = std::thread::spawn(|| BOTH.wait().is_leader());
/// let leads = BOTH.wait().is_leader();
/// assert!(leads != other.join().unwrap());
/// ```
pub struct Barrier {
    inner: SpinLock<Inner>,
    size: usize,
}

struct Inner {
    come: usize, // of this round
    queue: WaitQueue<Turn>,
}

/// Is the caller the one of its round that was chosen? std: `std::sync::BarrierWaitResult`.
pub struct BarrierWaitResult(bool);

impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

impl Barrier {
    rt_wait::const_unless_loom! {
        /// A barrier for `n`. One for 0 stops nobody, as one for 1.
        #[must_use]
        pub fn new(n: usize) -> Barrier {
            Barrier {
                inner: SpinLock::new(Inner { come: 0, queue: WaitQueue::new() }),
                size: n,
            }
        }
    }

    /// Waits until all have come. Exactly one of a round is told that it is the leader: the last.
    pub fn wait(&self) -> BarrierWaitResult {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let node = pin!(Node::new(spot.waiter(), Turn::new()));
        let mut inner = self.inner.lock();
        inner.come += 1;
        if inner.come >= self.size {
            inner.come = 0;
            let chain = Chain::all(&mut inner.queue);
            drop(inner);
            chain.ready();
            return BarrierWaitResult(true);
        }
        spot.prepare(WaitReason::Semacquire);
        // SAFETY: **node**: only the leader ends the wait.
        unsafe { inner.queue.push(node.as_ref()) };
        drop(inner);
        spot.commit();
        BarrierWaitResult(false)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl BarrierWaitResult {
    /// Is the caller the leader of its round?
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}
