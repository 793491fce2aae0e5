//! The heavy half of the barrier: membarrier(2), or where that is forbidden a fence on both sides.
//!
//! # Safety
//! - **mine**: the running M.
#![allow(unsafe_code, reason = "**mine**: the running M through the g slot")]

use core::sync::atomic::{AtomicU8, Ordering, fence};

use rt_os::sys::thread::{Membarrier, membarrier};

use crate::schedule::{current_g, current_m};

/// How it is done. Written once, before a second thread runs goroutines.
static KIND: AtomicU8 = AtomicU8::new(UNKNOWN);
/// Not 0, so that the word lies with what the boot writes.
const UNKNOWN: u8 = 1;
const MEMBARRIER: u8 = 2;
const FENCES: u8 = 3;

/// A full barrier on every thread of the process. False: the kernel has refused, though it had
/// promised: nobody may rely on it.
#[cold]
#[must_use]
pub(crate) fn heavy_barrier() -> bool {
    if are_fences_needed() {
        fence(Ordering::SeqCst);
        return true;
    }
    membarrier(Membarrier::PrivateExpedited).is_ok()
}

/// Must every entry make its own fence?
#[must_use]
pub(crate) fn are_fences_needed() -> bool {
    KIND.load(Ordering::Relaxed) == FENCES
}

/// Asks the kernel, once: on the one thread that runs goroutines so far, or before any does. Ms
/// that are made later know what came of it.
pub(crate) fn prepare() {
    if KIND.load(Ordering::Relaxed) != UNKNOWN {
        return;
    }
    let registered = membarrier(Membarrier::Register).is_ok();
    KIND.store(if registered { MEMBARRIER } else { FENCES }, Ordering::Relaxed);
    if !registered && !current_g().is_null() {
        // SAFETY: **mine**.
        unsafe { current_m() }.handoff.set_fenced();
    }
}
