//! What the scheduler needs from the ground it stands on: threads. Go: `_cgo_thread_start`.
//!
//! # Safety
//! - **threads**: starting and ending threads is a promise about their stacks; see the methods.
#![allow(unsafe_code, reason = "**threads**: unsafe methods of a trait")]

use core::ptr::NonNull;

use rt_os::errno::Errno;
use rt_stack::system::MStacks;
use rt_wait::park::ParkOps;

use crate::m::M;
use crate::p::P;

/// A ground: bare (clone), hosted (std's threads), or a test's.
pub trait Port: Sync + core::fmt::Debug {
    /// Starts a thread that calls [`crate::thread::mstart`] with `mp`. Go: `newosproc`.
    ///
    /// All signals are blocked around it; the new thread starts with `mp.sigmask`.
    ///
    /// # Errors
    /// What the system said; the M's `alive` word is 0 again. Who cannot do without asks again.
    ///
    /// # Safety
    /// `mp` lives for ever, has no thread, and its g0 is set.
    unsafe fn start_thread(&self, mp: NonNull<M>) -> Result<(), Errno>;

    /// What a thread does first: its stacks for signals, its mask, its name. Go: `minit`.
    fn minit(&self, mp: &M);

    /// Stacks for a new M; `None` when the threads bring their own.
    ///
    /// # Errors
    /// What mmap said.
    fn stacks(&self) -> Result<Option<MStacks>, Errno>;

    /// Ends the calling thread, whose M has been taken out of all lists. Go: `exitThread`.
    ///
    /// # Safety
    /// Nothing on the thread's stacks is needed any more.
    unsafe fn exit_thread(&self, mp: &M) -> !;

    /// A P is destroyed by procresize, world stopped: whatever hangs on `pp.ground` must not be
    /// lost.
    fn p_destroyed(&self, pp: &P);

    /// How goroutines park: [`crate::park::OPS`], or a ground's own around it.
    fn park_ops(&self) -> &'static ParkOps {
        &crate::park::OPS
    }

    /// The program is dead: no goroutine can ever run. Go: `checkdead`'s fatal; hosted: off.
    fn detects_deadlock(&self) -> bool;
}
