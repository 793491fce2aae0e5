//! Goroutine stacks of one size. Go: `stackpool`, `stackalloc`, `stackfree`.
//!
//! Slots are cut from slabs of address space and committed by touching. A slot that is given back keeps
//! its pages, and whatever its user left in them, until [`Pool::trim`] finds that there are more than
//! the program has lately needed:
//!
//! ```text
//!   fresh --take--> taken --put--> retained --trim--> released
//!                     ^              |                   |
//!                     +---- take ----+------- take ------+
//! ```
//!
//! # Safety
//! - **whose**: a slot is taken by one at a time; its pages are the taker's from `take` to `put`.
//! - **retained only**: trim takes pages away from slots that nobody has.
#![allow(unsafe_code, reason = "**retained only**: takes pages away")]

use core::fmt;
use core::sync::atomic::Ordering::Relaxed;

use rt_os::errno::Errno;
use rt_os::sys::mem::{self, Advice};
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

use crate::bounds::Stack;
use crate::guard::{GuardKind, guard_bytes};
use crate::slab::{Note, Slab, State};

/// The first slab, in bytes of address space; each later one is twice as large.
const SLAB_BYTES_FIRST: usize = 64 << 20;
/// The largest slab.
const SLAB_BYTES_MAX: usize = 16 << 30;
const SLABS: usize = 64;
/// Slots of the first slab of the smallest size: 64 MiB / 16 KiB.
const SLOT_BYTES_MIN: usize = 16 << 10;
/// Slots of the first slab whose notes lie in the pool itself.
const INLINE_NOTES: usize = 256;
/// Stack tops are staggered over so many cache lines, so that they do not share cache sets.
const COLOURS: usize = 32;
const LINE: usize = 64;
/// No slot: the end of a free list.
const END: u32 = 0;

/// Why there is no stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackError {
    /// What is exhausted.
    pub kind: StackErrorKind,
    /// What the kernel said.
    pub errno: Errno,
}

/// What is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackErrorKind {
    /// Address space: RLIMIT_AS, or the pool's largest size.
    AddressSpace,
    /// Mappings, which guards by mprotect cost: vm.max_map_count.
    Mappings,
    /// Memory for the guard's page table.
    Memory,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StackErrorKind::AddressSpace => "no address space (RLIMIT_AS)",
            StackErrorKind::Mappings => "too many mappings (vm.max_map_count)",
            StackErrorKind::Memory => "no memory for its guard",
        };
        write!(f, "{what}: {}", self.errno)
    }
}

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
struct Inner {
    stats: Stats,
    /// Free lists, by slot number + 1; the last given back first.
    retained: u32,
    released: u32,
    /// The next slot of the last slab that was never taken, and how many it has.
    fresh: u32,
    fresh_end: u32,
    /// The most in use since the last trim, and how many slots may keep their pages.
    peak: usize,
    target: usize,
}

/// A pool of stacks of one size. Made in place, usable at once; it holds no memory before the first
/// take, and never gives address space back.
#[derive(Debug)]
pub struct Pool {
    slot_bytes: usize,
    guard: GuardKind,
    inner: Mutex<Inner>,
    slabs: [Slab; SLABS],
    notes: [Note; INLINE_NOTES],
}

impl Pool {
    /// A pool of stacks in slots of `slot_bytes`, guard included.
    ///
    /// # Panics
    /// When it is not a power of two from 16 KiB to 1 GiB.
    #[must_use]
    pub const fn new(slot_bytes: usize) -> Pool {
        assert!(slot_bytes.is_power_of_two(), "a stack's size is a power of two");
        assert!(slot_bytes >= SLOT_BYTES_MIN && slot_bytes <= 1 << 30, "16 KiB to 1 GiB");
        let inner = Inner {
            stats: Stats { in_use: 0, retained: 0, released: 0, slabs: 0 },
            retained: END,
            released: END,
            fresh: 0,
            fresh_end: 0,
            peak: 0,
            target: 0,
        };
        Pool {
            slot_bytes,
            guard: GuardKind::untried(),
            inner: Mutex::new(Rank::StackPool, inner),
            slabs: [const { Slab::none() }; SLABS],
            notes: [const { Note::fresh() }; INLINE_NOTES],
        }
    }

