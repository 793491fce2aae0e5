//! A span: 64 KiB of blocks of one size, headed by what is known of them. Go: `mspan`.
//!
//! ```text
//!   64 KiB-aligned                first()                        SPAN_BYTES
//!   +--------+-----------+---------+-------+-------+---- .. -----+
//!   | owner's line       | remote  | block | block |  never used |
//!   +--------+-----------+---------+-------+-------+---- .. -----+
//!                                                  ^ bump
//! ```
//!
//! A block finds its span by masking its address. Blocks that were never given out are not linked:
//! their pages stay untouched, and zero when the span's pages were.
//!
//! # Safety
//! - **owner's**: the cells are touched by the owning heap only, which is held by `&mut`. Other
//!   threads touch `owner` and `remote`, which are atomic.
//! - **counted**: `used` counts the blocks that are out, those in `remote` included. A span with
//!   none is nobody's but the owner's: no block of it is known to anyone.
//! - **own blocks**: the free list and the rest behind `bump` hold blocks of this span that are not
//!   out.
#![allow(unsafe_code, reason = "**own blocks**: memory by address")]

use core::cell::Cell;
use core::ptr::{NonNull, null_mut};

use rt_wait::atomic::{AtomicU32, Ordering};

use crate::remote::{Block, RemoteList};
use crate::size_class::{Class, SPAN_BYTES};

/// Who owns a span: the number of a heap. 0 is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeapId(pub(crate) u32);

/// The head of a span.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Span {
    /// The number of the owner: it changes when a heap is handed over. Others only compare.
    owner: AtomicU32,
    /// Blocks that are out. Owner.
    used: Cell<u32>,
    /// Blocks that came back to the owner. Owner.
    free: Cell<*mut Block>,
    /// Where the blocks that were never out begin, from the span's start. Owner.
    bump: Cell<u32>,
    /// Owner; fixed while the span has a class.
    block_bytes: u32,
    class: Class,
    /// From here on the memory is zero, as long as `bump` has not passed it. Fixed.
    clean_from: u32,
    /// The span itself, with the right to all of its memory. Fixed.
    memory: NonNull<u8>,
    /// The neighbours in the owner's ring of this class. Owner: see `ring.rs`.
    pub(crate) next: Cell<*const Span>,
    pub(crate) prev: Cell<*const Span>,
    remote: RemoteLine,
}

/// On a line of its own: others write it while the owner works on the first.
#[repr(C, align(64))]
#[derive(Debug)]
struct RemoteLine(RemoteList);

/// A block, and whether it is known to be zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) block: NonNull<u8>,
    pub(crate) zero: bool,
}

/// What a free made of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Freed {
    /// It had blocks to give before and has one more.
    More,
    /// It had none to give before.
    First,
    /// All its blocks are back.
    Empty,
}

impl Span {
    /// Where the blocks of a class begin.
    pub(crate) const fn first(class: Class) -> usize {
        size_of::<Span>().next_multiple_of(class.block_align())
    }

    /// How many blocks a span of this class holds.
    #[cfg(test)]
    pub(crate) const fn capacity(class: Class) -> usize {
        (SPAN_BYTES - Span::first(class)) / class.block_bytes()
    }

    /// Makes a span of `class`, out of memory that is zero from `clean_from` on, but for the head.
    ///
    /// # Safety
    /// `memory` is [`SPAN_BYTES`], so aligned, the caller's alone, and lives until it is given
    /// back.
    pub(crate) unsafe fn init(
        memory: NonNull<u8>,
        class: Class,
        owner: HeapId,
        clean_from: usize,
    ) -> NonNull<Span> {
        let span = memory.cast::<Span>();
        let head = Span {
            owner: AtomicU32::new(owner.0),
            used: Cell::new(0),
            free: Cell::new(null_mut()),
            bump: Cell::new(Span::first(class) as u32),
            block_bytes: class.block_bytes() as u32,
            class,
            clean_from: clean_from as u32,
            memory,
            next: Cell::new(span.as_ptr()),
            prev: Cell::new(span.as_ptr()),
            remote: RemoteLine(RemoteList::new()),
        };
        // SAFETY: the caller's memory.
        unsafe { span.write(head) };
        span
    }

    /// The span of a block.
    #[inline(always)]
    pub(crate) fn of(block: NonNull<u8>) -> NonNull<Span> {
        let span = block.as_ptr().map_addr(|address| address & !(SPAN_BYTES - 1));
        NonNull::new(span.cast()).expect("a block lies in a span")
    }

    #[inline(always)]
    pub(crate) fn owner(&self) -> HeapId {
        HeapId(self.owner.load(Ordering::Relaxed)) // equal to mine only if I wrote it
    }

