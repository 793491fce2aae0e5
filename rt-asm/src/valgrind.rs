//! Words with valgrind: which stretches of memory are stacks. Nothing on a real CPU.
//!
//! valgrind knows five instructions that have no effect together, and takes what `rax` points to
//! for a question: the request's number and five arguments. The answer comes in `rdx`.
//!
//! # Safety
//! - **no effect**: four rotations by 128 bits in all, and an exchange of a register with itself.
#![allow(unsafe_code, reason = "**no effect**: instructions for valgrind")]

use core::arch::asm;

/// `VALGRIND_STACK_REGISTER`: valgrind.h.
const STACK_REGISTER: usize = 0x1501;

/// Tells valgrind that `lo..hi` is a stack, so that it does not take a switch to it for a wild
/// movement of the stack pointer. Returns valgrind's name for it; 0 without valgrind.
#[inline]
pub fn stack_register(lo: usize, hi: usize) -> usize {
    let question = [STACK_REGISTER, lo, hi, 0, 0, 0];
    let answer;
    // SAFETY: **no effect**; under valgrind the array is read.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            inlateout("rdx") 0usize => answer,
            in("rax") question.as_ptr(),
            inout("rdi") 0usize => _,
            options(nostack),
        );
    }
    answer
}

#[cfg(test)]
mod tests {
    extern crate std;

    #[test]
    fn without_valgrind_nothing_happens() {
        let under_valgrind = std::env::var_os("VALGRIND_LIB").is_some();
        assert!(super::stack_register(0x1000, 0x2000) == 0 || under_valgrind);
    }
}
