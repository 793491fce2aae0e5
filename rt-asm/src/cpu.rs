//! Single instructions of the processor that have no Rust spelling, or not the one we need.
//!
//! # Safety
//! - **no effect**: each touches registers only.
#![allow(unsafe_code, reason = "**no effect**: single instructions")]

use core::arch::asm;

/// Tells the core that it spins. Go: `procyield(1)`.
#[inline(always)]
pub fn pause() {
    core::hint::spin_loop();
}

/// The time stamp counter: cheap, not ordered with the instructions around it. Go: `cputicks`.
#[inline(always)]
#[must_use]
pub fn ticks() -> u64 {
    let (lo, hi): (u32, u32);
    // SAFETY: **no effect**.
    unsafe { asm!("rdtsc", out("eax") lo, out("edx") hi, options(nomem, nostack)) };
    u64::from(hi) << 32 | u64::from(lo)
}

/// Stops the program by a breakpoint trap, for ever. Go: `abort`.
///
/// `int3` and not `ud2`, so that the wait status says SIGTRAP as in Go.
#[inline(always)]
pub fn abort() -> ! {
    // SAFETY: **no effect**; a handler that steps over `int3` comes back to it.
    unsafe { asm!("2: int3", "jmp 2b", options(noreturn, nomem, nostack)) }
}

/// The stack pointer of the caller, for bounds and dumps. Bytes; an address.
#[inline(always)]
#[must_use]
pub fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: **no effect**.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// The floating-point control words: MXCSR and the x87 control word.
///
/// A switch does not save them: each goroutine must leave them as it found them.
#[inline(always)]
#[must_use]
pub fn float_control() -> (u32, u16) {
    let (mut mxcsr, mut x87) = (0u32, 0u16);
    // SAFETY: writes the two locals whose addresses it gets.
    unsafe {
        asm!("stmxcsr [{}]", "fnstcw [{}]", in(reg) &mut mxcsr, in(reg) &mut x87,
            options(nostack, preserves_flags));
    }
    (mxcsr & !0x3f, x87) // the low six bits are sticky flags, not control
}

/// The CPU features that this build was compiled to use, and the processor lacks: the name of the
/// first, or `None`. It executes CPUID only when the build asks for more than x86-64-v1.
///
/// Go: the `GOAMD64` check in `rt0_go`. A CPUID is a trap of some 6 µs under a hypervisor, so a
/// baseline build must not execute one.
#[inline(always)]
#[must_use]
pub fn missing_level() -> Option<&'static str> {
    #[cfg(target_feature = "avx512f")]
    if !leaf7_ebx(1 << 16) {
        return Some("v4");
    }
    #[cfg(target_feature = "avx2")]
    if !leaf7_ebx(1 << 5) {
        return Some("v3");
    }
    #[cfg(target_feature = "sse4.2")]
    if core::arch::x86_64::__cpuid(1).ecx & (1 << 20) == 0 {
        return Some("v2");
    }
    None
}

#[cfg(any(target_feature = "avx2", target_feature = "avx512f"))]
fn leaf7_ebx(bit: u32) -> bool {
    core::arch::x86_64::__cpuid(0).eax >= 7
        && core::arch::x86_64::__cpuid_count(7, 0).ebx & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_move_forward() {
        let first = ticks();
        assert!((0..1000).map(|_| ticks()).all(|now| now >= first));
    }

    #[test]
    fn the_default_control_words() {
        assert_eq!(float_control(), (0x1f80, 0x37f));
    }

    #[test]
    fn the_test_machine_has_what_the_tests_were_built_for() {
        assert_eq!(missing_level(), None);
    }

    #[test]
    fn the_stack_pointer_is_near_a_local() {
        let local = 0u8;
        assert!((&raw const local as usize).abs_diff(stack_pointer()) < 4096);
    }
}
