//! The atomics of the workspace: `core`'s, or a checker's under `--cfg loom`. Chosen here, once.
//!
//! The checker is loom, which takes every way; with `--cfg shuttle` besides it is shuttle, which
//! takes ways at random through programs that are too large for loom.

#[cfg(not(loom))]
pub use core::cell::UnsafeCell;
#[cfg(not(loom))]
pub use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};

#[cfg(all(loom, not(shuttle)))]
pub(crate) use loom as checker;
#[cfg(shuttle)]
pub(crate) use shuttle as checker;

#[cfg(loom)]
pub use checker::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};

pub use core::sync::atomic::Ordering;

/// One step of a spin loop: `pause`, or under loom a chance for the others to run.
#[inline(always)]
pub fn spin_step() {
    #[cfg(not(loom))]
    rt_asm::cpu::pause();
    #[cfg(loom)]
    checker::thread::yield_now();
}
