//! Waits while a timer's signal interrupts: its handler does not let system calls go on.
//!
//! # Safety
//! - **handler**: adds to a number, no more.
#![allow(unsafe_code, reason = "**handler**: sigaction")]

extern crate alloc;

use std::sync::atomic::{AtomicU32, Ordering};

use ::rt;

#[path = "../../../bodies/storm.rs"]
mod storm;

static TICKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn tick(_signal: i32) {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

fn main() {
    // SAFETY: **handler**; the structure is whole, and without SA_RESTART.
    let installed = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = tick as *const () as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut())
    };
    let every = libc::timeval { tv_sec: 0, tv_usec: 200 };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: the structure lives as long as the call.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!((installed, set), (0, 0));
    let (sleeps, values, turns) = hosted::run(storm::wait_often);
    let ticks = TICKS.load(Ordering::Relaxed);
    println!("sleeps {sleeps}\nvalues {values}\nturns {turns}\nticks {ticks}");
}
