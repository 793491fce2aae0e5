//! A process that takes the machine for another: sched_getaffinity(2) tells of as many CPUs as it
//! is told to, in every thread. A filter turns the call into a signal, whose handler answers it.
//!
//! One text for hosted and bare programs. seccomp(2), sigaction(2), signal frames of x86-64.
//!
//! # Safety
//! - **whole**: structures are what the kernel wants, and outlive the call.
//! - **answer**: the handler does what the call would: writes one word into the mask that the
//!   caller brought, and the result into its register.
#![allow(unsafe_code, reason = "**answer**: a signal handler in the place of a system call")]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rt_asm::syscall::{syscall3, syscall4, syscall5};

const RT_SIGACTION: usize = 13;
const PRCTL: usize = 157;
const SCHED_GETAFFINITY: u32 = 204;
const SECCOMP: usize = 317;
const PR_SET_NO_NEW_PRIVS: usize = 38;
const SIGSYS: usize = 31;
/// SA_SIGINFO | SA_RESTORER | SA_ONSTACK.
const FLAGS: usize = 4 | 0x0400_0000 | 0x0800_0000;
/// SECCOMP_SET_MODE_FILTER; SECCOMP_FILTER_FLAG_TSYNC: for all threads.
const SET_FILTER: usize = 1;
const ALL_THREADS: usize = 1;
/// BPF: the number of the call; is it this one? Then a signal; else go on.
const FILTER: [u64; 4] = [
    op(0x20, 0, 0),
    op(0x15, 1, SCHED_GETAFFINITY),
    op(0x06, 0, 0x0003_0000),
    op(0x06, 0, 0x7fff_0000),
];
/// Words of the signal's frame: the call's third argument, and its result.
const RDX: usize = 5 + 12;
const RAX: usize = 5 + 13;

/// The CPUs.
static MASK: AtomicU64 = AtomicU64::new(0);

/// `struct sock_filter`: code, jumps, a value.
const fn op(code: u64, jump_else: u64, value: u32) -> u64 {
    code | jump_else << 24 | (value as u64) << 32
}

unsafe extern "C" fn answer(_signal: i32, _info: usize, frame: *mut usize) {
    // SAFETY: **answer**.
    unsafe {
        let mask = *frame.add(RDX) as *mut u64;
        mask.write(MASK.load(Relaxed));
        *frame.add(RAX) = size_of::<u64>();
    }
}

/// From now on there are so many CPUs, 1 to 64. False: the kernel refuses.
pub(crate) fn cpus(count: u32) -> bool {
    let is_first = MASK.swap(u64::MAX >> (64 - count), Relaxed) == 0;
    !is_first || install()
}

fn install() -> bool {
    #[repr(C)]
    struct Program {
        len: u16,
        filter: *const u64,
    }
    let restorer = rt_asm::signal::sigreturn as *const () as usize;
    let action = [answer as *const () as usize, FLAGS, restorer, 0];
    let program = Program { len: FILTER.len() as u16, filter: FILTER.as_ptr() };
    let (action, program) = (action.as_ptr() as usize, &raw const program as usize);
    // SAFETY: **whole**.
    unsafe {
        syscall4(RT_SIGACTION, SIGSYS, action, 0, 8) == 0
            && syscall5(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && syscall3(SECCOMP, SET_FILTER, ALL_THREADS, program) == 0
    }
}
