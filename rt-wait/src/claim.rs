//! Decides who ends a wait that several may end: a select, or a wait with a deadline. Go:
//! `g.selectDone`, `sudog.isSelect`.
//!
//! ```text
//!          take(by): CAS by a waker, under its object's lock, or by the waiter itself
//!   OPEN ------------------------------------------------------------------------------> by
//!     \---- expire: CAS by the deadline ------------------------------------------> EXPIRED
//! ```
//!
//! Whoever changes the word has won: it alone may hand something over, and it alone readies the
//! waiter. The others find the word taken and go on to the next waiter. The word never goes back;
//! the next wait has a new one.

use crate::atomic::{AtomicUsize, Ordering};

const OPEN: usize = 0;
const EXPIRED: usize = 1;

/// The word. It lies with the waiter and stays until that one has taken itself out of every list.
#[derive(Debug)]
pub struct Claim(AtomicUsize);

impl Claim {
    /// A wait that nobody has ended.
    #[must_use]
    pub fn new() -> Claim {
        Claim(AtomicUsize::new(OPEN))
    }

    /// Takes it in the name of `by`: which of the waiter's cases won. True: the caller has won.
    ///
    /// # Panics
    /// In debug builds, when `by` is 0 or 1.
    #[inline]
    #[must_use = "who loses must leave the waiter alone"]
    pub fn take(&self, by: usize) -> bool {
        debug_assert!(by > EXPIRED, "0 and 1 have a meaning of their own");
        self.change(by)
    }

    /// Takes it for the deadline.
    #[inline]
    #[must_use = "who loses must leave the waiter alone"]
    pub fn expire(&self) -> bool {
        self.change(EXPIRED)
    }

    fn change(&self, by: usize) -> bool {
        // A look first: a failed CAS costs as much as one that succeeds.
        self.0.load(Ordering::Relaxed) == OPEN
            // Release: what the winner saw before; Acquire: pairs with `taken_by`'s reader's
            // set-up.
            && self.0.compare_exchange(OPEN, by, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Who has won: `None` while it is open, or when the deadline has.
    #[inline]
    #[must_use]
    pub fn taken_by(&self) -> Option<usize> {
        // Pairs with `take`; the winner's `ready` has ordered more than that.
        Some(self.0.load(Ordering::Acquire)).filter(|by| *by > EXPIRED)
    }

    /// Has nobody won yet? A glimpse.
    #[inline]
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) == OPEN
    }

    /// Has the deadline won?
    #[inline]
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0.load(Ordering::Acquire) == EXPIRED
    }
}

impl Default for Claim {
    fn default() -> Claim {
        Claim::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_wins() {
        let claim = Claim::new();
        assert!(claim.is_open() && claim.taken_by().is_none());
        assert!(claim.take(7));
        assert!(!claim.take(8) && !claim.expire());
        assert_eq!((claim.taken_by(), claim.timed_out()), (Some(7), false));
        let late = Claim::new();
        assert!(late.expire() && !late.take(7));
        assert_eq!((late.taken_by(), late.timed_out()), (None, true));
    }
}
