//! The goroutine that runs here: its number, its name, its stack, its end. Go: `getg`.
//!
//! # Safety
//! - **alive**: a G in the slot, and the M it runs on.
#![allow(unsafe_code, reason = "**alive**: the g slot is a word")]

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use rt_stack::bounds::Stack;

use crate::g::G;
use crate::info::Thread;
use crate::m::M;
use crate::p::P;
use crate::sched::Sched;
use crate::schedule::{current_g, goexit0};

/// The goroutine that the thread runs, also while it blocks its thread with
/// [`crate::blocking::blocking`].
#[inline]
pub(crate) fn running<'a>() -> Option<&'a G> {
    // SAFETY: **alive**: a G in the slot.
    let g = unsafe { current_g().as_ref() }?;
    if g.park.ops.is_some() {
        return Some(g);
    }
    // SAFETY: **alive**: g0 has an M once the boot has tied them, and its curg runs here.
    unsafe { g.m.get().as_ref()?.curg.get().as_ref() }
}

/// The running goroutine's number; 0 where none runs. Go: `goid`.
#[must_use]
pub fn current_goid() -> u64 {
    running().map_or(0, G::goid)
}

/// The number of the M whose thread this is; `None` on a thread of nobody's.
#[must_use]
pub fn current_m_id() -> Option<u64> {
    // SAFETY: **alive**: a G in the slot, and its M once the boot has tied them.
    unsafe { current_g().as_ref()?.m.get().as_ref() }.map(M::id)
}

/// What the running goroutine is known by; `None` where none runs.
#[must_use]
pub fn current_thread() -> Option<Thread> {
    running().map(|g| g.info.get(g.goid()).clone())
}

/// Calls `f` with the running goroutine's word for its local values, null at its start; `None`
/// where none runs. Whoever stores something there takes it away before the goroutine ends.
pub fn with_locals<R>(f: impl FnOnce(&Cell<*mut ()>) -> R) -> Option<R> {
    running().map(|g| f(&g.locals))
}

/// The running goroutine has done its work: calls `end` with its word for local values, and unties
/// it from its thread if the ground has tied it. Not while it blocks its thread.
///
/// # Panics
/// On a thread that runs no goroutine.
#[inline]
pub fn finish(end: impl FnOnce(&Cell<*mut ()>)) {
    // SAFETY: **alive**: a G in the slot.
    let g = unsafe { current_g().as_ref() }.expect("a goroutine runs here");
    end(&g.locals);
    crate::locked::wire(NonNull::from(&g.park), false);
}

/// The running goroutine's stack, guard excluded; empty where none runs.
#[must_use]
pub fn current_stack() -> Stack {
    running().map_or_else(Stack::default, |g| g.stack.get())
}

/// Ends the running goroutine without returning from it. Other goroutines go on. Go:
/// `runtime.Goexit`.
///
/// Nothing on its stack is dropped, so the stack is never used again: pinned values and borrows
/// that others have into it stay good. A handle to it is never done. Return instead where you can.
///
/// # Panics
/// On a thread that runs no goroutine.
pub fn goexit() -> ! {
    // SAFETY: a G in the slot is alive.
    let g = unsafe { current_g().as_ref() }.expect("goexit: no goroutine runs here");
    assert!(g.park.ops.is_some(), "goexit: on g0");
    g.hold.keep_for_ever();
    // SAFETY: the running goroutine; whoever joins it waits for ever, as documented.
    unsafe { goexit0(g) }
}

/// How many goroutines exist; 0 on a thread without a scheduler. Go: `runtime.NumGoroutine`.
#[must_use]
pub fn num_goroutines() -> u64 {
    crate::park::current_sched().map_or(0, Sched::num_goroutines)
}

impl Sched {
    /// How many goroutines exist. Go: `runtime.NumGoroutine`.
    #[must_use]
    pub fn num_goroutines(&self) -> u64 {
        let sum = |counter: fn(&P) -> &AtomicU64| -> u64 {
            self.shared.allp.iter_all().map(|pp| counter(pp).load(Ordering::Relaxed)).sum()
        };
        // Those that ended first: then the difference is never too small.
        let ended = sum(|pp| &pp.ended) + self.shared.ended_elsewhere.load(Ordering::Relaxed);
        let elsewhere = self.shared.created_elsewhere.load(Ordering::Relaxed);
        (sum(|pp| &pp.created) + elsewhere).saturating_sub(ended)
    }
}
