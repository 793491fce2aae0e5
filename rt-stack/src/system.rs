//! The stacks of a thread that the runtime clones: g0's and the signal handlers'. Go: `malg` for
//! `m.g0` and `m.gsignal`.
//!
//! ```text
//!   lo  | guard | gsignal | guard | g0 |  hi
//! ```
//!
//! # Safety
//! - **one mapping**: the range was mapped by [`MStacks::map`] and belongs to the value.
#![allow(unsafe_code, reason = "**one mapping**: unmaps by address")]

use rt_os::errno::Errno;
use rt_os::sys::mem::{self, Protection, Purpose};

use crate::bounds::Stack;

const PAGE: usize = 4096;
/// Bytes between the stacks that fault when touched.
const GUARD: usize = 4 * PAGE;
/// g0's stack in bytes. Go has 16 KiB; Rust's frames and unoptimised builds want more.
const G0: usize = 128 << 10;
/// The signal stack in bytes, at least. Go: 32 KiB.
const GSIGNAL_MIN: usize = 32 << 10;
/// What a handler needs beside the frame that the kernel puts there, in bytes.
const HANDLER: usize = 16 << 10;

/// Both stacks of one thread. They stay mapped until [`MStacks::unmap`].
#[derive(Clone, Copy, Debug)]
pub struct MStacks {
    /// Where the scheduler runs.
    pub g0: Stack,
    /// Where signal handlers run.
    pub gsignal: Stack,
    mapping: Stack,
}

impl MStacks {
    /// Maps both. `min_signal_stack_bytes` is AT_MINSIGSTKSZ: what the kernel puts there by itself.
    ///
    /// # Errors
    /// ENOMEM: mmap(2), mprotect(2).
    pub fn map(min_signal_stack_bytes: usize) -> Result<MStacks, Errno> {
        let gsignal = (min_signal_stack_bytes + HANDLER).max(GSIGNAL_MIN).next_multiple_of(PAGE);
        let len = GUARD + gsignal + GUARD + G0;
        let lo = mem::map(len, Protection::ReadWrite, Purpose::Stacks)?.as_ptr() as usize;
        let mapping = Stack { lo, hi: lo + len };
        let gsignal = Stack { lo: lo + GUARD, hi: lo + GUARD + gsignal };
        let g0 = Stack { lo: gsignal.hi + GUARD, hi: mapping.hi };
        let stacks = MStacks { g0, gsignal, mapping };
        for guard in [lo, gsignal.hi] {
            // SAFETY: **one mapping**: fresh, nobody uses it yet.
            if let Err(error) = unsafe { mem::protect(guard, GUARD, Protection::None) } {
                // SAFETY: as above.
                unsafe { stacks.unmap() };
                return Err(error);
            }
        }
        Ok(stacks)
    }

    /// Gives the mapping back.
    ///
    /// # Safety
    /// Nobody runs on either stack, nor ever will.
    pub unsafe fn unmap(self) {
        // SAFETY: **one mapping**, and the caller's.
        let result = unsafe { mem::unmap(self.mapping.lo, self.mapping.size_bytes()) };
        debug_assert_eq!(result, Ok(()));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::os::fd::AsRawFd;

    /// Does the kernel find memory there? It says EFAULT where a program would fault.
    fn readable(address: usize) -> bool {
        let (_reader, writer) = std::io::pipe().unwrap();
        let fd = writer.as_raw_fd() as usize;
        // SAFETY: write (1) reads one byte, if it can.
        unsafe { rt_asm::syscall::syscall3(1, fd, address, 1) == 1 }
    }

    #[test]
    fn stacks_between_guards() {
        let stacks = MStacks::map(3632).unwrap();
        assert!(stacks.gsignal.size_bytes() >= GSIGNAL_MIN && stacks.g0.size_bytes() == G0);
        for stack in [stacks.g0, stacks.gsignal] {
            assert!(readable(stack.lo) && readable(stack.hi - 1) && !readable(stack.lo - 1));
            // SAFETY: ours.
            unsafe { *(stack.lo as *mut u8) = 1 };
        }
        // SAFETY: nobody runs there.
        unsafe { stacks.unmap() };
        assert!(!readable(stacks.g0.lo));
        assert!(MStacks::map(64 << 10).unwrap().gsignal.size_bytes() >= 80 << 10);
    }
}
