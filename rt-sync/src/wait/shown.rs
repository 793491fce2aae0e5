//! Deadlines in a model. Time does not pass there: waits with a deadline show themselves, and a
//! thread of the model may end one in time's name.
//!
//! # Safety
//! - **shown**: a claim and a waiter are shown while their wait lasts; who takes them out, and who
//!   strikes, has the lock.
#![allow(unsafe_code, reason = "**shown**: a wait lies on another stack")]

use core::ptr::NonNull;
use std::vec::Vec;

#[cfg(not(shuttle))]
use loom as checker;
#[cfg(shuttle)]
use shuttle as checker;

use checker::sync::Mutex;
use rt_wait::claim::Claim;
use rt_wait::park::Waiter;

struct Wait(NonNull<Claim>, Waiter);

// SAFETY: **shown**: used under the lock.
unsafe impl Send for Wait {}

checker::lazy_static! {
    static ref SHOWN: Mutex<Vec<Wait>> = Mutex::new(Vec::new());
}

/// Dropped when the wait is over.
pub(crate) struct Showing(NonNull<Claim>);

/// Shows a wait.
pub(crate) fn show(claim: &Claim, waiter: Waiter) -> Showing {
    let claim = NonNull::from(claim);
    SHOWN.lock().unwrap().push(Wait(claim, waiter));
    Showing(claim)
}

impl Drop for Showing {
    fn drop(&mut self) {
        SHOWN.lock().unwrap().retain(|Wait(claim, _)| *claim != self.0);
    }
}

/// A deadline comes for one of the waits that are shown, the one that `choose` says of so many.
/// False: none is.
pub(crate) fn strike(choose: impl FnOnce(usize) -> usize) -> bool {
    let shown = SHOWN.lock().unwrap();
    if shown.is_empty() {
        return false;
    }
    let Wait(claim, waiter) = &shown[choose(shown.len())];
    // SAFETY: **shown**.
    if unsafe { claim.as_ref() }.expire() {
        // SAFETY: its claim was won.
        unsafe { waiter.ready() };
    }
    true
}
