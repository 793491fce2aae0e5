//! Waits with and without a deadline, in one form.

#[cfg(all(test, loom))]
pub(crate) mod shown;

use core::pin::Pin;

use rt_os::sys::clock::nanotime;
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, Waiter};

use crate::host::NEVER;
use crate::queue::Node;

/// In whose name an object takes the claim of a wait: there is one object and a deadline.
const BY_OBJECT: usize = 2;

/// The node of a wait until `when_ns`. Without a deadline nobody but the object ends the wait, and
/// the claim is left alone.
#[inline]
pub(crate) fn node<D>(waiter: Waiter, claim: &Claim, when_ns: u64, data: D) -> Node<D> {
    if when_ns == NEVER {
        Node::new(waiter, data)
    } else {
        Node::claimed(waiter, claim, BY_OBJECT, data)
    }
}

/// Sleeps until the object ends the wait (true) or the deadline does (false).
#[inline]
#[must_use]
pub(crate) fn commit(spot: Pin<&Spot>, claim: &Claim, when_ns: u64) -> bool {
    if when_ns == NEVER {
        spot.commit();
        return true;
    }
    #[cfg(all(test, loom))]
    let _shown = shown::show(claim, spot.waiter());
    spot.commit_until(claim, when_ns)
}

/// A deadline for who does not wait.
pub(crate) const AT_ONCE: u64 = 0;

/// Has this time come? In a model that is for a thread of the model to say.
#[inline]
#[must_use]
pub(crate) fn is_over(when_ns: u64) -> bool {
    when_ns == AT_ONCE || (cfg!(not(loom)) && when_ns != NEVER && nanotime() >= when_ns)
}
