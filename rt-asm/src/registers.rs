//! The registers from which a stack can be walked: where execution stands, and all that a called
//! function must keep.
//!
//! # Safety
//! - **reads**: registers are copied out; nothing is changed.
#![allow(unsafe_code, reason = "**reads**: copies registers")]

use core::arch::asm;

use crate::switch::Context;

/// Where a stack stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// The next instruction; an address.
    pub pc: usize,
    /// The stack pointer; an address.
    pub sp: usize,
    /// `rbp`.
    pub bp: usize,
    /// `rbx`.
    pub bx: usize,
    /// `r12` to `r15`.
    pub r12_to_15: [usize; 4],
}

impl Registers {
    /// Those of the caller, here.
    #[inline(always)]
    #[must_use]
    pub fn here() -> Registers {
        let mut all = Registers::default();
        // SAFETY: **reads**; the memory is ours.
        unsafe {
            asm!(
                "lea {pc}, [rip]",
                "mov [{all}], {pc}",
                "mov [{all} + 8], rsp",
                "mov [{all} + 16], rbp",
                "mov [{all} + 24], rbx",
                "mov [{all} + 32], r12",
                "mov [{all} + 40], r13",
                "mov [{all} + 48], r14",
                "mov [{all} + 56], r15",
                all = in(reg) &raw mut all,
                pc = out(reg) _,
                options(nostack, preserves_flags),
            );
        }
        all
    }
}

impl From<Context> for Registers {
    /// A stack that sleeps in a switch: the frame there has all other registers in memory.
    fn from(context: Context) -> Registers {
        let Context { sp, pc, bp, bx } = context;
        Registers { pc, sp, bp, bx, r12_to_15: [0; 4] }
    }
}

/// The address of the instruction here: with `inline(always)` around it, a place in the caller's
/// code.
#[inline(always)]
#[must_use]
pub fn here() -> usize {
    let pc: usize;
    // SAFETY: **reads**.
    unsafe { asm!("lea {}, [rip]", out(reg) pc, options(nomem, nostack, preserves_flags)) };
    pc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_is_here() {
        let (first, regs, second) = (here(), Registers::here(), here());
        assert!(first < regs.pc && regs.pc < second && second - first < 4096);
        let local = core::hint::black_box(0u8);
        assert!((&raw const local as usize).abs_diff(regs.sp) < 4096);
        let context = Context { sp: 1, pc: 2, bp: 3, bx: 4 };
        let wanted = Registers { pc: 2, sp: 1, bp: 3, bx: 4, r12_to_15: [0; 4] };
        assert_eq!(Registers::from(context), wanted);
    }
}
