//! A heap as a program's `#[global_allocator]`.
//!
//! # Safety
//! - **current**: an implementor of [`Current`] lends a local heap to one caller at a time, and to
//!   the thread that has the right to it.
#![allow(unsafe_code, reason = "**current**: GlobalAlloc is unsafe")]

use core::alloc::{GlobalAlloc, Layout};
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::heap::Heap;
use crate::local::LocalHeap;
use crate::source::{Kernel, Source};

/// Finds the local heap of whoever runs. This crate does not know what a P is.
///
/// # Safety
/// **current**. `with` calls `f` once, does not unwind by itself, and neither allocates nor frees
/// by the allocator it serves while it lends the heap.
pub unsafe trait Current {
    /// Calls `f` with the caller's local heap; with `None` on a thread that has none: during boot,
    /// and on an M without a P.
    fn with<R>(f: impl FnOnce(Option<&mut LocalHeap>) -> R) -> R;
}

/// No local heap, ever: all threads share one, under a lock.
#[derive(Clone, Copy, Debug)]
pub struct Shared;

// SAFETY: **current**: it lends nothing.
unsafe impl Current for Shared {
    #[inline(always)]
    fn with<R>(f: impl FnOnce(Option<&mut LocalHeap>) -> R) -> R {
        f(None)
    }
}

/// The allocator: a [`Heap`], and who the caller is. Not for signal handlers.
#[derive(Debug)]
pub struct Global<C, S: Source = Kernel> {
    heap: Heap<S>,
    current: PhantomData<fn() -> C>,
}

impl<C: Current> Global<C> {
    /// An allocator on the kernel's memory: nothing is mapped yet.
    #[must_use]
    pub const fn new() -> Global<C> {
        Global { heap: Heap::new(Kernel), current: PhantomData }
    }
}

impl<C: Current> Default for Global<C> {
    fn default() -> Global<C> {
        Global::new()
    }
}

impl<C: Current, S: Source> Global<C, S> {
    /// The heap behind it.
    #[must_use]
    pub const fn heap(&self) -> &Heap<S> {
        &self.heap
    }
}

// SAFETY: the heap gives out memory that is nobody else's, as the layout says; null when it has
// none.
unsafe impl<C: Current, S: Source> GlobalAlloc for Global<C, S> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        C::with(|local| self.heap.alloc(local, layout))
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let Some(at) = NonNull::new(at) else { return };
        // SAFETY: GlobalAlloc's caller gives back what it got.
        C::with(|local| unsafe { self.heap.dealloc(local, at, layout) });
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        C::with(|local| self.heap.alloc_zeroed(local, layout))
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        let Some(at) = NonNull::new(at) else { return core::ptr::null_mut() };
        // SAFETY: GlobalAlloc's caller gives back what it got.
        C::with(|local| unsafe { self.heap.realloc(local, at, layout, new_bytes) })
    }
}