    pub(crate) fn set_owner(&self, owner: HeapId) {
        self.owner.store(owner.0, Ordering::Relaxed); // as above
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    /// The bytes of blocks that are out.
    pub(crate) fn used_bytes(&self) -> usize {
        (self.used.get() * self.block_bytes) as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used.get() == 0
    }

    /// From where on the memory is zero still.
    pub(crate) fn clean_from(&self) -> usize {
        self.clean_from.max(self.bump.get()) as usize
    }

    /// All of its memory.
    pub(crate) fn memory(&self) -> NonNull<u8> {
        self.memory
    }

    /// Takes a block, if one is at hand. The owner.
    #[inline(always)]
    pub(crate) fn take(&self) -> Option<Taken> {
        let Some(block) = NonNull::new(self.free.get()) else { return self.take_new() };
        // SAFETY: **owner's**, **own blocks**: it is in the free list.
        self.free.set(unsafe { Block::next(block) });
        self.used.set(self.used.get() + 1);
        Some(Taken { block: block.cast(), zero: false })
    }

    #[inline]
    fn take_new(&self) -> Option<Taken> {
        let at = self.bump.get();
        let end = at + self.block_bytes;
        if end > SPAN_BYTES as u32 {
            return None;
        }
        self.bump.set(end);
        self.used.set(self.used.get() + 1);
        // SAFETY: **own blocks**: it lies in the span's memory, behind what was given out.
        Some(Taken { block: unsafe { self.memory.add(at as usize) }, zero: at >= self.clean_from })
    }

    /// Gives a block back. The owner.
    ///
    /// # Safety
    /// The block is of this span, out, and the caller's.
    #[inline(always)]
    pub(crate) unsafe fn give(&self, block: NonNull<u8>) -> Freed {
        let free = self.free.get();
        // SAFETY: the caller's block.
        unsafe { Block::set_next(block.cast(), free) };
        self.free.set(block.as_ptr().cast());
        let used = self.used.get() - 1;
        self.used.set(used);
        if used == 0 {
            return Freed::Empty;
        }
        if free.is_null() && !self.has_new() { Freed::First } else { Freed::More }
    }

    /// Gives a block back from any thread but the owner's.
    ///
    /// # Safety
    /// As [`Span::give`]; `span` may be gone when the call returns.
    #[inline]
    pub(crate) unsafe fn give_remote(span: NonNull<Span>, block: NonNull<u8>) {
        // SAFETY: **counted**: the block is out, so the span is there until the block is pushed.
        // Only the shared line is borrowed.
        let remote = unsafe { &(*span.as_ptr()).remote.0 };
        // SAFETY: the caller's block.
        unsafe { remote.push(block.cast()) };
    }

    /// Takes in what others gave back. Returns whether there is a block to take. The owner.
    pub(crate) fn collect(&self) -> bool {
        let mut at = self.remote.0.take();
        while let Some(block) = NonNull::new(at) {
            // SAFETY: taken from the list, hence the owner's.
            at = unsafe { Block::next(block) };
            // SAFETY: as above; **counted** until now.
            unsafe { Block::set_next(block, self.free.get()) };
            self.free.set(block.as_ptr());
            self.used.set(self.used.get() - 1);
        }
        !self.free.get().is_null() || self.has_new()
    }

    #[inline(always)]
    fn has_new(&self) -> bool {
        self.bump.get() + self.block_bytes <= SPAN_BYTES as u32
    }
}

const _: () = assert!(size_of::<Span>() == 128, "the head of a span is two cache lines");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size_class::CLASSES;
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::vec::Vec;

    fn with_span(class: Class, test: impl FnOnce(&Span)) {
        let layout = Layout::from_size_align(SPAN_BYTES, SPAN_BYTES).unwrap();
        // SAFETY: fresh memory, freed once.
        unsafe {
            let memory = NonNull::new(alloc_zeroed(layout)).unwrap();
            test(Span::init(memory, class, HeapId(7), 0).as_ref());
            dealloc(memory.as_ptr(), layout);
        }
    }

    #[test]
    fn each_class_fills_its_span_with_aligned_blocks() {
        for class in (0..CLASSES).filter_map(Class::from_index) {
            with_span(class, |span| {
                let base = NonNull::from(span).addr().get();
                let mut last = base + size_of::<Span>();
                let mut count = 0;
                while let Some(taken) = span.take() {
                    let at = taken.block.addr().get();
                    assert!(at >= last && at % class.block_align() == 0 && taken.zero);
                    last = at + class.block_bytes();
                    count += 1;
                }
                assert!(last <= base + SPAN_BYTES);
                assert!(base + SPAN_BYTES - last < class.block_bytes());
                assert_eq!(count, Span::capacity(class));
                assert_eq!(span.used_bytes(), count * class.block_bytes());
            });
        }
    }

    #[test]
    fn blocks_come_back_last_first() {
        with_span(Class::of(48), |span| {
            let [a, b, c] = [(); 3].map(|()| span.take().unwrap().block);
            // SAFETY: blocks of the span, each given once.
            unsafe {
                assert_eq!(span.give(a), Freed::More); // there are new ones still
                assert_eq!(span.give(c), Freed::More);
                assert_eq!(span.take().map(|t| (t.block, t.zero)), Some((c, false)));
                Span::give_remote(NonNull::from(span), c);
                assert!(!span.is_empty());
                assert_eq!(span.give(b), Freed::More, "one is out, in the remote list");
                assert!(span.collect());
                assert!(span.is_empty());
            }
            assert_eq!(span.clean_from(), Span::first(Class::of(48)) + 3 * 48);
        });
    }

    #[test]
    fn a_full_span_says_when_it_has_one_again() {
        with_span(Class::of(8192), |span| {
            let blocks: Vec<_> = core::iter::from_fn(|| span.take()).collect();
            assert!(!span.collect());
            let mut freed = Vec::new();
            for taken in &blocks {
                // SAFETY: each given once.
                freed.push(unsafe { span.give(taken.block) });
            }
            assert_eq!(freed[0], Freed::First);
            assert_eq!(freed[1..6], [Freed::More; 5]);
            assert_eq!(freed[6..], [Freed::Empty]);
        });
    }
}
