//! The program's heap: rt-mem's, with a local heap for each P. Go: `mcache` of a P, `mallocinit`.
//!
//! A P's local heap is made when the P first allocates: the first few lie in the program's zeroed
//! statics, the others in a page each. On a thread without a P the shared heap serves.
//!
//! # Safety
//! - **owner**: a P's `ground` is null or its local heap, which only the M that has the P uses, and
//!   only in one call at a time: no call of the heap leads to another, and no handler allocates.
//! - **stopped**: `p_destroyed` runs while the world is stopped.
#![allow(unsafe_code, reason = "**owner**: a global allocator")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

use rt_mem::global::{Current, Global};
use rt_mem::local::LocalHeap;
use rt_os::sys::mem::{Protection, Purpose, map};
use rt_sched::p::P;

/// The local heaps of the first Ps; untouched, and no memory, until those allocate.
static FIRST: FirstHeaps = FirstHeaps([const { UnsafeCell::new(LocalHeap::new()) }; 4]);
/// What all Ps share.
static GLOBAL: Global<PerP> = Global::new();

struct FirstHeaps([UnsafeCell<LocalHeap>; 4]);

// SAFETY: **owner**: each is one P's.
unsafe impl Sync for FirstHeaps {}

/// The running P's local heap.
#[derive(Debug)]
struct PerP;

// SAFETY: **owner**.
unsafe impl Current for PerP {
    #[inline]
    fn with<R>(f: impl FnOnce(Option<&mut LocalHeap>) -> R) -> R {
        rt_sched::park::with_current_p(|pp| {
            let local = pp.map_or(null_mut(), local_of);
            // SAFETY: **owner**.
            f(unsafe { local.as_mut() })
        })
    }
}

/// The P's local heap, made if there is none. Null without memory: then the shared heap serves.
#[inline]
fn local_of(pp: &P) -> *mut LocalHeap {
    let local = pp.ground.get().cast::<LocalHeap>();
    if local.is_null() { make_local(pp) } else { local }
}

#[cold]
fn make_local(pp: &P) -> *mut LocalHeap {
    let local = match FIRST.0.get(pp.id() as usize) {
        Some(first) => first.get(),
        None => {
            let page = map(size_of::<LocalHeap>(), Protection::ReadWrite, Purpose::Heap);
            let local = page.map_or(null_mut(), |page| page.as_ptr().cast::<LocalHeap>());
            if !local.is_null() {
                // SAFETY: a fresh mapping, large enough and aligned to a page.
                unsafe { local.write(LocalHeap::new()) };
            }
            local
        }
    };
    pp.ground.set(local.cast());
    local
}

/// A P goes, world stopped: what its heap holds is left to all.
pub(crate) fn p_destroyed(pp: &P) {
    let local = pp.ground.get().cast::<LocalHeap>();
    // SAFETY: **stopped**: the P is the caller's.
    if let Some(local) = unsafe { local.as_mut() } {
        GLOBAL.heap().abandon(local);
    }
}

/// The allocator that [`entry!`](crate::entry) plants.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgramHeap;

impl ProgramHeap {
    /// The program's one heap, whatever the number of values.
    #[must_use]
    pub const fn new() -> ProgramHeap {
        ProgramHeap
    }
}

// SAFETY: all goes to one allocator that keeps the contract.
unsafe impl GlobalAlloc for ProgramHeap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { GLOBAL.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { GLOBAL.dealloc(at, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { GLOBAL.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { GLOBAL.realloc(at, layout, new_bytes) }
    }
}