    /// A pool whose guards are made by mprotect, as on kernels before 6.13.
    #[must_use]
    pub const fn with_mprotect_guards(slot_bytes: usize) -> Pool {
        let mut pool = Pool::new(slot_bytes);
        pool.guard = GuardKind::by_mprotect();
        pool
    }

    /// Takes a stack: one given back lately, with what its last user left in it; else one whose pages
    /// are zero. The pool must not move while stacks are taken from it: it is a static or leaked.
    ///
    /// # Errors
    /// [`StackError`]; nothing is lost.
    pub fn take(&'static self) -> Result<Stack, StackError> {
        let mut inner = self.inner.lock();
        let id = if inner.retained != END {
            inner.stats.retained -= 1;
            let id = inner.retained;
            inner.retained = self.note(id).next.load(Relaxed);
            id
        } else if inner.released != END {
            inner.stats.released -= 1;
            let id = inner.released;
            inner.released = self.note(id).next.load(Relaxed);
            id
        } else {
            self.take_fresh(&mut inner)?
        };
        self.note(id).set(State::Taken);
        inner.stats.in_use += 1;
        inner.peak = inner.peak.max(inner.stats.in_use);
        Ok(self.stack(id))
    }

    /// Gives a stack back. Its pages keep what is in them until it is taken again or trimmed.
    ///
    /// # Panics
    /// When it is not a taken stack of this pool.
    pub fn put(&self, stack: Stack) {
        let id = self.id_of(stack.lo).expect("a stack of this pool");
        let mut inner = self.inner.lock();
        let note = self.note(id);
        assert!(note.state() == State::Taken, "a stack is given back once");
        note.set(State::Retained);
        note.next.store(inner.retained, Relaxed);
        inner.retained = id;
        inner.stats.in_use -= 1;
        inner.stats.retained += 1;
    }

    /// Ends an epoch: returns the pages of retained stacks that the program has not needed to the
    /// kernel, in runs of neighbours. It keeps the larger of the epoch's peak and half of what it kept
    /// before, so a burst is forgotten by halves. Returns how many stacks were released.
    pub fn trim(&self) -> usize {
        let mut inner = self.inner.lock();
        inner.target = inner.peak.max(inner.target / 2);
        inner.peak = inner.stats.in_use;
        let keep = inner.target.saturating_sub(inner.stats.in_use);
        let surplus = inner.stats.retained.saturating_sub(keep);
        if surplus > 0 {
            self.release(surplus);
            self.relink(&mut inner);
        }
        surplus
    }

    /// The stack whose slot contains `address`. Takes no lock: for signal handlers.
    #[must_use]
    pub fn find(&self, address: usize) -> Option<Found> {
        let id = self.id_of(address)?;
        let stack = self.stack(id);
        Some(Found { stack, in_guard: address < stack.lo })
    }

