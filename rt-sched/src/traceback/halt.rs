//! Stops a thread for a moment, wherever it is, so that its stack can be walked. The thread is
//! asked by a signal of its own: [`SIGNAL`].
//!
//! ```text
//!   sysmon                                the thread, in its handler
//!   NOBODY -> ASKED(tid)
//!   tgkill  -------------------------->   ASKED(me) -> COMES(me); else it is too late, and goes on
//!                                         stores its registers
//!   STANDS(tid)?  <--------------------   COMES -> STANDS(me), then waits
//!   walks its stack, takes no lock
//!   STANDS -> NOBODY  ---------------->   goes on
//!
//!   it does not answer: ASKED -> NOBODY   it waited for too long: STANDS -> NOBODY, goes on;
//!                                         what was walked is thrown away
//! ```
//!
//! It may hold any lock when it is stopped, the heap's say: so between STANDS and NOBODY sysmon
//! does nothing but read.
//!
//! # Safety
//! - **handler**: it stores words and sleeps; it takes no lock and ends by itself. System calls
//!   that it interrupts are restarted, but for those that signal(7) says never are.
#![allow(unsafe_code, reason = "**handler**: a signal handler")]

use core::sync::atomic::{AtomicU32, Ordering};

use rt_asm::registers::Registers;
use rt_os::eprint;
use rt_os::sys::signal::{Action, SigInfo, UContext, action, sigaction};
use rt_os::sys::thread::{gettid, tgkill, usleep};

use super::answer::Answer;

/// SIGRTMAX-5: a real-time signal that neither the C library, Go nor the usual tools use.
pub(crate) const SIGNAL: i32 = 59;
/// A thread that has not come within so many looks has blocked the signal, or cannot be woken.
const PATIENCE: u32 = 1_000;
/// So many looks a thread waits to be let go.
const STANDS_FOR: u32 = 5_000;
const LOOK_EVERY_US: u64 = 100;

const NOBODY: u32 = 0;
const ASKED: u32 = 1;
const COMES: u32 = 2;
const STANDS: u32 = 3;
/// The thread's number lies above.
const TID_SHIFT: u32 = 2;

/// Who is stopped, and how far that is.
static STATE: AtomicU32 = AtomicU32::new(NOBODY);
/// Where it stands. Written while it comes, read while it stands.
static ANSWER: Answer = Answer::new();

/// The right to stop threads: sysmon's.
#[derive(Debug)]
pub(crate) struct Halt(());

impl Halt {
    /// Takes the signal for this. `None`, after saying so, if the program has a use for it.
    pub(crate) fn begin() -> Option<Halt> {
        if !action(SIGNAL).is_ok_and(|action| action.is_like(&Action::DEFAULT)) {
            eprint!("runtime: no stallreport: the program handles signal {SIGNAL} itself\n");
            return None;
        }
        // SAFETY: **handler**.
        unsafe { sigaction(SIGNAL, stand) };
        Some(Halt(()))
    }

    /// Stops a thread, has `look` see its registers, and lets it go on. `None`: it did not answer,
    /// or went on before `look` was done. `look` must take no lock, and so not allocate.
    pub(crate) fn with<R>(&mut self, tid: u32, look: impl FnOnce(&Registers) -> R) -> Option<R> {
        let word = |state: u32| tid << TID_SHIFT | state;
        STATE.store(word(ASKED), Ordering::Relaxed); // tgkill orders it
        if tgkill(tid, SIGNAL).is_err() || !wait_while(word(ASKED), PATIENCE) {
            let (order, from) = (Ordering::Relaxed, word(ASKED));
            if STATE.compare_exchange(from, NOBODY, order, order).is_ok() {
                return None;
            }
        }
        wait_while(word(COMES), u32::MAX); // a few stores
        // Acquire pairs with the handler's Release: the registers.
        if STATE.load(Ordering::Acquire) != word(STANDS) {
            return None;
        }
        let seen = look(&ANSWER.get());
        // Release: it goes on behind our look.
        let order = (Ordering::Release, Ordering::Relaxed);
        STATE.compare_exchange(word(STANDS), NOBODY, order.0, order.1).ok().map(|_| seen)
    }
}

/// True: the state has become another within so many looks.
fn wait_while(state: u32, looks: u32) -> bool {
    for _ in 0..looks {
        if STATE.load(Ordering::Relaxed) != state {
            return true;
        }
        usleep(LOOK_EVERY_US);
    }
    false
}

unsafe extern "C" fn stand(_: i32, _: *mut SigInfo, context: *mut UContext) {
    let word = |state: u32| gettid() << TID_SHIFT | state;
    let order = Ordering::Relaxed; // it only chooses
    if STATE.compare_exchange(word(ASKED), word(COMES), order, order).is_err() {
        return;
    }
    // SAFETY: the kernel's, for the time of the handler.
    ANSWER.set(&unsafe { (*context).registers() });
    STATE.store(word(STANDS), Ordering::Release); // pairs with the Acquire in `with`
    if !wait_while(word(STANDS), STANDS_FOR) {
        // If it fails, we are let go just now.
        let _gone = STATE.compare_exchange(word(STANDS), NOBODY, order, order);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;

    #[test]
    fn a_thread_is_stopped_and_goes_on() {
        let mut halt = Halt::begin().expect("nobody handles the signal");
        assert!(Halt::begin().is_none(), "it is taken now");
        static GO_ON: AtomicBool = AtomicBool::new(true);
        static TURNS: AtomicU32 = AtomicU32::new(0);
        let (tell, told) = mpsc::channel();
        let spins = std::thread::spawn(move || {
            let mark = 0u64;
            tell.send((gettid(), &raw const mark as usize)).unwrap();
            while GO_ON.load(Ordering::Relaxed) {
                TURNS.fetch_add(1, Ordering::Relaxed);
            }
        });
        let (tid, mark) = told.recv().unwrap();
        for _ in 0..100 {
            let sp = halt.with(tid, |registers| registers.sp).expect("it answers");
            assert!(sp.abs_diff(mark) < 64 << 10, "it stands on its stack");
        }
        let turns = TURNS.load(Ordering::Relaxed);
        while TURNS.load(Ordering::Relaxed) == turns {
            std::thread::yield_now(); // it goes on
        }
        GO_ON.store(false, Ordering::Relaxed);
        spins.join().unwrap();
        assert_eq!(halt.with(tid, |_| ()), None, "it is gone");
        // One that stands in the kernel answers too, and its call goes on.
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let waits = std::thread::spawn(move || {
            tell.send(gettid()).unwrap();
            ended.recv().unwrap_err();
        });
        let tid = told.recv().unwrap();
        assert!(halt.with(tid, |registers| registers.pc).is_some_and(|pc| pc != 0));
        drop(end);
        waits.join().unwrap();
    }
}
