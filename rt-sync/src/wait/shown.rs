//! A deadline in a model. Time does not pass there: a wait shows itself, and a thread of the model
//! may end it in time's name.
//!
//! # Safety
//! - **shown**: a claim and a waiter are shown while their wait lasts; who takes them out, and who
//!   strikes, has the lock.
#![allow(unsafe_code, reason = "**shown**: a wait lies on another stack")]

use core::ptr::NonNull;

use loom::sync::Mutex;
use rt_wait::claim::Claim;
use rt_wait::park::Waiter;

struct Wait(NonNull<Claim>, Waiter);

// SAFETY: **shown**: used under the lock.
unsafe impl Send for Wait {}

loom::lazy_static! {
    static ref SHOWN: Mutex<Option<Wait>> = Mutex::new(None);
}

/// Dropped when the wait is over.
pub(crate) struct Showing;

/// Shows a wait, one at a time.
pub(crate) fn show(claim: &Claim, waiter: Waiter) -> Showing {
    let before = SHOWN.lock().unwrap().replace(Wait(NonNull::from(claim), waiter));
    assert!(before.is_none(), "one wait with a deadline at a time");
    Showing
}

impl Drop for Showing {
    fn drop(&mut self) {
        SHOWN.lock().unwrap().take();
    }
}

/// The deadline comes for the wait that is shown. False: none is.
pub(crate) fn strike() -> bool {
    let shown = SHOWN.lock().unwrap();
    let Some(Wait(claim, waiter)) = &*shown else { return false };
    // SAFETY: **shown**.
    if unsafe { claim.as_ref() }.expire() {
        // SAFETY: its claim was won.
        unsafe { waiter.ready() };
    }
    true
}
