//! Run queues: where runnable goroutines wait. Go: the `runq` family of proc.go.
//!
//! Generic over what they hold, and usable without the rest of the scheduler: a queue stores
//! pointers to things that carry a link ([`Linked`]) and never looks inside.
//!
//! # Safety
//! - **link**: the trait below is a promise about raw pointers, so it is unsafe to make.
#![allow(unsafe_code, reason = "**link**: an unsafe trait")]

mod global;
mod head;
mod local;
#[cfg(all(test, loom))]
mod loom_models;
mod owner;
mod steal;

pub use global::{Chain, GlobalQueue};
pub use local::{CAPACITY, LocalQueue, STEAL_MAX};
pub use owner::{Owner, Popped, Push};
pub use steal::Steal;

use core::ptr::NonNull;

/// Something with a link to the next in a queue. Go: `g.schedlink`.
///
/// # Safety
/// `set_next` and `next` must store and give back the same link; nothing else may change it while
/// the item is in a [`Chain`] or [`GlobalQueue`]. Both are called only by who owns the item then.
pub unsafe trait Linked: Sized {
    /// The link.
    ///
    /// # Safety
    /// `this` is alive, and owned by the caller.
    unsafe fn next(this: NonNull<Self>) -> Option<NonNull<Self>>;

    /// Changes the link.
    ///
    /// # Safety
    /// As for [`Linked::next`].
    unsafe fn set_next(this: NonNull<Self>, next: Option<NonNull<Self>>);
}
