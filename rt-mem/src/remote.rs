//! Blocks that others gave back: the one word of a span that threads share.
//!
//! ```text
//!            push (1)                    push (2)
//!   NONE -------------> block -> NONE -------------> block -> block -> ..
//!     ^                   |                            |
//!     +----- take (3) ----+-------- take (3) ----------+
//!
//!   1, 2  any thread that frees a block of somebody else's span: release
//!   3     the owner, which gets the whole list: acquire
//! ```
//!
//! Many push, one takes all: a block that is pushed is not seen again before the owner has taken
//! the list, so a head that came back means the same list and the CAS needs no counter.
//!
//! # Safety
//! - **given**: a pushed block is the pusher's alone before the push, and nobody's but the list's
//!   after it; it is the owner's once taken. Its first word is the link.
//! - **in turn**: links are written before a releasing push and read after an acquiring take.
#![allow(unsafe_code, reason = "**given**: links in the blocks themselves")]

use core::ptr::{NonNull, null_mut};

use rt_wait::atomic::{AtomicPtr, Ordering};

/// A free block: its first word links to the next.
#[repr(C, align(16))]
#[derive(Debug)]
pub(crate) struct Block {
    #[cfg(not(loom))]
    next: *mut Block,
    #[cfg(loom)]
    next: loom::cell::UnsafeCell<*mut Block>,
}

impl Block {
    /// # Safety
    /// **given**: `block` is the caller's.
    #[inline(always)]
    pub(crate) unsafe fn set_next(block: NonNull<Block>, next: *mut Block) {
        #[cfg(not(loom))]
        // SAFETY: the caller's.
        unsafe {
            (&raw mut (*block.as_ptr()).next).write(next);
        }
        #[cfg(loom)]
        // SAFETY: the caller's.
        unsafe {
            block.as_ref().next.with_mut(|at| at.write(next));
        }
    }

    /// # Safety
    /// **given**: `block` is the caller's, and was linked.
    #[inline(always)]
    pub(crate) unsafe fn next(block: NonNull<Block>) -> *mut Block {
        #[cfg(not(loom))]
        // SAFETY: the caller's.
        return unsafe { (&raw const (*block.as_ptr()).next).read() };
        #[cfg(loom)]
        // SAFETY: the caller's.
        return unsafe { block.as_ref().next.with(|at| at.read()) };
    }
}

/// The list.
#[derive(Debug)]
pub(crate) struct RemoteList {
    head: AtomicPtr<Block>,
}

impl RemoteList {
    /// Nothing was given back.
    pub(crate) fn new() -> RemoteList {
        RemoteList { head: AtomicPtr::new(null_mut()) }
    }

    /// Gives a block back. Any thread.
    ///
    /// # Safety
    /// **given**. After the call the span may be gone.
    pub(crate) unsafe fn push(&self, block: NonNull<Block>) {
        let mut head = self.head.load(Ordering::Relaxed); // a guess; the CAS decides
        loop {
            // SAFETY: **given**: ours until the CAS.
            unsafe { Block::set_next(block, head) };
            let push = self.head.compare_exchange_weak(
                head,
                block.as_ptr(),
                Ordering::Release, // pairs with the swap in `take`
                Ordering::Relaxed,
            );
            match push {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Takes all that was given back; null when there is nothing. The owner only.
    #[inline]
    pub(crate) fn take(&self) -> *mut Block {
        if self.head.load(Ordering::Relaxed).is_null() {
            return null_mut(); // the usual answer needs no locked instruction
        }
        self.head.swap(null_mut(), Ordering::Acquire) // pairs with the CAS in `push`
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::sync::Arc;
    use std::boxed::Box;
    use std::vec::Vec;

    /// A block with contents: loom sees whoever touches both at once.
    #[repr(C)]
    struct Full {
        block: Block,
        contents: loom::cell::UnsafeCell<u32>,
    }

    fn block(value: u32) -> NonNull<Block> {
        let next = loom::cell::UnsafeCell::new(null_mut());
        let contents = loom::cell::UnsafeCell::new(value);
        NonNull::from(Box::leak(Box::new(Full { block: Block { next }, contents }))).cast()
    }

    fn drain(list: &RemoteList, got: &mut Vec<u32>) {
        let mut at = list.take();
        while let Some(block) = NonNull::new(at) {
            // SAFETY: **given**, **in turn**: taken, hence ours.
            let full = unsafe {
                at = Block::next(block);
                Box::from_raw(block.cast::<Full>().as_ptr())
            };
            // SAFETY: as above.
            got.push(full.contents.with(|at| unsafe { *at }));
        }
    }

    #[test]
    fn loom_two_free_while_the_owner_takes() {
        loom::model(|| {
            let list = Arc::new(RemoteList::new());
            let freers: Vec<_> = [[1, 2], [3, 4]]
                .map(|values| {
                    let list = Arc::clone(&list);
                    loom::thread::spawn(move || {
                        for value in values {
                            let block = block(value * 10);
                            // SAFETY: **given**: just made.
                            unsafe {
                                block.cast::<Full>().as_ref().contents.with_mut(|at| *at = value);
                                list.push(block);
                            }
                        }
                    })
                })
                .into_iter()
                .collect();
            let mut got = Vec::new();
            // Until it has all: loom does not put an owner that looks a fixed number of times
            // behind the freers, since a freer's own load hides the owner's from its search.
            while got.len() < 4 {
                drain(&list, &mut got);
                loom::thread::yield_now();
            }
            for freer in freers {
                freer.join().unwrap();
            }
            assert!(list.take().is_null());
            got.sort_unstable();
            assert_eq!(got, [1, 2, 3, 4]);
        });
    }
}