    /// The stacks that were taken at some time and still have their pages. Takes no lock: a glimpse.
    pub fn iter_used(&self) -> impl Iterator<Item = Stack> + '_ {
        let used = |id: &u32| matches!(self.note(*id).state(), State::Taken | State::Retained);
        self.ids().filter(used).map(|id| self.stack(id))
    }

    /// How far below `stack.hi` its user should begin, so that stacks do not share cache sets; the
    /// address, a multiple of 64.
    #[must_use]
    pub fn colour(&self, stack: Stack) -> usize {
        let index = (stack.hi / self.slot_bytes) % COLOURS;
        stack.hi - (index * 7 % COLOURS) * LINE
    }

    /// Bytes of a slot, guard included.
    #[must_use]
    pub fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// How many slots are in which state.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.lock().stats
    }

    fn take_fresh(&'static self, inner: &mut Inner) -> Result<u32, StackError> {
        if inner.fresh == inner.fresh_end {
            self.open_slab(inner)?;
        }
        let slab = inner.stats.slabs - 1;
        let slot = self.slabs[slab].slot(inner.fresh, self.slot_bytes);
        // SAFETY: the lowest pages of a slot that was never taken.
        let guarded = unsafe { self.guard.install(slot.lo, guard_bytes(self.slot_bytes)) };
        if let Err(errno) = guarded {
            let mappings = self.guard.splits_mappings();
            let kind = if mappings { StackErrorKind::Mappings } else { StackErrorKind::Memory };
            return Err(StackError { kind, errno });
        }
        if inner.fresh == 0 && self.guard.splits_mappings() {
            self.slabs[slab].forbid_huge_pages(self.slot_bytes);
        }
        let id = id(slab, inner.fresh);
        inner.fresh += 1;
        Ok(id)
    }

    /// Opens the next slab, or a smaller one when the address space is short.
    #[cold]
    fn open_slab(&'static self, inner: &mut Inner) -> Result<(), StackError> {
        let kind = StackErrorKind::AddressSpace;
        let at = inner.stats.slabs;
        let Some(slab) = self.slabs.get(at) else {
            return Err(StackError { kind, errno: Errno::ENOMEM });
        };
        let mut bytes = (SLAB_BYTES_FIRST << at.min(8)).clamp(self.slot_bytes, SLAB_BYTES_MAX);
        loop {
            let slots = (bytes / self.slot_bytes) as u32;
            let notes = (at == 0 && slots as usize <= INLINE_NOTES).then_some(&self.notes[..]);
            match slab.open(slots, self.slot_bytes, notes) {
                Ok(()) => {
                    inner.stats.slabs += 1;
                    (inner.fresh, inner.fresh_end) = (0, slots);
                    return Ok(());
                }
                Err(_) if bytes > self.slot_bytes => bytes = (bytes / 4).max(self.slot_bytes),
                Err(errno) => return Err(StackError { kind, errno }),
            }
        }
    }

    /// Returns the pages of `surplus` retained stacks to the kernel, the newest slabs first.
    fn release(&self, mut surplus: usize) {
        for slab in self.slabs.iter().rev().filter(|slab| slab.base() != 0) {
            let mut end = slab.slots();
            while end > 0 && surplus > 0 {
                let mut start = end;
                while start > 0 && surplus > 0 && slab.note(start - 1).state() == State::Retained {
                    start -= 1;
                    surplus -= 1;
                    slab.note(start).set(State::Released);
                }
                if start == end {
                    end -= 1;
                    continue;
                }
                let lo = slab.slot(start, self.slot_bytes).lo;
                let len = (end - start) as usize * self.slot_bytes;
                // Advice: when the kernel refuses, the pages stay, which is no error.
                // SAFETY: **retained only**; guards survive it.
                let _advice = unsafe { mem::advise(lo, len, Advice::DontNeed) };
                end = start;
            }
        }
    }

    /// Builds the free lists anew from the notes.
    fn relink(&self, inner: &mut Inner) {
        (inner.retained, inner.released) = (END, END);
        (inner.stats.retained, inner.stats.released) = (0, 0);
        for id in self.ids() {
            let (head, count) = match self.note(id).state() {
                State::Retained => (&mut inner.retained, &mut inner.stats.retained),
                State::Released => (&mut inner.released, &mut inner.stats.released),
                State::Fresh | State::Taken => continue,
            };
            self.note(id).next.store(*head, Relaxed);
            *head = id;
            *count += 1;
        }
    }

    fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        let open = self.slabs.iter().enumerate().take_while(|(_, slab)| slab.base() != 0);
        open.flat_map(|(at, slab)| (0..slab.slots()).map(move |index| id(at, index)))
    }

    fn note(&self, id: u32) -> &Note {
        let (slab, index) = split(id);
        self.slabs[slab].note(index)
    }

    fn stack(&self, id: u32) -> Stack {
        let (slab, index) = split(id);
        let slot = self.slabs[slab].slot(index, self.slot_bytes);
        Stack { lo: slot.lo + guard_bytes(self.slot_bytes), hi: slot.hi }
    }

    fn id_of(&self, address: usize) -> Option<u32> {
        let open = self.slabs.iter().enumerate().take_while(|(_, slab)| slab.base() != 0);
        open.filter(|(_, slab)| address >= slab.base()).find_map(|(at, slab)| {
            let index = (address - slab.base()) / self.slot_bytes;
            (index < slab.slots() as usize).then(|| id(at, index as u32))
        })
    }
}

/// A slot's number, never [`END`]: 6 bits of slab, 26 of slot + 1.
const fn id(slab: usize, index: u32) -> u32 {
    (slab as u32) << 26 | (index + 1)
}

const fn split(id: u32) -> (usize, u32) {
    ((id >> 26) as usize, (id & ((1 << 26) - 1)) - 1)
}

const _: () = assert!(SLABS == 1 << 6 && SLAB_BYTES_MAX / SLOT_BYTES_MIN < (1 << 26) - 1);
