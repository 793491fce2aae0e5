//! Calls that block the thread: the goroutine says so, and its P goes to another M soon. Go:
//! `entersyscall`, `exitsyscall`.
//!
//! ```text
//!   goroutine on M1 with P          blocking(f)                        back
//!   says that it blocks             g slot = g0: for the runtime       goes on as it is
//!                                   a plain thread; f() blocks it
//!   sysmon, if others wait:         after 20 µs: takes the P           without a P: takes one when
//!                                                                      it next leaves the thread
//! ```
//!
//! # Safety
//! - **mine**: the running goroutine and its M, which it does not leave while `f` runs.
//! - **plain thread**: while the g slot holds g0, whose header cannot park, everything that waits
//!   blocks the thread.
#![allow(unsafe_code, reason = "**mine**: says who the thread is")]

use rt_asm::tls::setg;

use crate::g::G;
use crate::m::M;
use crate::schedule::{current_g, current_m};

/// Calls `f`, which may block the thread as long as it likes: other goroutines go on. On a thread
/// that runs no goroutine it is called just so.
///
/// Any code may block, and others go on; who says so gives way to them after some 20 µs and not
/// only when it is noticed.
///
/// Where goroutines keep their Ps ([`crate::pinned`]) it blocks the P too.
///
/// When `f` unwinds the goroutine goes on all the same: a ground whose threads count panics must
/// catch them in `f`.
pub fn blocking<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: **mine**: a G in the slot is alive.
    let Some(g) = (unsafe { current_g().as_ref() }).filter(|g| g.park.ops.is_some()) else {
        return f();
    };
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    if mp.sched().is_pinned() {
        return f(); // its P has no other thread
    }
    let away = Away::go(mp, g);
    let result = f();
    drop(away);
    result
}

/// In a blocking call; back when dropped, in an unwinding too.
struct Away<'a> {
    mp: &'a M,
    g: &'a G,
}

impl<'a> Away<'a> {
    fn go(mp: &'a M, g: &'a G) -> Away<'a> {
        mp.set_blocking(true);
        crate::sysmon::watch_blocking(mp);
        // SAFETY: **plain thread**; its own g0.
        unsafe { setg(mp.g0.get() as usize) };
        Away { mp, g }
    }
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        // SAFETY: the running goroutine again.
        unsafe { setg(core::ptr::from_ref(self.g) as usize) };
        self.mp.set_blocking(false);
    }
}
