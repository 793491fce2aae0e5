//! Goroutine stacks of one size. Go: `stackpool`, `stackalloc`, `stackfree`.
//!
//! Slots are cut from slabs of address space and committed by touching. A slot that is given back
//! keeps its pages, and whatever its user left in them, until [`Pool::trim`] finds that there are
//! more than the program has lately needed:
//!
//! ```text
//!   fresh --take--> taken --put--> retained --trim--> releasing --> released
//!                     ^              |                                 |
//!                     +---- take ----+-------------- take -------------+
//! ```
//!
//! # Safety
//! - **fresh**: the slots from `fresh` on were never taken: nobody uses their lowest pages.
#![allow(unsafe_code, reason = "**fresh**: makes guards")]

use core::iter;

use rt_wait::mutex::{Guard, Mutex};
use rt_wait::rank::Rank;

use crate::bounds::Stack;
pub use crate::error::{StackError, StackErrorKind};
use crate::guard::{GuardKind, guard_bytes};
use crate::list::List;
use crate::slab::State;
use crate::table::{Table, id};
use crate::watermark::Watermark;

/// Stack tops are staggered over so many cache lines, so that they do not share cache sets.
const COLOURS: usize = 32;
const LINE: usize = 64;

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The stack whose slot it is.
    pub stack: Stack,
    /// It lies in the guard below.
    pub in_guard: bool,
}

/// How many slots are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Taken.
    pub in_use: usize,
    /// Given back, with pages.
    pub retained: usize,
    /// Given back, without pages.
    pub released: usize,
    /// Slabs.
    pub slabs: usize,
}

/// What the lock guards.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) in_use: usize,
    pub(crate) retained: List,
    pub(crate) released: List,
    /// How many are in the hands of a trim.
    pub(crate) releasing: usize,
    pub(crate) watermark: Watermark,
    slabs: usize,
    /// The next slot of the last slab that was never taken, and how many slots the slab has.
    fresh: u32,
    fresh_end: u32,
}

/// A pool of stacks of one size. Made in place, usable at once; it holds no memory before the first
/// take, and never gives address space back.
#[derive(Debug)]
#[repr(C)] // the head of it, and few pages, are touched by the boot
pub struct Pool {
    inner: Mutex<Inner>,
    guard: GuardKind,
    pub(crate) table: Table,
}

impl Pool {
    /// A pool of stacks in slots of `slot_bytes`, guard included.
    ///
    /// # Panics
    /// When it is not a power of two from 16 KiB to 1 GiB.
    #[must_use]
    pub const fn new(slot_bytes: usize) -> Pool {
        let inner = Inner {
            in_use: 0,
            retained: List::new(),
            released: List::new(),
            releasing: 0,
            watermark: Watermark::new(),
            slabs: 0,
            fresh: 0,
            fresh_end: 0,
        };
        Pool {
            inner: Mutex::new(Rank::StackPool, inner),
            guard: GuardKind::untried(),
            table: Table::new(slot_bytes),
        }
    }

    /// A pool whose guards are made by mprotect, as on kernels before 6.13.
    ///
    /// # Panics
    /// As [`Pool::new`].
    #[must_use]
    pub const fn with_mprotect_guards(slot_bytes: usize) -> Pool {
        let mut pool = Pool::new(slot_bytes);
        pool.guard = GuardKind::by_mprotect();
        pool
    }

    /// Takes a stack: one given back lately, with what its last user left in it; else one whose
    /// pages are zero. The pool must not move while stacks are taken from it: it is a static or
    /// leaked.
    ///
    /// # Errors
    /// [`StackError`]; nothing is lost.
    pub fn take(&'static self) -> Result<Stack, StackError> {
        self.take_one(&mut self.lock())
    }

    /// Fills `stacks` from the front, locking once. Returns how many it took: fewer than wanted,
    /// but not none, when there are no more.
    ///
    /// # Errors
    /// [`StackError`] when there is none at all.
    pub fn take_batch(&'static self, stacks: &mut [Stack]) -> Result<usize, StackError> {
        let mut inner = self.lock();
        for (taken, place) in stacks.iter_mut().enumerate() {
            match self.take_one(&mut inner) {
                Ok(stack) => *place = stack,
                Err(error) if taken == 0 => return Err(error),
                Err(_) => return Ok(taken),
            }
        }
        Ok(stacks.len())
    }

    /// Gives a stack back. Its pages keep what is in them until it is taken again or trimmed.
    ///
    /// # Panics
    /// When it is not a taken stack of this pool.
    #[inline(never)]
    pub fn put(&self, stack: Stack) {
        self.put_batch(iter::once(stack));
    }

