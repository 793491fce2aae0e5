//! Runs of pages for everyone, under one lock. Go: `mheap`, `pageAlloc`, the scavenger.
//!
//! Arenas come from the kernel in chunks that double, 1 MiB to 64 MiB; they are never unmapped. An
//! arena with free pages is in a ring. A search begins where the last one found something and looks
//! at so many arenas at most, so that it costs the same in a large heap; only when the kernel has
//! no more it looks everywhere.
//!
//! Pages that come back stay, dirty, for whoever asks next. When there are more of them than a
//! quarter of what is in use, and than 1 MiB, the longer runs go back to the kernel. A heap that
//! goes up and down would fault them in anew each time, which costs far more than the call: so
//! pages that were given back and then asked for again raise the limit, by as much, to 32 MiB at
//! most, and each purge halves what they raised it by.
//!
//! # Safety
//! - **locked**: all here is reached by `&mut PageHeap`, which the lock of [`crate::heap::Heap`]
//!   hands out.
//! - **ring**: `ring` and the links name arenas that were initialised and live for ever; an arena
//!   is linked exactly while it has free pages.
#![allow(unsafe_code, reason = "**ring**: links by address")]

use core::ptr::{NonNull, null_mut};

use crate::arena::{ARENA_BYTES, Arena, Run};
use crate::size_class::PAGE_BYTES;
use crate::source::Source;
use crate::span::HeapId;

/// A search looks at so many arenas before it asks the kernel.
const LOOK_MAX: usize = 64;
/// The most arenas mapped at once.
const CHUNK_ARENAS_MAX: usize = 64;
/// Chunks of at least so many arenas want huge pages: a heap that small wants to stay small.
const CHUNK_ARENAS_HUGE: usize = 16;
/// Shorter dirty runs are not worth a system call.
const PURGE_RUN_PAGES: usize = 16;
/// So many dirty pages are never too many.
const DIRTY_PAGES_MIN: usize = 256;
/// What was missed raises the limit by so many pages at most.
const MISSED_PAGES_MAX: usize = 8192;

/// Counters of the page heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageStats {
    /// Address space mapped for arenas, in bytes.
    pub mapped_bytes: usize,
    /// Bytes given out, as spans and large runs.
    pub used_bytes: usize,
    /// Bytes that are free and were not given back to the kernel.
    pub dirty_bytes: usize,
}

/// The page heap. All fields under the lock of the heap it is in.
#[derive(Debug)]
pub(crate) struct PageHeap {
    ring: *mut Arena,
    /// Arenas that are mapped and were never touched.
    fresh: *mut u8,
    fresh_arenas: usize,
    /// Arenas ever mapped.
    arenas: usize,
    mapped_bytes: usize,
    used_pages: usize,
    dirty_pages: usize,
    /// Dirty pages that the last purge left, in runs too short for it.
    left_pages: usize,
    /// Pages that purges gave back and nobody asked for since.
    purged_pages: usize,
    /// Pages that were asked for again, halved with each purge.
    missed_pages: usize,
    /// The last number given to a heap.
    last_heap: u32,
}

// SAFETY: **locked**: what it points to goes with it.
unsafe impl Send for PageHeap {}

impl PageHeap {
    /// Nothing is mapped. Heaps are numbered from `last_heap` + 1.
    pub(crate) const fn new(last_heap: HeapId) -> PageHeap {
        PageHeap {
            ring: null_mut(),
            fresh: null_mut(),
            fresh_arenas: 0,
            arenas: 0,
            mapped_bytes: 0,
            used_pages: 0,
            dirty_pages: 0,
            left_pages: 0,
            purged_pages: 0,
            missed_pages: 0,
            last_heap: last_heap.0,
        }
    }

    /// A number that no other heap has.
    pub(crate) fn next_heap_id(&mut self) -> HeapId {
        self.last_heap = self.last_heap.checked_add(1).expect("heaps are numbered in 32 bits");
        HeapId(self.last_heap)
    }

    pub(crate) fn stats(&self) -> PageStats {
        PageStats {
            mapped_bytes: self.mapped_bytes,
            used_bytes: self.used_pages * PAGE_BYTES,
            dirty_bytes: self.dirty_pages * PAGE_BYTES,
        }
    }

