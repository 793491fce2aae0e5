//! The handle to a goroutine: waits for its end and takes its result. std: `JoinHandle`.
//!
//! # Safety
//! - **payload**: once the join word says done, `g.payload` points to the result, or to its box,
//!   which is the handle's; the handle holds the slot until it lets go.
#![allow(unsafe_code, reason = "**payload**: results on raw stacks")]

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::g::{G, Holder};
use crate::info::Thread;

/// The one handle to a goroutine and its result.
///
/// Dropping it lets the goroutine run on alone.
#[derive(Debug)]
pub struct JoinHandle<T> {
    gp: NonNull<G>,
    is_boxed: bool, // the result lies in a box, and the box on the goroutine's stack
    _result: PhantomData<T>,
}

// SAFETY: it may be joined anywhere; the result moves to the joiner.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: by reference it only looks at the join word.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// **payload**: the goroutine was made with a handle to a `T`, which is this one.
    pub(crate) unsafe fn new(gp: NonNull<G>) -> JoinHandle<T> {
        JoinHandle { gp, is_boxed: false, _result: PhantomData }
    }
}

impl<T> JoinHandle<Box<T>> {
    /// The handle to what is in the box.
    pub(crate) fn unboxed(self) -> JoinHandle<T> {
        debug_assert!(!self.is_boxed);
        let gp = self.gp;
        core::mem::forget(self);
        JoinHandle { gp, is_boxed: true, _result: PhantomData }
    }
}

impl<T> JoinHandle<T> {
    /// Waits for the goroutine to end and takes its result. May be called from any thread.
    #[must_use]
    pub fn join(self) -> T {
        let (gp, is_boxed) = (self.gp, self.is_boxed);
        core::mem::forget(self);
        // SAFETY: the handle holds the slot.
        let g = unsafe { gp.as_ref() };
        g.join.wait();
        let payload = g.payload.get();
        if is_boxed {
            // SAFETY: **payload**: as below, in a box.
            let boxed = unsafe { payload.cast::<Box<T>>().read() };
            release(gp);
            return *boxed;
        }
        // SAFETY: **payload**: done, so `t` is stored, and it is ours. At offset 0 of the union.
        let t = unsafe { payload.cast::<T>().read() };
        release(gp);
        t
    }

    /// Has it ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        // SAFETY: the handle holds the slot.
        unsafe { self.gp.as_ref() }.join.is_done()
    }

    /// What the goroutine is known by.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        // SAFETY: the handle holds the slot.
        let g = unsafe { self.gp.as_ref() };
        g.info.get(g.goid())
    }

    /// The goroutine's number. Go: `goid`.
    #[must_use]
    pub fn goid(&self) -> u64 {
        // SAFETY: the handle holds the slot.
        unsafe { self.gp.as_ref() }.goid()
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let _released = ReleaseAtEnd(self.gp); // also when the result panics in its drop
        // SAFETY: the handle holds the slot.
        let g = unsafe { self.gp.as_ref() };
        if g.join.detach() {
            let payload = g.payload.get();
            // SAFETY: **payload**: done before, so the result is there and ours.
            unsafe {
                if self.is_boxed {
                    payload.cast::<Box<T>>().drop_in_place();
                } else {
                    payload.cast::<T>().drop_in_place();
                }
            }
        }
    }
}

/// Releases when it is dropped.
struct ReleaseAtEnd(NonNull<G>);

impl Drop for ReleaseAtEnd {
    fn drop(&mut self) {
        release(self.0);
    }
}

/// The handle lets go of the slot.
fn release(gp: NonNull<G>) {
    // SAFETY: the handle holds the slot until now.
    if unsafe { gp.as_ref() }.hold.release(Holder::Handle) {
        // SAFETY: nobody holds it any more, and it has run.
        unsafe { crate::gfree::put(gp) };
    }
}
