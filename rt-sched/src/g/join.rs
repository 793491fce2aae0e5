//! The end of a goroutine, seen by its handle.
//!
//! ```text
//!                     joiner: CAS (1)             exit: swap, ready the joiner (2)
//!          RUNNING --------------------> a joiner ------------------------------> DONE
//!           |   |                                                                  ^
//!           |   +------------------------ exit: swap (3) --------------------------+
//!           +--- handle dropped: swap (4) ---> DETACHED --- exit: swap (5) ---> DONE
//! ```
//!
//! The result belongs to the goroutine until (2), (3) or (5). After (2) and (3) it is the handle's:
//! to take, or to drop when (4) finds DONE. At (5) the goroutine drops it itself, on its own stack.
//!
//! # Safety
//! - **joiner**: a word other than the three states is the address of a [`Waiter`] on the joiner's
//!   stack, which stays until the ready.
#![allow(unsafe_code, reason = "**joiner**: a pointer in an atomic word")]

use core::pin::pin;

use rt_wait::atomic::{AtomicUsize, Ordering};
use rt_wait::park::{Spot, WaitReason, Waiter};

const RUNNING: usize = 0;
const DONE: usize = 1;
const DETACHED: usize = 2;

/// Whose is the result?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "somebody must drop the result"]
pub enum Result {
    /// The handle takes or drops it.
    Handles,
    /// Nobody will ask: the goroutine drops it.
    Goroutines,
}

/// The word.
#[derive(Debug)]
pub struct JoinWord(AtomicUsize);

impl JoinWord {
    /// Of a goroutine that has not ended.
    #[must_use]
    pub fn new() -> JoinWord {
        JoinWord(AtomicUsize::new(RUNNING))
    }

    /// Has it ended? True orders its result.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire) == DONE // pairs with `finish`
    }

    /// Edges 2, 3 and 5: the goroutine has stored its result and ends.
    #[inline]
    pub fn finish(&self) -> Result {
        match self.0.swap(DONE, Ordering::AcqRel) {
            RUNNING => Result::Handles,
            DETACHED => Result::Goroutines,
            joiner => {
                // SAFETY: **joiner**.
                let waiter = unsafe { *(joiner as *const Waiter) };
                // SAFETY: the swap took it out of the word: the duty is ours.
                unsafe { waiter.ready() };
                Result::Handles
            }
        }
    }

    /// Edge 1, and the wait for edge 2.
    pub fn wait(&self) {
        if self.is_done() {
            return;
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let waiter = spot.waiter();
        spot.prepare(WaitReason::Semacquire);
        let node = &raw const waiter as usize;
        let order = Ordering::AcqRel; // pairs with the swap in `finish`, both ways
        if self.0.compare_exchange(RUNNING, node, order, Ordering::Acquire).is_ok() {
            spot.commit();
        } else {
            spot.cancel();
        }
        debug_assert!(self.is_done());
    }

    /// Edge 4: the handle goes. True when the result is there, and the handle's to drop.
    #[must_use]
    pub fn detach(&self) -> bool {
        self.0.swap(DETACHED, Ordering::AcqRel) == DONE
    }
}

impl Default for JoinWord {
    fn default() -> JoinWord {
        JoinWord::new()
    }
}
