//! The atomics of the workspace: `core`'s, or loom's under `--cfg loom`. Chosen here, once.

#[cfg(not(loom))]
pub use core::cell::UnsafeCell;
#[cfg(not(loom))]
pub use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};

#[cfg(loom)]
pub use loom::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};

pub use core::sync::atomic::Ordering;

/// One step of a spin loop: `pause`, or under loom a chance for the others to run.
#[inline(always)]
pub fn spin_step() {
    #[cfg(not(loom))]
    rt_asm::cpu::pause();
    #[cfg(loom)]
    loom::thread::yield_now();
}
