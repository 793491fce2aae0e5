//! The heap as a whole: the page heap, a shared local heap for who has none, and the way each
//! request takes. Go: `mallocgc`, `mheap`, `mcentral`.
//!
//! # Safety
//! - **by layout**: memory is freed and resized with the layout it was asked for by, which says
//!   where it came from: a span, an arena, or a mapping of its own.
#![allow(unsafe_code, reason = "**by layout**: memory by address")]

use core::alloc::Layout;
use core::ptr::{NonNull, null_mut};

use rt_wait::atomic::{AtomicUsize, Ordering};
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

use crate::huge;
use crate::local::LocalHeap;
use crate::page_heap::{PageHeap, PageStats};
use crate::size_class::{Class, Kind, PAGE_BYTES, SPAN_BYTES, kind};
use crate::source::{Kernel, Source};
use crate::span::{HeapId, Span, Taken};

/// The number of the shared heap; the others count on from it.
const SHARED: HeapId = HeapId(1);
const SPAN_PAGES: usize = SPAN_BYTES / PAGE_BYTES;

/// A heap. A program has one; a test makes many. Never unmapped: its memory is the program's to the
/// end.
///
/// Each method takes the caller's [`LocalHeap`], or `None` on a thread that has none: the shared
/// one serves it then, under a lock.
#[derive(Debug)]
pub struct Heap<S: Source = Kernel> {
    source: S,
    pages: Mutex<PageHeap>,
    shared: Mutex<LocalHeap>,
    /// Bytes in mappings of their own. Any thread adds; a counter only.
    huge_bytes: AtomicUsize,
}

/// Counters of a heap. Go: `runtime.MemStats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Runs of pages: spans and large requests.
    pub pages: PageStats,
    /// Bytes of requests that have a mapping of their own.
    pub huge_bytes: usize,
}

impl<S: Source> Heap<S> {
    /// An empty heap: nothing is mapped. Go: `mallocinit`.
    #[must_use]
    pub const fn new(source: S) -> Heap<S> {
        Heap {
            source,
            pages: Mutex::new(Rank::PageHeap, PageHeap::new(SHARED)),
            shared: Mutex::new(Rank::SharedHeap, LocalHeap::with_id(SHARED)),
            huge_bytes: AtomicUsize::new(0),
        }
    }

    /// Where its pages come from.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Memory for `layout`; null when there is none. Go: `mallocgc`.
    #[inline(always)]
    #[must_use]
    pub fn alloc(&self, local: Option<&mut LocalHeap>, layout: Layout) -> *mut u8 {
        match kind(layout.size(), layout.align()) {
            Kind::Small(class) => match self.take_small(local, class) {
                Some(taken) => taken.block.as_ptr(),
                None => null_mut(),
            },
            other => self.alloc_pages(other, layout.align()).0,
        }
    }

    /// As [`Heap::alloc`], zeroed. What is known to be zero is not written.
    #[inline]
    #[must_use]
    pub fn alloc_zeroed(&self, local: Option<&mut LocalHeap>, layout: Layout) -> *mut u8 {
        let (at, zero) = match kind(layout.size(), layout.align()) {
            Kind::Small(class) => match self.take_small(local, class) {
                Some(taken) => (taken.block.as_ptr(), taken.zero),
                None => (null_mut(), true),
            },
            other => self.alloc_pages(other, layout.align()),
        };
        if !zero {
            // SAFETY: not null, and at least so long.
            unsafe { at.write_bytes(0, layout.size()) };
        }
        at
    }

    /// Frees memory, whichever thread it came from.
    ///
    /// # Safety
    /// **by layout**: `at` came from this heap for `layout`, and nobody uses it any more.
    #[inline(always)]
    pub unsafe fn dealloc(&self, local: Option<&mut LocalHeap>, at: NonNull<u8>, layout: Layout) {
        match kind(layout.size(), layout.align()) {
            Kind::Small(_) => match local {
                // SAFETY: the caller's block.
                Some(local) => unsafe { local.give(self, at) },
                // SAFETY: the caller's block.
                None => unsafe { self.give_shared(at) },
            },
            // SAFETY: the caller's pages.
            other => unsafe { self.dealloc_pages(other, at) },
        }
    }

    /// Resizes memory: where it is if it can, else by a copy. Null when there is no memory; all is
    /// then as it was.
    ///
    /// # Safety
    /// **by layout**, as [`Heap::dealloc`]; when the result is not null, `at` is given up for it.
    /// `new_bytes` is not 0 and makes a valid layout with the same alignment.
    pub unsafe fn realloc(
        &self,
        mut local: Option<&mut LocalHeap>,
        at: NonNull<u8>,
        layout: Layout,
        new_bytes: usize,
    ) -> *mut u8 {
        let (old_kind, new_kind) =
            (kind(layout.size(), layout.align()), kind(new_bytes, layout.align()));
        match (old_kind, new_kind) {
            (Kind::Small(old), Kind::Small(new)) if old == new => return at.as_ptr(),
            (Kind::Large { pages: old }, Kind::Large { pages: new }) if old == new => {
                return at.as_ptr();
            }
            (Kind::Large { pages: old }, Kind::Large { pages: new }) => {
                // SAFETY: the caller's run.
                let fits = unsafe { self.pages.lock().resize(&self.source, at, old, new) };
                if fits {
                    return at.as_ptr();
                }
            }
            (Kind::Huge { bytes: old }, Kind::Huge { bytes: new }) => {
                // SAFETY: the caller's mapping.
                let moved = unsafe { huge::resize(&self.source, at, old, new, layout.align()) };
                if let Some(moved) = moved {
                    self.huge_bytes.fetch_add(new.wrapping_sub(old), Ordering::Relaxed);
                    return moved.as_ptr();
                }
            }
            _ => {}
        }
        let Ok(new_layout) = Layout::from_size_align(new_bytes, layout.align()) else {
            return null_mut();
        };
        let Some(to) = NonNull::new(self.alloc(local.as_deref_mut(), new_layout)) else {
            return null_mut();
        };
        // SAFETY: both are at least so long, and `to` is new.
        unsafe { to.copy_from_nonoverlapping(at, layout.size().min(new_bytes)) };
        // SAFETY: the caller's.
        unsafe { self.dealloc(local, at, layout) };
        to.as_ptr()
    }