    /// Takes a run of `pages` that begins at a multiple of `align` pages; both are less than an
    /// arena.
    pub(crate) fn take(&mut self, source: &impl Source, pages: usize, align: usize) -> Option<Run> {
        if let Some(run) = self.search(LOOK_MAX, pages, align) {
            return Some(run);
        }
        if self.add_arena(source) {
            return self.search(1, pages, align); // a new one is the head, and empty
        }
        self.search(usize::MAX, pages, align)
    }

    /// Takes a run back; the first `dirty` of its pages were written to.
    ///
    /// # Safety
    /// The run came from here and is the caller's.
    pub(crate) unsafe fn give(
        &mut self,
        source: &impl Source,
        at: NonNull<u8>,
        pages: usize,
        dirty: usize,
    ) {
        let (mut arena_ptr, start) = Arena::of(at);
        // SAFETY: **locked**; the run lies in an arena.
        let arena = unsafe { arena_ptr.as_mut() };
        let was_full = arena.free_pages() == 0;
        arena.give(start, pages, dirty);
        self.used_pages -= pages;
        self.dirty_pages += dirty;
        if was_full {
            self.link(arena_ptr);
        }
        if self.dirty_pages > self.dirty_pages_max() {
            self.purge(source, PURGE_RUN_PAGES);
        }
    }

    /// With more dirty pages than this it purges.
    fn dirty_pages_max(&self) -> usize {
        self.left_pages + (self.used_pages / 4).max(DIRTY_PAGES_MIN + self.missed_pages)
    }

    /// Makes a run shorter or longer where it is. `false`: it cannot.
    ///
    /// # Safety
    /// The run of `old` pages came from here and is the caller's.
    pub(crate) unsafe fn resize(
        &mut self,
        source: &impl Source,
        at: NonNull<u8>,
        old: usize,
        new: usize,
    ) -> bool {
        if new < old {
            let tail = old - new;
            // SAFETY: the caller's run.
            unsafe { self.give(source, at.add(new * PAGE_BYTES), tail, tail) };
            return true;
        }
        let (mut arena_ptr, start) = Arena::of(at);
        // SAFETY: **locked**; the run lies in an arena.
        let arena = unsafe { arena_ptr.as_mut() };
        let had = (arena.free_pages(), arena.dirty_pages());
        if !arena.extend(start, old, new) {
            return false;
        }
        self.took(arena_ptr, had);
        true
    }

    /// Gives dirty runs of at least `least` pages back to the kernel.
    pub(crate) fn purge(&mut self, source: &impl Source, least: usize) {
        let had = self.dirty_pages;
        let first = self.ring;
        let mut at = first;
        // SAFETY: **locked**, **ring**.
        while let Some(arena) = unsafe { at.as_mut() } {
            let before = arena.dirty_pages();
            // SAFETY: the pages are in no use.
            arena.purge(least, |run, len_bytes| unsafe { source.purge(run, len_bytes) });
            self.dirty_pages -= before - arena.dirty_pages();
            at = if arena.next == first { null_mut() } else { arena.next };
        }
        self.left_pages = self.dirty_pages;
        self.purged_pages += had - self.dirty_pages;
        self.missed_pages /= 2;
    }

    fn search(&mut self, look_max: usize, pages: usize, align: usize) -> Option<Run> {
        let first = self.ring;
        for _ in 0..look_max {
            let arena_ptr = NonNull::new(self.ring)?;
            // SAFETY: **locked**, **ring**.
            let arena = unsafe { &mut *arena_ptr.as_ptr() };
            let had = (arena.free_pages(), arena.dirty_pages());
            if let Some(run) = arena.take(pages, align) {
                self.took(arena_ptr, had);
                return Some(run);
            }
            self.ring = arena.next;
            if self.ring == first {
                return None;
            }
        }
        None
    }

