//! Faults: a goroutine that runs out of stack, and memory accesses that cannot be. Go: `sigpanic`,
//! `morestack`'s stack overflow.
//!
//! # Safety
//! - **booted**: handlers are installed after the boot has filled its statics.
#![allow(unsafe_code, reason = "**booted**: reads boot statics")]

use rt_os::signal::Signal;
use rt_os::sys::signal::{SigInfo, UContext};
use rt_os::throw::{Blame, Failure, die};
use rt_sched::current::{current_goid, current_stack};

/// `si_code` of a division by zero, or of the one that is too large. sigaction(2): FPE_INTDIV.
const INTEGER_BY_ZERO: i32 = 1;

/// Ends the program for a fault that it has made. In the handler of its signal.
pub(crate) fn die_of_fault(signal: Signal, info: &SigInfo, context: &UContext) -> ! {
    let (address, pc, sp) = (info.fault_address(), context.rip(), context.rsp());
    let failure = Failure { registers: Some(context.registers()), ..Failure::here(Blame::Runtime) };
    // SAFETY: **booted**.
    let sched = unsafe { crate::rt0::SCHED.get() };
    let found = sched.stacks.find(address).filter(|found| found.in_guard);
    if let Some(found) = found.filter(|_| signal != Signal::FPE) {
        let (lo, hi) = (found.stack.lo, found.stack.hi);
        let limit = sched.stacks.pool_of(found.stack).slot_bytes();
        let text = format_args!(
            "runtime: goroutine stack exceeds {limit}-byte limit\n\
             runtime: sp={sp:#x} stack=[{lo:#x}, {hi:#x}]\n\
             fatal error: stack overflow\n"
        );
        die(&failure, text);
    }
    let (name, code) = (signal.text().unwrap_or(""), info.code());
    let tail = format_args!("[signal {name} code={code:#x} addr={address:#x} pc={pc:#x}]\n");
    if signal == Signal::FPE {
        let what = match code {
            INTEGER_BY_ZERO => "integer divide by zero",
            _ => "floating point error",
        };
        die(&failure, format_args!("panic: runtime error: {what}\n{tail}"));
    }
    let (goid, stack) = (current_goid(), current_stack()); // 0 and none on g0
    let (lo, hi) = (stack.lo, stack.hi);
    let text = format_args!(
        "unexpected fault address {address:#x}\n\
         runtime: goroutine {goid} sp={sp:#x} stack=[{lo:#x}, {hi:#x}]\n\
         fatal error: fault\n{tail}"
    );
    die(&failure, text)
}