    /// Counts, as of some moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let huge_bytes = self.huge_bytes.load(Ordering::Relaxed); // a counter only
        Stats { pages: self.pages.lock().stats(), huge_bytes }
    }

    /// Gives back to the kernel whatever is free: the shared heap's empty spans, and all dirty
    /// pages. What local heaps hold is theirs to [`LocalHeap::collect`]. Go: `debug.FreeOSMemory`.
    pub fn trim(&self) {
        self.shared.lock().collect(self);
        self.pages.lock().purge(&self.source, 1);
    }

    /// Gives a local heap's spans to the shared heap, for the time when its user is gone: there
    /// other local heaps adopt them. Go: `mcache.releaseAll`, when procresize destroys a P.
    pub fn abandon(&self, local: &mut LocalHeap) {
        local.hand_over(self, &mut self.shared.lock());
    }

    /// A span of `class` that was abandoned and has a block to take, for the local heap `by`. Go:
    /// `mcentral.cacheSpan`.
    #[cold]
    pub(crate) fn adopt(&self, class: Class, by: HeapId) -> Option<NonNull<Span>> {
        // The shared heap asks with its lock held, and has looked at its own.
        if by == SHARED { None } else { self.shared.lock().part_with(class, by) }
    }

    #[inline(always)]
    fn take_small(&self, local: Option<&mut LocalHeap>, class: Class) -> Option<Taken> {
        match local {
            Some(local) => local.take(self, class),
            None => self.take_shared(class),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_shared(&self, class: Class) -> Option<Taken> {
        self.shared.lock().take(self, class)
    }

    /// # Safety
    /// The block is out, of this heap, and the caller's.
    #[cold]
    #[inline(never)]
    unsafe fn give_shared(&self, block: NonNull<u8>) {
        let span = Span::of(block);
        // SAFETY: the block is out: its span is there.
        if unsafe { span.as_ref() }.owner() == SHARED {
            // SAFETY: the caller's block.
            unsafe { self.shared.lock().give(self, block) };
        } else {
            // SAFETY: the caller's block.
            unsafe { Span::give_remote(span, block) };
        }
    }

    /// Memory, or null, and whether it is zero.
    #[cold]
    #[inline(never)]
    fn alloc_pages(&self, kind: Kind, align: usize) -> (*mut u8, bool) {
        match kind {
            Kind::Large { pages } => {
                let align_pages = (align / PAGE_BYTES).max(1);
                match self.pages.lock().take(&self.source, pages, align_pages) {
                    Some(run) => (run.at.as_ptr(), run.zero),
                    None => (null_mut(), true),
                }
            }
            Kind::Huge { bytes } => match huge::map(&self.source, bytes, align) {
                Some(at) => {
                    self.huge_bytes.fetch_add(bytes, Ordering::Relaxed); // a counter only
                    (at.as_ptr(), true)
                }
                None => (null_mut(), true),
            },
            Kind::Small(_) | Kind::Never => (null_mut(), true),
        }
    }

    /// # Safety
    /// The memory is of this kind, of this heap, and the caller's.
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_pages(&self, kind: Kind, at: NonNull<u8>) {
        match kind {
            // SAFETY: the caller's run.
            Kind::Large { pages } => unsafe {
                self.pages.lock().give(&self.source, at, pages, pages);
            },
            Kind::Huge { bytes } => {
                // SAFETY: the caller's mapping.
                unsafe { self.source.unmap(at, bytes) };
                self.huge_bytes.fetch_sub(bytes, Ordering::Relaxed); // a counter only
            }
            Kind::Small(_) | Kind::Never => unreachable!("no pages of this kind were given out"),
        }
    }

    /// Memory for a span, and from where on it is zero.
    pub(crate) fn take_span(&self) -> Option<(NonNull<u8>, usize)> {
        let run = self.pages.lock().take(&self.source, SPAN_PAGES, SPAN_PAGES)?;
        Some((run.at, if run.zero { 0 } else { SPAN_BYTES }))
    }

    /// # Safety
    /// The span is empty, its owner's, and in no ring; it is gone afterwards.
    pub(crate) unsafe fn give_span(&self, span: &Span) {
        let dirty = span.clean_from().div_ceil(PAGE_BYTES);
        // SAFETY: the caller's.
        unsafe { self.pages.lock().give(&self.source, span.memory(), SPAN_PAGES, dirty) };
    }

    pub(crate) fn next_heap_id(&self) -> HeapId {
        self.pages.lock().next_heap_id()
    }
}
