//! Waits while a timer's signal interrupts: its handler does not let system calls go on.
//!
//! # Safety
//! - **handler**: adds to a number, no more.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "**handler**: sigaction")]

extern crate alloc;

use core::sync::atomic::{AtomicU32, Ordering};

use rt_main as rt;

#[path = "../../../bodies/storm.rs"]
mod storm;

rt::entry!(main);

static TICKS: AtomicU32 = AtomicU32::new(0);
/// Linux, x86-64: rt_sigaction(2), and the flags SA_RESTORER | SA_ONSTACK; setitimer(2).
const RT_SIGACTION: usize = 13;
const SETITIMER: usize = 38;
const FLAGS: usize = 0x0400_0000 | 0x0800_0000;
const SIGALRM: usize = 14;
const EVERY_US: usize = 200;

extern "C" fn tick(_signal: i32) {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

fn main() {
    let restorer = rt_asm::signal::sigreturn as *const () as usize;
    let action = [tick as *const () as usize, FLAGS, restorer, 0];
    // Seconds and microseconds: between two, and up to the first.
    let timer = [0, EVERY_US, 0, EVERY_US];
    // SAFETY: **handler**; the four words are the kernel's `struct sigaction`.
    let installed =
        unsafe { rt_asm::syscall::syscall4(RT_SIGACTION, SIGALRM, action.as_ptr() as usize, 0, 8) };
    // SAFETY: the four words are the kernel's `struct itimerval`.
    let set = unsafe { rt_asm::syscall::syscall4(SETITIMER, 0, timer.as_ptr() as usize, 0, 0) };
    assert_eq!((installed, set), (0, 0));
    let (sleeps, values, turns) = storm::wait_often();
    let ticks = TICKS.load(Ordering::Relaxed);
    rt::println!("sleeps {sleeps}\nvalues {values}\nturns {turns}\nticks {ticks}");
}
