//! What is too large for an arena: a mapping of its own, made by mmap, resized by mremap, gone with
//! munmap. Nothing is kept of it: the request's size and alignment say all.
//!
//! # Safety
//! - **own mapping**: an address that [`map`] returned is the start of a mapping of that length.
#![allow(unsafe_code, reason = "**own mapping**: memory by address")]

use core::ptr::NonNull;

use crate::size_class::PAGE_BYTES;
use crate::source::Source;

/// Maps `bytes`, whole pages, at a multiple of `align`. Zeroed. `None`: there is no memory.
pub(crate) fn map(source: &impl Source, bytes: usize, align: usize) -> Option<NonNull<u8>> {
    if align <= PAGE_BYTES {
        return source.map(bytes);
    }
    // More than asked for, and both ends cut off.
    let slack = align - PAGE_BYTES;
    let all = source.map(bytes.checked_add(slack)?)?;
    let before = all.addr().get().next_multiple_of(align) - all.addr().get();
    // SAFETY: `before` is at most `slack`.
    let at = unsafe { all.add(before) };
    if before > 0 {
        // SAFETY: the front of a new mapping.
        unsafe { source.unmap(all, before) };
    }
    if before < slack {
        // SAFETY: the rest of a new mapping.
        unsafe { source.unmap(at.add(bytes), slack - before) };
    }
    Some(at)
}

/// Changes the length. `None`: it is as it was.
///
/// # Safety
/// **own mapping**, of `old` bytes; the caller gives up the address when it gets another.
pub(crate) unsafe fn resize(
    source: &impl Source,
    at: NonNull<u8>,
    old: usize,
    new: usize,
    align: usize,
) -> Option<NonNull<u8>> {
    if old == new {
        return Some(at);
    }
    if align > PAGE_BYTES {
        if new > old {
            return None; // a move would lose the alignment
        }
        // SAFETY: the caller's: the tail of the mapping.
        unsafe { source.unmap(at.add(new), old - new) };
        return Some(at);
    }
    // SAFETY: the caller's.
    unsafe { source.remap(at, old, new) }
}
