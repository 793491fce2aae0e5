//! A stretch of address space cut into slots, and what is known of each slot.
//!
//! Nothing is written into a slot: its pages belong to who took it, and untouched ones cost
//! nothing. What is known of the slots lies in a side table, 12 bytes for each.
//!
//! # Safety
//! - **table**: `notes` leads to one [`Note`] for each slot, for ever.
#![allow(unsafe_code, reason = "**table**: a mapped array")]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rt_os::errno::Errno;
use rt_os::sys::mem::{self, Advice, Protection, Purpose};

use crate::bounds::Stack;

/// Where a slot stands. Changed under the pool's lock, looked at by anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// Never taken: no guard, no pages.
    Fresh = 0,
    /// Somebody has it.
    Taken = 1,
    /// Given back, pages and all.
    Retained = 2,
    /// Given back, its pages returned to the kernel; the guard stands.
    Released = 3,
    /// In the hands of a trim, which returns its pages; in no list.
    Releasing = 4,
}

/// What is known of a slot.
#[derive(Debug)]
pub(crate) struct Note {
    state: AtomicU32,
    /// Its neighbours in its free list; under the pool's lock.
    pub(crate) next: AtomicU32,
    pub(crate) prev: AtomicU32,
}

impl Note {
    pub(crate) const fn fresh() -> Note {
        let (next, prev) = (AtomicU32::new(0), AtomicU32::new(0));
        Note { state: AtomicU32::new(State::Fresh as u32), next, prev }
    }

    pub(crate) fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Fresh,
            1 => State::Taken,
            2 => State::Retained,
            3 => State::Released,
            _ => State::Releasing,
        }
    }

    pub(crate) fn set(&self, state: State) {
        self.state.store(state as u32, Ordering::Release); // pairs with `state`
    }
}

/// One stretch. `base` 0: not mapped yet; set last, with Release, and never changed again.
#[derive(Debug)]
pub(crate) struct Slab {
    base: AtomicUsize,
    slots: AtomicU32,
    notes: AtomicUsize,
}

impl Slab {
    pub(crate) const fn none() -> Slab {
        Slab { base: AtomicUsize::new(0), slots: AtomicU32::new(0), notes: AtomicUsize::new(0) }
    }

    /// The lowest address; 0 before there is one. Pairs with `open`.
    pub(crate) fn base(&self) -> usize {
        self.base.load(Ordering::Acquire)
    }

    pub(crate) fn slots(&self) -> u32 {
        self.slots.load(Ordering::Relaxed)
    }

    /// What is known of slot `index`, which must be below `slots`.
    pub(crate) fn note(&self, index: u32) -> &Note {
        assert!(index < self.slots(), "a slot of this slab");
        let notes = self.notes.load(Ordering::Relaxed) as *const Note;
        // SAFETY: **table**.
        unsafe { &*notes.add(index as usize) }
    }

    /// Maps `slots` slots, with `notes` as side table, or one that is mapped for it.
    ///
    /// # Errors
    /// ENOMEM: no address space.
    pub(crate) fn open(
        &self,
        slots: u32,
        slot_bytes: usize,
        notes: Option<&'static [Note]>,
    ) -> Result<(), Errno> {
        let len = slots as usize * slot_bytes;
        let base = mem::map(len, Protection::ReadWrite, Purpose::Stacks)?;
        let notes = match notes {
            Some(notes) => NonNull::from(notes).cast::<u8>(),
            None => match side_table(slots) {
                Ok(notes) => notes,
                Err(error) => {
                    // SAFETY: fresh, and nobody's.
                    let _result = unsafe { mem::unmap(base.as_ptr() as usize, len) };
                    return Err(error);
                }
            },
        };
        self.notes.store(notes.as_ptr() as usize, Ordering::Relaxed);
        self.slots.store(slots, Ordering::Relaxed);
        self.base.store(base.as_ptr() as usize, Ordering::Release); // pairs with `base`
        Ok(())
    }

    /// One page touched must cost one page: no huge pages here. Linux 6.7 and later take that from
    /// MAP_STACK; older ones, which make guards by mprotect, are told.
    pub(crate) fn forbid_huge_pages(&self, slot_bytes: usize) {
        let len = self.slots() as usize * slot_bytes;
        // SAFETY: advice that changes no contents. The answer does not matter.
        let _advice = unsafe { mem::advise(self.base(), len, Advice::NoHugePage) };
    }

    /// Slot `index` as a range, its guard included.
    pub(crate) fn slot(&self, index: u32, slot_bytes: usize) -> Stack {
        let lo = self.base() + index as usize * slot_bytes;
        Stack { lo, hi: lo + slot_bytes }
    }
}

/// Zeroed memory is a table of fresh notes.
fn side_table(slots: u32) -> Result<NonNull<u8>, Errno> {
    let len = (slots as usize * size_of::<Note>()).next_multiple_of(4096);
    mem::map(len, Protection::ReadWrite, Purpose::Heap)
}