    /// Gives stacks back, locking once; the last is the first to be taken again.
    ///
    /// # Panics
    /// As [`Pool::put`]. Those before the wrong one were given back.
    pub fn put_batch(&self, stacks: impl IntoIterator<Item = Stack>) {
        let mut inner = self.lock();
        for stack in stacks {
            let id = self.table.id_of(stack.lo).expect("a stack of this pool");
            assert!(self.stack(id) == stack, "a whole stack is given back");
            let note = self.table.note(id);
            assert!(note.state() == State::Taken, "a stack is given back once");
            note.set(State::Retained);
            inner.retained.push_hot(&self.table, id);
            inner.in_use -= 1;
        }
    }

    /// The stack whose slot contains `address`, if it was ever taken. Takes no lock: for signal
    /// handlers.
    #[must_use]
    pub fn find(&self, address: usize) -> Option<Found> {
        let id = self.table.id_of(address)?;
        let used = self.table.note(id).state() != State::Fresh;
        let stack = self.stack(id);
        used.then_some(Found { stack, in_guard: address < stack.lo })
    }

    /// The stacks that were taken at some time and still have their pages. Takes no lock: a
    /// glimpse, exact while nobody takes, puts or trims. A stack may lose its pages while it is
    /// looked at; it then reads as zero.
    pub fn iter_used(&self) -> impl Iterator<Item = Stack> + '_ {
        let used =
            |id: &u32| matches!(self.table.note(*id).state(), State::Taken | State::Retained);
        self.table.ids().filter(used).map(|id| self.stack(id))
    }

    /// How far below `stack.hi` its user should begin, so that stacks do not share cache sets; the
    /// address, a multiple of 64, less than 2 KiB below the end.
    #[must_use]
    pub fn colour(&self, stack: Stack) -> usize {
        let index = (stack.hi / self.slot_bytes()) % COLOURS;
        stack.hi - (index * 7 % COLOURS) * LINE
    }

    /// Bytes of a slot, guard included.
    #[must_use]
    pub fn slot_bytes(&self) -> usize {
        self.table.slot_bytes()
    }

    /// Bytes of a stack in a slot of `slot_bytes`: what the guard leaves.
    #[must_use]
    pub const fn stack_bytes_in(slot_bytes: usize) -> usize {
        slot_bytes - guard_bytes(slot_bytes)
    }

    /// How many slots are in which state.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let inner = self.lock();
        Stats {
            in_use: inner.in_use,
            retained: inner.retained.len() + inner.releasing,
            released: inner.released.len(),
            slabs: inner.slabs,
        }
    }

    pub(crate) fn lock(&self) -> Guard<'_, Inner> {
        self.inner.lock()
    }

    fn take_one(&'static self, inner: &mut Inner) -> Result<Stack, StackError> {
        let id = match inner.retained.pop_hot(&self.table) {
            Some(id) => id,
            None => match inner.released.pop_hot(&self.table) {
                Some(id) => id,
                None => self.take_fresh(inner)?,
            },
        };
        self.table.note(id).set(State::Taken);
        inner.in_use += 1;
        inner.watermark.saw(inner.in_use);
        Ok(self.stack(id))
    }

    fn take_fresh(&'static self, inner: &mut Inner) -> Result<u32, StackError> {
        if inner.fresh == inner.fresh_end {
            let kind = StackErrorKind::AddressSpace;
            let slots = self.table.open(inner.slabs);
            let slots = slots.map_err(|errno| StackError { kind, errno })?;
            (inner.fresh, inner.fresh_end) = (0, slots);
            inner.slabs += 1;
        }
        let slab = inner.slabs - 1;
        let id = id(slab, inner.fresh);
        let lo = self.table.slot(id).lo;
        // SAFETY: **fresh**.
        unsafe { self.guard.install(lo, guard_bytes(self.slot_bytes())) }?;
        if inner.fresh == 0 && self.guard.splits_mappings() {
            self.table.slab(slab).forbid_huge_pages(self.slot_bytes());
        }
        inner.fresh += 1;
        let stack = self.stack(id);
        rt_asm::valgrind::stack_register(stack.lo, stack.hi);
        Ok(id)
    }

    fn stack(&self, id: u32) -> Stack {
        let slot = self.table.slot(id);
        Stack { lo: slot.lo + guard_bytes(self.slot_bytes()), hi: slot.hi }
    }
}
