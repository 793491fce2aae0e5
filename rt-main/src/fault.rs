//! Faults: a goroutine that runs out of stack, and memory accesses that cannot be. Go: `sigpanic`,
//! `morestack`'s stack overflow, `sighandler`.
//!
//! # Safety
//! - **handler**: runs on the M's signal stack; it prints and ends the program, and takes no lock.
#![allow(unsafe_code, reason = "**handler**: signal handlers get raw pointers")]

use rt_os::sys::signal::{self, SigInfo, UContext};
use rt_os::throw::{die_with, throw_with};

const SIGBUS: i32 = 7;
const SIGSEGV: i32 = 11;

/// Installs the handlers. Go: `initsig`; here only what a program cannot do without.
pub(crate) fn install() {
    for number in [SIGSEGV, SIGBUS] {
        // SAFETY: **handler**.
        unsafe { signal::sigaction(number, on_fault) };
    }
}

unsafe extern "C" fn on_fault(number: i32, info: *mut SigInfo, context: *mut UContext) {
    // SAFETY: the kernel's, for the time of the handler.
    let (info, context) = unsafe { (&*info, &*context) };
    let (address, pc, sp) = (info.fault_address(), context.rip(), context.rsp());
    // SAFETY: the handlers are installed after the boot has filled it.
    let sched = unsafe { crate::rt0::SCHED.get() };
    if let Some(found) = sched.stacks.find(address).filter(|found| found.in_guard) {
        let (lo, hi) = (found.stack.lo, found.stack.hi);
        let limit = sched.stacks.pool_of(found.stack).slot_bytes();
        let goid = rt_sched::current::current_goid();
        die_with(format_args!(
            "runtime: goroutine stack exceeds {limit}-byte limit\n\
             runtime: sp={sp:#x} stack=[{lo:#x}, {hi:#x}]\n\
             fatal error: stack overflow\n\ngoroutine {goid} [running]:\n"
        ));
    }
    let name =
        if number == SIGSEGV { "SIGSEGV: segmentation violation" } else { "SIGBUS: bus error" };
    let code = info.code();
    throw_with(
        format_args!(
            "unexpected fault address {address:#x}\n[signal {name} code={code:#x} \
             addr={address:#x} pc={pc:#x}]\n"
        ),
        "fault",
    )
}
