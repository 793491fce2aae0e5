//! Stacks of goroutines that wait for long. Go: `shrinkstack`.
//!
//! # Safety
//! - **below**: nothing of a stack is in use below the stack pointer, but for what the call that
//!   says so to the kernel needs itself: signal handlers have stacks of their own.
#![allow(unsafe_code, reason = "**below**: memory by address")]

use rt_os::sys::mem::{Advice, advise};

use crate::current::current_stack;

/// The frames of the call to the kernel are smaller.
const OWN_BYTES: usize = 1024;
const PAGE_BYTES: usize = 4096;

/// Gives back to the kernel what the running goroutine's stack has grown to below its present
/// frames: for who is about to wait for long, after it has called deeply. Costs a system call, and
/// a page fault for each page that is needed again. Does nothing where no goroutine runs.
#[inline(never)]
pub fn shrink_stack() {
    let (stack, here) = (current_stack(), rt_asm::cpu::stack_pointer());
    if !stack.contains(here) {
        return;
    }
    let end = (here - OWN_BYTES) & !(PAGE_BYTES - 1);
    if stack.lo < end {
        // SAFETY: **below**. Where the kernel will not, nothing is given back.
        let _kept = unsafe { advise(stack.lo, end - stack.lo, Advice::DontNeed) };
    }
}
