//! The g slot: one word per thread that names the goroutine the thread runs. Go: `get_tls`,
//! `g(BX)`.
//!
//! It is one 8-byte TLS symbol, `rt_g`. In the static bare program it is the only TLS there is and
//! the linker puts it at `-8(FS)`, which is `m.tls[0]`, as the seed has it. In a std program it is
//! a per-thread slot of the process's own TLS block. One mechanism for both.
//!
//! ```text
//!            m.tls[0]   m.tls[1]  ...  m.tls[5]
//!           +---------+---------+-----+---------+
//!           |  rt_g   |         |     |         |     settls(&m.tls): FS = &m.tls[1]
//!           +---------+---------+-----+---------+
//!      -8(FS)^         ^FS
//! ```
//!
//! # Safety
//! - **slot**: `rt_g` is 8 bytes of zeroed TLS that only this file names.
//! - **not cached**: the reads are `asm!` without `pure` or `readonly`, so that the compiler never
//!   keeps a value over a call that may switch stacks: a goroutine wakes on another thread.
#![allow(unsafe_code, reason = "**slot**: TLS by symbol has no stable spelling")]

use core::arch::{asm, global_asm, naked_asm};

global_asm!(
    ".pushsection .tbss.rt_g, \"awT\", @nobits",
    ".p2align 3",
    ".globl rt_g",
    ".hidden rt_g",
    ".type rt_g, @object",
    ".size rt_g, 8",
    "rt_g:",
    ".zero 8",
    ".popsection",
);

/// `arch_prctl(ARCH_SET_FS)`: asm/prctl.h.
const ARCH_SET_FS: u32 = 0x1002;
/// The system call number of `arch_prctl`.
const SYS_ARCH_PRCTL: u32 = 158;
/// Where `settls` crashes when the kernel refuses: the fault address says who it was.
pub const SETTLS_CRASH_ADDRESS: usize = 0xf1;
/// What the boot writes through the g slot to see that it works.
pub const TLS_CHECK: usize = 0x123;

/// The word in this thread's g slot; 0 on a thread that never had one. Go: `getg`.
#[inline(always)]
#[must_use]
pub fn getg() -> usize {
    let g: usize;
    // SAFETY: **slot**, read-only; **not cached**.
    unsafe {
        asm!(
            "mov {g}, qword ptr [rip + rt_g@gottpoff]", // offset of the slot from FS
            "mov {g}, qword ptr fs:[{g}]",
            g = out(reg) g,
            options(nostack, preserves_flags),
        );
    }
    g
}

/// Stores `g` into this thread's g slot. Go: `setg`.
///
/// # Safety
/// Whoever reads the slot on this thread must be able to use `g` for what it takes it for.
#[inline(always)]
pub unsafe fn setg(g: usize) {
    // SAFETY: **slot**; the meaning of the word is the caller's.
    unsafe {
        asm!(
            "mov {t}, qword ptr [rip + rt_g@gottpoff]",
            "mov qword ptr fs:[{t}], {g}",
            g = in(reg) g,
            t = out(reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Makes `tls[0]` this thread's g slot: FS = `tls` + 8. Go: `settls`.
///
/// On entry `rdi` = address of the TLS words. When the kernel refuses, it stores to address 0xf1,
/// so that the core dump names the culprit.
///
/// # Safety
/// Bare programs only: nothing else may use FS on this thread. `tls` must point to at least two
/// words, 8-byte aligned, that live and stay in place as long as the thread.
#[unsafe(naked)]
pub unsafe extern "C" fn settls(tls: *mut usize) {
    naked_asm!(
        "lea rsi, [rdi + 8]",                  // ELF wants the slot at -8(FS)
        "mov edi, {set_fs}",                   // arch_prctl(ARCH_SET_FS, rsi)
        "mov eax, {arch_prctl}",
        "syscall",
        "cmp rax, -4095",                      // an error is in -4095..0
        "jb 2f",
        "mov dword ptr [{crash}], {crash}",    // no way to go on, and nobody to tell: crash at 0xf1
        "2:",
        "ret",
        set_fs = const ARCH_SET_FS,
        arch_prctl = const SYS_ARCH_PRCTL,
        crash = const SETTLS_CRASH_ADDRESS,
    )
}

/// Stores [`TLS_CHECK`] through the g slot and tells whether it arrived in `tls[0]`.
///
/// # Safety
/// As [`settls`], which must have been called with the same `tls`. The slot is left at 0x123.
#[inline(always)]
#[must_use]
pub unsafe fn check(tls: *const usize) -> bool {
    // SAFETY: nobody reads the slot before the boot stores g0.
    unsafe { setg(TLS_CHECK) };
    // SAFETY: the caller's words; volatile, because the store went through FS.
    unsafe { tls.read_volatile() == TLS_CHECK }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_fresh_thread_has_no_g_and_keeps_its_own() {
        // SAFETY: only this test reads the slot on these threads.
        unsafe { setg(7) };
        std::thread::spawn(|| {
            assert_eq!(getg(), 0);
            // SAFETY: as above.
            unsafe { setg(8) };
            assert_eq!(getg(), 8);
        })
        .join()
        .unwrap();
        assert_eq!(getg(), 7);
    }

    #[test]
    fn the_check_sees_a_slot_that_is_elsewhere() {
        let not_the_slot = [0usize; 2];
        // SAFETY: nobody else reads the slot on this thread.
        assert!(!unsafe { check(not_the_slot.as_ptr()) });
    }
}
