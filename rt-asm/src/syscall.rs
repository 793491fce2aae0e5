//! The `syscall` instruction, by number of arguments. Go: `internal/runtime/syscall.Syscall6`.
//!
//! # Safety
//! - **abi**: the kernel takes the number in `rax`, arguments in `rdi rsi rdx r10 r8 r9`, returns
//!   in `rax` and clobbers `rcx` and `r11` (syscall(2), x86-64); every other register survives.
//! - **caller**: what a call does to memory is the caller's contract, so the block is not `nomem`.
#![allow(unsafe_code, reason = "**abi**: one instruction, no Rust spelling")]

use core::arch::asm;

macro_rules! syscalls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident in $reg:tt),*);)*) => {$(
        $(#[$doc])*
        ///
        /// Returns the kernel's word: a value, or `-errno` in `-4095..0`.
        ///
        /// # Safety
        /// The arguments must be right for the call: pointers valid for what the kernel does to
        /// them, and nothing Rust relies on is unmapped, closed or overwritten.
        #[inline(always)]
        pub unsafe fn $name(number: usize $(, $arg: usize)*) -> isize {
            let ret: isize;
            // SAFETY: **abi** lists all that changes; the rest is **caller**'s.
            unsafe {
                asm!("syscall", inlateout("rax") number as isize => ret $(, in($reg) $arg)*,
                    lateout("rcx") _, lateout("r11") _, options(nostack));
            }
            ret
        }
    )*};
}

syscalls! {
    /// A system call without arguments.
    syscall0();
    /// A system call with one argument.
    syscall1(a in "rdi");
    /// A system call with two arguments.
    syscall2(a in "rdi", b in "rsi");
    /// A system call with three arguments.
    syscall3(a in "rdi", b in "rsi", c in "rdx");
    /// A system call with four arguments.
    syscall4(a in "rdi", b in "rsi", c in "rdx", d in "r10");
    /// A system call with five arguments.
    syscall5(a in "rdi", b in "rsi", c in "rdx", d in "r10", e in "r8");
    /// A system call with six arguments.
    syscall6(a in "rdi", b in "rsi", c in "rdx", d in "r10", e in "r8", f in "r9");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn getpid_agrees_with_the_kernels_parent_view() {
        // SAFETY: getpid (39) and getpgid(0) (121) touch no memory.
        let (pid, group) = unsafe { (syscall0(39), syscall1(121, 0)) };
        assert!(pid > 0 && group > 0);
    }

    #[test]
    fn a_bad_call_returns_minus_errno() {
        // SAFETY: close (3) of a descriptor that cannot exist.
        assert_eq!(unsafe { syscall1(3, usize::MAX) }, -9);
    }
}
