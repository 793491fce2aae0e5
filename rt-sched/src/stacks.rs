//! The goroutines' stacks: the pool of the usual size, and pools of larger ones for who asks. Go
//! has one size to start with and grows it by copying.

use alloc::boxed::Box;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use rt_os::errno::Errno;
use rt_stack::bounds::Stack;
use rt_stack::pool::{Found, Pool, StackError, StackErrorKind};

/// Slots of 2^15 to 2^30 bytes may be asked for.
const SMALLEST_LOG2: u32 = 15;
const CLASSES: usize = 16;

/// All pools. A pool lives for ever, and so do its slots' addresses.
#[derive(Debug)]
pub struct Stacks {
    usual: &'static Pool,
    /// By log2 of the slot; null until somebody asks. Written once.
    others: [AtomicPtr<Pool>; CLASSES],
}

impl Stacks {
    /// Stacks from `usual`, unless somebody asks for more.
    #[must_use]
    pub const fn new(usual: &'static Pool) -> Stacks {
        Stacks { usual, others: [const { AtomicPtr::new(null_mut()) }; CLASSES] }
    }

    /// The pool of the usual size.
    #[inline(always)]
    #[must_use]
    pub fn usual(&self) -> &'static Pool {
        self.usual
    }

    /// The pool whose stacks have at least `stack_bytes`, guard not counted; the usual one if that
    /// does.
    ///
    /// # Errors
    /// ENOMEM for more than a pool can have: 1 GiB with the guard.
    pub fn pool_for(&self, stack_bytes: usize) -> Result<&'static Pool, StackError> {
        let mut slot = self.usual.slot_bytes();
        if stack_bytes <= Pool::stack_bytes_in(slot) {
            return Ok(self.usual);
        }
        while Pool::stack_bytes_in(slot) < stack_bytes {
            slot *= 2;
            if slot.ilog2() >= SMALLEST_LOG2 + CLASSES as u32 {
                let kind = StackErrorKind::AddressSpace;
                return Err(StackError { kind, errno: Errno::ENOMEM });
            }
        }
        Ok(self.pool_of_slots(slot))
    }

    fn pool_of_slots(&self, slot: usize) -> &'static Pool {
        let place = &self.others[(slot.ilog2() - SMALLEST_LOG2) as usize];
        if let Some(pool) = by_address(place.load(Ordering::Acquire)) {
            return pool;
        }
        let fresh = Box::into_raw(Box::new(Pool::new(slot)));
        let order = Ordering::AcqRel; // pairs with the looks at it
        match place.compare_exchange(null_mut(), fresh, order, Ordering::Acquire) {
            Ok(_) => by_address(fresh).expect("a box has an address"),
            Err(others) => {
                free_unused(fresh);
                by_address(others).expect("it was found there")
            }
        }
    }

    /// The pool that a stack came from.
    ///
    /// # Panics
    /// When it came from none.
    #[must_use]
    pub fn pool_of(&self, stack: Stack) -> &'static Pool {
        let slot = stack.size_bytes().next_power_of_two();
        if slot == self.usual.slot_bytes() {
            return self.usual;
        }
        let place = self.others.get((slot.ilog2() - SMALLEST_LOG2) as usize);
        let pool = place.and_then(|place| by_address(place.load(Ordering::Acquire)));
        pool.expect("a stack of one of the pools")
    }

    /// Is it of the usual size?
    #[inline(always)]
    #[must_use]
    pub fn is_usual(&self, stack: Stack) -> bool {
        stack.size_bytes() < self.usual.slot_bytes()
    }

    /// The stack whose slot contains `address`. Takes no lock: for signal handlers.
    #[must_use]
    pub fn find(&self, address: usize) -> Option<Found> {
        self.all().find_map(|pool| pool.find(address))
    }

    /// All pools there are.
    pub fn all(&self) -> impl Iterator<Item = &'static Pool> + '_ {
        let mut at = 0;
        let mut pool = Some(self.usual);
        core::iter::from_fn(move || {
            let found = pool.take();
            while pool.is_none() && at < CLASSES {
                pool = by_address(self.others[at].load(Ordering::Acquire));
                at += 1;
            }
            found
        })
    }
}

mod unchecked {
    //! # Safety
    //! - **for ever**: what `others` points to is a leaked box.
    #![allow(unsafe_code, reason = "**for ever**: pointers to leaked pools")]

    use super::{Box, Pool};

    pub(super) fn by_address(pool: *mut Pool) -> Option<&'static Pool> {
        // SAFETY: **for ever**; null or a pool.
        unsafe { pool.as_ref() }
    }

    /// Frees a box that did not get into the table.
    pub(super) fn free_unused(pool: *mut Pool) {
        // SAFETY: the caller's own box, which nobody else has seen.
        drop(unsafe { Box::from_raw(pool) });
    }
}
use unchecked::{by_address, free_unused};

#[cfg(test)]
mod tests {
    use super::*;

    static USUAL: Pool = Pool::new(256 << 10);

    #[test]
    fn who_asks_gets_at_least_that() {
        let stacks = Stacks::new(&USUAL);
        for bytes in [0, 1, 200 << 10, 256 << 10, 1 << 20, 100 << 20] {
            let stack = stacks.pool_for(bytes).unwrap().take().unwrap();
            assert!(stack.size_bytes() >= bytes);
            assert_eq!(stacks.is_usual(stack), bytes <= 200 << 10);
            let found = stacks.find(stack.lo - 1).expect("the guard is the slot's");
            assert!(found.in_guard && found.stack == stack);
            stacks.pool_of(stack).put(stack);
        }
        assert!(core::ptr::eq(
            stacks.pool_for(1 << 20).unwrap(),
            stacks.pool_for(1 << 20).unwrap()
        ));
        assert!(stacks.pool_for(2 << 30).is_err());
        assert!(stacks.pool_for(usize::MAX / 4).is_err());
    }
}
