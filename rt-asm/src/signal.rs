//! The way back from a signal handler.
//!
//! # Safety
//! - **restorer**: entered by the kernel through `sa_restorer` with `rsp` at the signal frame.
#![allow(unsafe_code, reason = "**restorer**: naked, by the kernel's ABI")]

use core::arch::naked_asm;

/// The `sa_restorer` of every handler. Go: `sigreturn__sigaction`.
///
/// The bytes must be exactly `48 c7 c0 0f 00 00 00 0f 05`: gdb and libgcc know a signal frame by
/// them (Go's test looks for the same).
///
/// # Safety
/// Only the kernel may "return" here: **restorer**.
#[unsafe(naked)]
pub unsafe extern "C" fn sigreturn() {
    naked_asm!(
        ".byte 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0", // mov rax, 15 (rt_sigreturn), the long form
        "syscall",                               // 0f 05: never comes back
        "int3",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debuggers_know_the_bytes() {
        let code = sigreturn as *const () as *const [u8; 9];
        // SAFETY: nine bytes of our own code, written above.
        let bytes = unsafe { *code };
        assert_eq!(bytes, [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05]);
    }
}