    /// Counts what was taken out of an arena, which had so many free and dirty pages.
    fn took(&mut self, arena_ptr: NonNull<Arena>, (free, dirty): (usize, usize)) {
        // SAFETY: **locked**, **ring**.
        let arena = unsafe { arena_ptr.as_ref() };
        let (taken, were_dirty) = (free - arena.free_pages(), dirty - arena.dirty_pages());
        self.used_pages += taken;
        self.dirty_pages -= were_dirty;
        // A clean page was purged or never used; while there are purged ones, it counts as one.
        let missed = (taken - were_dirty).min(self.purged_pages);
        self.purged_pages -= missed;
        self.missed_pages = (self.missed_pages + missed).min(MISSED_PAGES_MAX);
        if arena.free_pages() == 0 {
            self.unlink(arena_ptr);
        }
    }

    /// Puts a fresh arena at the head of the ring. `false`: the kernel has none.
    fn add_arena(&mut self, source: &impl Source) -> bool {
        if self.fresh_arenas == 0 && !self.add_chunk(source) {
            return false;
        }
        let memory = NonNull::new(self.fresh).expect("a chunk has an address");
        // SAFETY: `fresh_arenas` arenas begin here: the end of the last is the end of the chunk.
        self.fresh = unsafe { memory.add(ARENA_BYTES) }.as_ptr();
        self.fresh_arenas -= 1;
        // SAFETY: fresh memory of a chunk, aligned by `add_chunk`.
        let arena = unsafe { Arena::init(memory) };
        self.link(arena);
        true
    }

    fn add_chunk(&mut self, source: &impl Source) -> bool {
        let want = self.arenas.clamp(1, CHUNK_ARENAS_MAX);
        // Room to align. The first chunk keeps it: untouched, it costs nothing, and stays below the
        // 2 MiB that the kernel might back by a huge page at the first touch.
        let slack = ARENA_BYTES - PAGE_BYTES;
        let map = |arenas: usize| Some((source.map(arenas * ARENA_BYTES + slack)?, arenas));
        let Some((all, arenas)) = map(want).or_else(|| map(1)) else { return false };
        let len_bytes = arenas * ARENA_BYTES;
        let before = all.addr().get().next_multiple_of(ARENA_BYTES) - all.addr().get();
        // SAFETY: `before` is at most `slack`.
        let chunk = unsafe { all.add(before) };
        self.mapped_bytes += len_bytes;
        if self.arenas == 0 {
            self.mapped_bytes += slack;
        } else {
            if before > 0 {
                // SAFETY: the front of a new mapping.
                unsafe { source.unmap(all, before) };
            }
            if before < slack {
                // SAFETY: the end of a new mapping.
                unsafe { source.unmap(chunk.add(len_bytes), slack - before) };
            }
        }
        if arenas >= CHUNK_ARENAS_HUGE {
            source.huge_pages(chunk, len_bytes);
        }
        self.arenas += arenas;
        self.fresh = chunk.as_ptr();
        self.fresh_arenas = arenas;
        true
    }

    fn link(&mut self, arena_ptr: NonNull<Arena>) {
        let at = arena_ptr.as_ptr();
        let (next, prev) = match NonNull::new(self.ring) {
            None => (at, at),
            // SAFETY: **locked**, **ring**.
            Some(head) => unsafe { (head.as_ptr(), (*head.as_ptr()).prev) },
        };
        // SAFETY: **locked**; an arena in no ring.
        unsafe { ((*at).next, (*at).prev) = (next, prev) };
        // SAFETY: **locked**, **ring**: neighbours, or the arena itself.
        unsafe { (*prev).next = at };
        // SAFETY: as above.
        unsafe { (*next).prev = at };
        self.ring = at;
    }

    fn unlink(&mut self, arena_ptr: NonNull<Arena>) {
        let at = arena_ptr.as_ptr();
        // SAFETY: **locked**, **ring**.
        let (next, prev) = unsafe { ((*at).next, (*at).prev) };
        // SAFETY: **locked**, **ring**: neighbours, or the arena itself.
        unsafe { (*prev).next = next };
        // SAFETY: as above.
        unsafe { (*next).prev = prev };
        if self.ring == at {
            self.ring = if next == at { null_mut() } else { next };
        }
    }
}
