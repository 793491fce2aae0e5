//! The heap of one P: blocks without locks or locked instructions. Go: `mcache`.
//!
//! A block that its own heap frees goes to its span's free list; one that another heap frees goes
//! to the span's remote list, which the owner takes in when the class runs out of blocks. It then
//! looks at a few spans, each time at others, so that a heap with many full spans stays quick and
//! none is forgotten; a new span is the last resort.
//!
//! # Safety
//! - **owned**: the spans in the rings and in `spare` carry this heap's number, and no others do;
//!   so who finds its number in a span has the span's owner in hand, by `&mut`.
//! - **home**: all of a heap's spans come from, and go back to, the page heap of one [`Heap`].
#![allow(unsafe_code, reason = "**owned**: spans by address")]

use core::ptr::{NonNull, null};

use crate::heap::Heap;
use crate::ring::Ring;
use crate::size_class::{CLASSES, Class};
use crate::source::Source;
use crate::span::{Freed, HeapId, Span, Taken};

/// Empty spans kept for any class, so that a heap which goes up and down around a span's end leaves
/// the page heap alone.
const SPARES_MAX: usize = 2;
/// A class that ran out looks at so many spans for what others freed.
const LOOK_MAX: usize = 8;

/// A heap without a lock: one user at a time has it. Nothing is mapped for it before it is used.
/// When it is dropped, its blocks stay valid, but what is freed of them is lost: hand it over
/// instead.
#[derive(Debug)]
pub struct LocalHeap {
    rings: [Ring; CLASSES],
    /// 0 before the first span.
    id: HeapId,
    spares: [Option<NonNull<Span>>; SPARES_MAX],
    /// The heap it belongs to, for checking only. Null before the first span.
    home: *const (),
}

// SAFETY: **owned**: the spans go with it.
unsafe impl Send for LocalHeap {}

/// Counters of one heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalStats {
    /// Spans it owns, empty ones included.
    pub spans: usize,
    /// Bytes in blocks that are out, or were freed by others and not taken in yet.
    pub used_bytes: usize,
}

impl Default for LocalHeap {
    fn default() -> LocalHeap {
        LocalHeap::new()
    }
}

impl LocalHeap {
    /// An empty heap. It may be moved at any time.
    #[must_use]
    pub const fn new() -> LocalHeap {
        LocalHeap::with_id(HeapId(0))
    }

    pub(crate) const fn with_id(id: HeapId) -> LocalHeap {
        LocalHeap {
            rings: [const { Ring::EMPTY }; CLASSES],
            id,
            spares: [None; SPARES_MAX],
            home: null(),
        }
    }

    /// Counts: it walks all of its spans.
    #[must_use]
    pub fn stats(&self) -> LocalStats {
        let spares = self.spares.iter().flatten().count();
        let mut stats = LocalStats { spans: spares, used_bytes: 0 };
        for span in self.rings.iter().flat_map(Ring::iter) {
            stats.spans += 1;
            stats.used_bytes += span.used_bytes();
        }
        stats
    }

    /// Takes in all that others freed, and gives every empty span back. For a heap that rests.
    pub fn collect<S: Source>(&mut self, heap: &Heap<S>) {
        self.check_home(heap);
        for ring in &mut self.rings {
            let mut kept = Ring::EMPTY;
            // SAFETY: **owned**, before and after.
            unsafe { move_spans(heap, ring, &mut kept, self.id) };
            *ring = kept;
        }
        self.drop_spares(heap);
    }

    /// Gives all spans to another heap, which frees and uses them from now on. This one is empty
    /// afterwards, and as good as new.
    ///
    /// # Panics
    /// When both have spans, of different [`Heap`]s.
    pub fn hand_over<S: Source>(&mut self, heap: &Heap<S>, to: &mut LocalHeap) {
        if self.home.is_null() {
            return; // it never had a span
        }
        self.check_home(heap);
        to.settle(heap);
        for (ring, to_ring) in self.rings.iter_mut().zip(&mut to.rings) {
            // SAFETY: **owned**, by `to` from here on.
            unsafe { move_spans(heap, ring, to_ring, to.id) };
        }
        self.drop_spares(heap);
    }

    /// A block of `class`; `None`: there is no memory.
    #[inline(always)]
    pub(crate) fn take<S: Source>(&mut self, heap: &Heap<S>, class: Class) -> Option<Taken> {
        if let Some(span) = self.rings[class.index()].head()
            && let Some(taken) = span.take()
        {
            return Some(taken);
        }
        self.take_slow(heap, class)
    }

    /// Frees a block, whose ever it is.
    ///
    /// # Safety
    /// The block is out, of a span of `heap`, and the caller's.
    #[inline(always)]
    pub(crate) unsafe fn give<S: Source>(&mut self, heap: &Heap<S>, block: NonNull<u8>) {
        let span_ptr = Span::of(block);
        // SAFETY: the block is out: its span is there.
        let span = unsafe { span_ptr.as_ref() };
        if span.owner() != self.id {
            // SAFETY: the caller's block.
            return unsafe { Span::give_remote(span_ptr, block) };
        }
        // SAFETY: the caller's block, and **owned**.
        let freed = unsafe { span.give(block) };
        // The head is found anyway, and kept when it is empty: the next block comes from it. Asked
        // here, since a malloc and a free in turn come by each time.
        if freed != Freed::More && !self.rings[span.class().index()].is_head(span_ptr) {
            self.give_slow(heap, span_ptr, freed);
        }
    }

