//! An arena: 1 MiB of address space, so aligned, whose first page says which others are in use. Go:
//! `heapArena`.
//!
//! Three things are known of a page: in use; free and dirty (its contents are anyone's); free and
//! clean (it reads as zero, and most likely is not even there).
//!
//! # Safety
//! - **locked**: arenas are touched under the page heap's lock only.
//! - **first page**: the first page of an arena is never given out: the record lies there.
#![allow(unsafe_code, reason = "**first page**: memory by address")]

use core::ptr::NonNull;

use crate::page_bits::{PAGES, PageBits};
use crate::size_class::PAGE_BYTES;

/// The size and alignment of an arena.
pub(crate) const ARENA_BYTES: usize = PAGES * PAGE_BYTES;

/// A run of pages, and whether it is known to be zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) at: NonNull<u8>,
    pub(crate) zero: bool,
}

/// What is known of an arena. Everything under the page heap's lock.
#[derive(Debug)]
pub(crate) struct Arena {
    /// The arena, with the right to all of its memory. Fixed.
    memory: NonNull<u8>,
    used: PageBits,
    /// Never in `used` too.
    dirty: PageBits,
    free_pages: usize,
    /// No run of free pages is longer; `PAGES` when nobody knows.
    longest: usize,
    /// Its neighbours in the ring of arenas with free pages.
    pub(crate) next: *mut Arena,
    pub(crate) prev: *mut Arena,
}

impl Arena {
    /// Makes an arena out of fresh memory, in no ring.
    ///
    /// # Safety
    /// `memory` is [`ARENA_BYTES`], so aligned, zero, and the page heap's for ever.
    pub(crate) unsafe fn init(memory: NonNull<u8>) -> NonNull<Arena> {
        let arena = memory.cast::<Arena>();
        let mut used = PageBits::NONE;
        used.set(0, 1, true); // **first page**
        let record = Arena {
            memory,
            used,
            dirty: PageBits::NONE,
            free_pages: PAGES - 1,
            longest: PAGES,
            next: arena.as_ptr(),
            prev: arena.as_ptr(),
        };
        // SAFETY: the caller's memory.
        unsafe { arena.write(record) };
        arena
    }

    /// The arena of a run, and the run's first page in it.
    pub(crate) fn of(run: NonNull<u8>) -> (NonNull<Arena>, usize) {
        let page = (run.addr().get() & (ARENA_BYTES - 1)) / PAGE_BYTES;
        let arena = run.as_ptr().map_addr(|address| address & !(ARENA_BYTES - 1));
        (NonNull::new(arena.cast()).expect("a run lies in an arena"), page)
    }

    pub(crate) fn free_pages(&self) -> usize {
        self.free_pages
    }

    pub(crate) fn dirty_pages(&self) -> usize {
        self.dirty.count(0, PAGES)
    }

    /// Takes `pages` pages that begin at a multiple of `align` pages.
    pub(crate) fn take(&mut self, pages: usize, align: usize) -> Option<Run> {
        if self.longest < pages {
            return None;
        }
        match self.used.find_out(pages, align) {
            Err(longest) => {
                self.longest = longest;
                None
            }
            Ok(start) => {
                let zero = !self.dirty.any(start, pages);
                self.mark_used(start, pages);
                // SAFETY: the pages lie in the arena.
                Some(Run { at: unsafe { self.memory.add(start * PAGE_BYTES) }, zero })
            }
        }
    }

    /// Takes the pages behind a run too, if they are free.
    pub(crate) fn extend(&mut self, start: usize, old: usize, new: usize) -> bool {
        if start + new > PAGES || self.used.any(start + old, new - old) {
            return false;
        }
        self.mark_used(start + old, new - old);
        true
    }

    /// Takes pages back; the first `dirty` of them were written to.
    ///
    /// # Panics
    /// When one of them is not in use: a double free.
    pub(crate) fn give(&mut self, start: usize, pages: usize, dirty: usize) {
        assert!(start > 0 && self.used.all(start, pages), "free of pages that are free");
        self.used.set(start, pages, false);
        self.dirty.set(start, dirty, true);
        self.free_pages += pages;
        self.longest = PAGES;
    }

    /// Gives dirty runs of at least `least` pages to `purge`, which says whether they are clean
    /// now.
    pub(crate) fn purge(
        &mut self,
        least: usize,
        mut purge: impl FnMut(NonNull<u8>, usize) -> bool,
    ) {
        let mut start = self.dirty.next(0, true);
        while start < PAGES {
            let end = self.dirty.next(start, false);
            // SAFETY: the pages lie in the arena.
            let at = unsafe { self.memory.add(start * PAGE_BYTES) };
            if end - start >= least && purge(at, (end - start) * PAGE_BYTES) {
                self.dirty.set(start, end - start, false);
            }
            start = self.dirty.next(end, true);
        }
    }

    fn mark_used(&mut self, start: usize, pages: usize) {
        self.used.set(start, pages, true);
        self.dirty.set(start, pages, false);
        self.free_pages -= pages;
    }
}
