//! The first and last instructions of a thread that `clone` makes. Go: `clone` in
//! sys_linux_amd64.s.
//!
//! # Safety
//! - **own stack**: the child runs on a stack nobody else uses, and must not return through frames
//!   that lie on the parent's: it takes all it needs in registers and never leaves `entry`.
#![allow(unsafe_code, reason = "**own stack**: the child has no frame of ours to return to")]

use core::arch::asm;

const SYS_CLONE: usize = 56;
const SYS_EXIT: usize = 60;

/// What a new thread starts with.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CloneArgs {
    /// `CLONE_*` flags of clone(2).
    pub flags: usize,
    /// High end of the child's stack, 16-byte aligned; an address.
    pub stack_hi: usize,
    /// The child's FS base when `CLONE_SETTLS` is given; an address.
    pub tls: usize,
    /// Where `CLONE_CHILD_CLEARTID` stores 0 at the thread's end; an address of a `u32`.
    pub child_tid: usize,
    /// What the child calls first, with `arg`. It must not return: the thread would trap.
    pub entry: unsafe extern "C" fn(arg: usize) -> !,
    /// The word handed to `entry`.
    pub arg: usize,
}

/// Starts a thread by clone(2). Returns the child's thread id, or `-errno`.
///
/// # Safety
/// The stack must be writable and unused for the thread's life; `tls` and `child_tid` must be right
/// for the flags given; `entry(arg)` must be sound on a new thread.
#[inline(never)]
pub unsafe fn clone_thread(args: &CloneArgs) -> isize {
    let ret: isize;
    // SAFETY: **own stack**. The parent's registers survive as after any system call.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",                 // the parent, or an error
            ".cfi_remember_state",
            ".cfi_undefined rip",     // the child: a backtrace ends here
            "xor ebp, ebp",
            "mov rdi, r12",           // arg
            "call r13",               // rsp was 0 mod 16: entry sees 8 mod 16
            "int3",
            ".cfi_restore_state",
            "2:",
            inlateout("rax") SYS_CLONE as isize => ret,
            in("rdi") args.flags,
            in("rsi") args.stack_hi,
            in("rdx") 0usize,         // parent_tid: not asked for
            in("r10") args.child_tid,
            in("r8") args.tls,
            in("r12") args.arg,
            in("r13") args.entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    ret
}

/// Ends the calling thread alone. Go: `exitThread`.
///
/// The kernel then clears the word given as `child_tid`: from that store on the stack is free.
///
/// # Safety
/// No frame of this thread may be needed any more: nothing is dropped.
pub unsafe fn exit_thread() -> ! {
    // SAFETY: the thread is gone; its frames are the caller's to give up.
    unsafe {
        asm!(
            "syscall",
            "int3",
            in("rax") SYS_EXIT,
            in("rdi") 0usize,
            options(noreturn),
        )
    }
}
