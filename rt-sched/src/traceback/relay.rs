//! Where other threads stand: a dying process asks each by a signal. Go: `crashing`, the SIGQUIT
//! relay of `sighandler`.
//!
//! ```text
//!   asker                              the thread asked, in its handler
//!   ANSWERED = 0
//!   tgkill(SIGQUIT)  --------------->  stores its registers
//!   ANSWERED == tid? <---------------  ANSWERED = tid, then waits for the end
//! ```
//!
//! # Safety
//! - **handler**: it stores words and sleeps, for ever: the thread's stacks stay as they are.
#![allow(unsafe_code, reason = "**handler**: a signal handler")]

use core::sync::atomic::{AtomicU32, Ordering};

use rt_asm::registers::Registers;
use rt_os::sys::signal::{SigInfo, UContext, sigaction};
use rt_os::sys::thread::{gettid, tgkill, usleep};

use super::answer::Answer;

const SIGQUIT: i32 = 3;
/// A thread that does not answer within this has blocked the signal, or is gone; in µs.
const PATIENCE_US: u64 = 100_000;
const LOOK_EVERY_US: u64 = 100;

/// The thread that has answered last. Release; the asker looks with Acquire.
static ANSWERED: AtomicU32 = AtomicU32::new(0);
/// Its registers. Written before `ANSWERED`.
static ANSWER: Answer = Answer::new();

/// The right to ask: of the one thread that ends the program.
#[derive(Debug)]
pub(super) struct Relay(());

impl Relay {
    /// Takes SIGQUIT for this. Every thread that is asked stops for good.
    pub(super) fn begin() -> Relay {
        // SAFETY: **handler**.
        unsafe { sigaction(SIGQUIT, answer) };
        Relay(())
    }

    /// Where the thread stands; `None` when it does not answer.
    pub(super) fn ask(&mut self, tid: u32) -> Option<Registers> {
        ANSWERED.store(0, Ordering::Relaxed);
        if tid == 0 || tid == gettid() || tgkill(tid, SIGQUIT).is_err() {
            return None;
        }
        for _ in 0..PATIENCE_US / LOOK_EVERY_US {
            if ANSWERED.load(Ordering::Acquire) == tid {
                return Some(ANSWER.get());
            }
            usleep(LOOK_EVERY_US);
        }
        None
    }
}

unsafe extern "C" fn answer(_: i32, _: *mut SigInfo, context: *mut UContext) {
    // SAFETY: the kernel's, for the time of the handler.
    ANSWER.set(&unsafe { (*context).registers() });
    ANSWERED.store(gettid(), Ordering::Release);
    loop {
        usleep(1_000_000);
    }
}