    /// Puts a span that is not the head where it belongs now.
    #[cold]
    #[inline(never)]
    fn give_slow<S: Source>(&mut self, heap: &Heap<S>, span_ptr: NonNull<Span>, freed: Freed) {
        // SAFETY: **owned**.
        let span = unsafe { span_ptr.as_ref() };
        let ring = &mut self.rings[span.class().index()];
        // SAFETY: **owned**: its class's ring has it.
        unsafe { ring.remove(span_ptr) };
        if freed == Freed::First {
            // SAFETY: just taken out.
            return unsafe { ring.push_second(span_ptr) };
        }
        match self.spares.iter_mut().find(|spare| spare.is_none()) {
            Some(spare) => *spare = Some(span_ptr),
            // SAFETY: **owned**, empty, and in no ring any more.
            None => unsafe { heap.give_span(span) },
        }
    }

    #[cold]
    #[inline(never)]
    fn take_slow<S: Source>(&mut self, heap: &Heap<S>, class: Class) -> Option<Taken> {
        self.settle(heap);
        if let Some(taken) = self.rings[class.index()].take_collected(LOOK_MAX) {
            return Some(taken);
        }
        let span = match self.new_span(heap, class) {
            Some(span) => span,
            None => {
                // No memory: everything that is free somewhere in this heap counts.
                self.collect(heap);
                let found = self.rings[class.index()].take_collected(usize::MAX);
                if found.is_some() {
                    return found;
                }
                self.new_span(heap, class)?
            }
        };
        let ring = &mut self.rings[class.index()];
        // SAFETY: new, and this heap's by its number.
        unsafe { ring.push_head(span) };
        ring.head()?.take()
    }

    /// Parts with a span of `class` that has a block to take, for the heap `to`: it is in no ring
    /// then. Looks at a few, each time at others.
    pub(crate) fn part_with(&mut self, class: Class, to: HeapId) -> Option<NonNull<Span>> {
        let ring = &mut self.rings[class.index()];
        for _ in 0..LOOK_MAX {
            let span_ptr = ring.pop_head()?;
            // SAFETY: **owned**.
            let span = unsafe { span_ptr.as_ref() };
            if span.collect() {
                span.set_owner(to);
                return Some(span_ptr);
            }
            // SAFETY: just taken out.
            unsafe { ring.push_head(span_ptr) };
            ring.turn(); // full ones go last
        }
        None
    }

    fn drop_spares<S: Source>(&mut self, heap: &Heap<S>) {
        for span in self.spares.iter_mut().filter_map(Option::take) {
            // SAFETY: **owned**, empty, and in no ring.
            unsafe { heap.give_span(span.as_ref()) };
        }
    }

    /// A span with a block to take, in no ring: empty, new, or one that was left to all.
    fn new_span<S: Source>(&mut self, heap: &Heap<S>, class: Class) -> Option<NonNull<Span>> {
        let (memory, clean_from) =
            if let Some(spare) = self.spares.iter_mut().find_map(Option::take) {
                // SAFETY: **owned**: an empty span.
                unsafe { (spare.as_ref().memory(), spare.as_ref().clean_from()) }
            } else if let Some(span) = heap.adopt(class, self.id) {
                return Some(span);
            } else {
                heap.take_span()?
            };
        // SAFETY: the memory of an empty span, or new.
        Some(unsafe { Span::init(memory, class, self.id, clean_from) })
    }

    /// Gets a number and a home, once.
    fn settle<S: Source>(&mut self, heap: &Heap<S>) {
        self.check_home(heap);
        self.home = core::ptr::from_ref(heap).cast();
        if self.id == HeapId(0) {
            self.id = heap.next_heap_id();
        }
    }

    fn check_home<S: Source>(&self, heap: &Heap<S>) {
        let same = core::ptr::eq(self.home, core::ptr::from_ref(heap).cast());
        assert!(same || self.home.is_null(), "a local heap belongs to one heap");
    }
}

/// Moves spans to another ring, takes in what others freed of them, and gives the empty ones back.
///
/// # Safety
/// The heap behind `from` owns them; the one behind `to` has the number `owner`.
unsafe fn move_spans<S: Source>(heap: &Heap<S>, from: &mut Ring, to: &mut Ring, owner: HeapId) {
    while let Some(span_ptr) = from.pop_head() {
        // SAFETY: **owned**.
        let span = unsafe { span_ptr.as_ref() };
        span.set_owner(owner);
        let has_blocks = span.collect();
        if span.is_empty() {
            // SAFETY: **owned**, empty and in no ring any more.
            unsafe { heap.give_span(span) };
            continue;
        }
        // SAFETY: just taken out of the old ring.
        unsafe { to.push_head(span_ptr) };
        if !has_blocks {
            to.turn(); // full ones go last
        }
    }
}

impl Ring {
    /// Takes in what others freed, span by span from the head on, until there is a block, at most
    /// `look_max` spans. Where it was found is the head.
    fn take_collected(&mut self, look_max: usize) -> Option<Taken> {
        let first = core::ptr::from_ref(self.head()?);
        for _ in 0..look_max {
            let span = self.head()?;
            if span.collect() {
                return span.take();
            }
            if core::ptr::eq(self.turn()?, first) {
                break;
            }
        }
        None
    }
}
