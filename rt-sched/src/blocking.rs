//! Calls that block the thread: the P goes to another M meanwhile. Go: `entersyscallblock`,
//! `exitsyscall`, `exitsyscall0`.
//!
//! ```text
//!   goroutine on M1 with P          blocking(f)                     back
//!   gives P up: another M runs it   g slot = g0: for the runtime    an idle P? take it, go on
//!   (or it idles)                   a plain thread; f() blocks it   else: into the global queue,
//!                                                                   M1 sleeps
//! ```
//!
//! # Safety
//! - **mine**: the running goroutine and its M; the M has a P before, none while `f` runs, and one
//!   after.
//! - **plain thread**: while the g slot holds g0, whose header cannot park, everything that waits
//!   blocks the thread, and nothing touches a P.
#![allow(unsafe_code, reason = "**mine**: gives the P away")]

use core::ptr::NonNull;

use rt_asm::tls::setg;

use crate::g::{G, Status};
use crate::m::M;
use crate::procresize::{acquirep, releasep};
use crate::sched::Sched;
use crate::schedule::{current_g, current_m, leave_without_p, wake_for_work};
use crate::thread::handoffp;

/// Calls `f`, which may block the thread as long as it likes: other goroutines go on. On a thread
/// that runs no goroutine it is called just so.
///
/// Where goroutines keep their Ps ([`crate::pinned`]) it blocks the P too.
///
/// When `f` unwinds the goroutine comes back all the same, maybe on another thread: a ground whose
/// threads count panics must catch them in `f`.
///
/// It costs a hand-over to another thread: use it for calls that may take longer than some tens of
/// µs.
pub fn blocking<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: **mine**: a G in the slot is alive.
    let Some(g) = (unsafe { current_g().as_ref() }).filter(|g| g.park.ops.is_some()) else {
        return f();
    };
    // SAFETY: **mine**.
    if unsafe { current_m() }.sched().is_pinned() {
        return f(); // its P has no other thread
    }
    let away = Away::go(g);
    let result = f();
    drop(away);
    result
}

/// Gone from the scheduler; comes back when dropped, in an unwinding too.
struct Away<'a> {
    g: &'a G,
}

impl Away<'_> {
    fn go(g: &G) -> Away<'_> {
        // SAFETY: **mine**.
        let mp = unsafe { current_m() };
        handoffp(mp.sched(), releasep(mp));
        // SAFETY: **plain thread**; its own g0.
        unsafe { setg(mp.g0.get() as usize) };
        Away { g }
    }
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        // SAFETY: **mine**: g0 is in the slot, whose M is this one.
        let mp = unsafe { current_m() };
        // SAFETY: the running goroutine again.
        unsafe { setg(core::ptr::from_ref(self.g) as usize) };
        if !take_p(mp, mp.sched(), self.g) {
            // SAFETY: **mine**: it is runnable and queued; the M has no P.
            unsafe { leave_without_p(mp, self.g) };
        }
    }
}

/// Takes an idle P for the M; without one the goroutine goes into the global queue: false. Both
/// under one lock, so that a P that idles next sees it there. Go: `exitsyscallfast_pidle`.
fn take_p(mp: &M, sched: &Sched, g: &G) -> bool {
    let mut synced = sched.lock();
    if sched.shared.is_stopping() {
        // Those who stop the world have the idle Ps.
    } else if let Some(pp) = synced.pidleget(&sched.shared) {
        drop(synced);
        // SAFETY: **mine**: just taken.
        acquirep(mp, unsafe { pp.as_ref() });
        return true;
    }
    g.status.change(Status::Running, Status::Runnable);
    // SAFETY: the running goroutine is in no queue; `on_stack` says that we are on it still.
    synced.with_runq(&sched.shared, |runq| unsafe { runq.put(NonNull::from(g)) });
    drop(synced);
    wake_for_work(sched);
    false
}
