//! The stack that the kernel gave the first thread. Go: the bounds of g0 in `rt0_go`.
//!
//! g0's bounds are book-keeping: the kernel's stack is as large as its limit says, and the kernel
//! grows and guards it. The scheduler uses the part that is named here, and the boot checks that it
//! exists.

use core::fmt;

use crate::bounds::{Guards, Stack};

/// How much of the kernel's stack is g0's, in bytes.
pub const G0_BYTES: usize = 64 << 10;
/// What the seed leaves free at the low end, in bytes.
pub const SEED_SLACK_BYTES: usize = 104;
/// What lies above g0 on the kernel's stack and below it: vectors, signal frames, the kernel's gap.
const LIMIT_SLACK_BYTES: u64 = 16 << 10;

/// Where the low end lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum G0Layout {
    /// `hi - 64 KiB`: today's Go.
    #[default]
    Today,
    /// `hi - 64 KiB + 104`: the seed's; 65432 bytes.
    Seed,
}

/// g0's bounds and guards when the aligned stack pointer is `sp`.
#[must_use]
pub const fn bounds(sp: usize, layout: G0Layout) -> (Stack, Guards) {
    let lo = sp - G0_BYTES;
    let lo = match layout {
        G0Layout::Today => lo,
        G0Layout::Seed => lo + SEED_SLACK_BYTES,
    };
    let stack = Stack { lo, hi: sp };
    (stack, Guards::at_boot(stack))
}

/// The kernel's stack may not grow to what g0 needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall {
    /// RLIMIT_STACK, in bytes.
    pub limit_bytes: u64,
}

impl fmt::Display for TooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let need = G0_BYTES as u64 + LIMIT_SLACK_BYTES;
        write!(f, "RLIMIT_STACK is {} bytes, the scheduler needs {need}", self.limit_bytes)
    }
}

impl core::error::Error for TooSmall {}

/// Is the limit of the first thread's stack large enough? `None` is no known limit.
///
/// # Errors
/// [`TooSmall`].
pub const fn check_rlimit(soft_limit_bytes: Option<u64>) -> Result<(), TooSmall> {
    match soft_limit_bytes {
        Some(limit_bytes) if limit_bytes < G0_BYTES as u64 + LIMIT_SLACK_BYTES => {
            Err(TooSmall { limit_bytes })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn todays_and_the_seeds_bounds() {
        let (stack, guards) = bounds(0x20_0000, G0Layout::Today);
        assert_eq!((stack.hi, stack.size_bytes()), (0x20_0000, 65536));
        assert_eq!((guards.guard0, guards.guard1), (stack.lo, stack.lo));
        let (stack, guards) = bounds(0x20_0000, G0Layout::Seed);
        assert_eq!((stack.hi, stack.size_bytes()), (0x20_0000, 65432));
        assert_eq!((guards.guard0, guards.guard1), (stack.lo, stack.lo));
    }

    #[test]
    fn a_limit_is_refused_by_name() {
        assert_eq!(check_rlimit(None), Ok(()));
        assert_eq!(check_rlimit(Some(8 << 20)), Ok(()));
        assert_eq!(check_rlimit(Some(80 << 10)), Ok(()));
        let error = check_rlimit(Some(64 << 10)).unwrap_err();
        let text = std::format!("{error}");
        assert!(text.contains("RLIMIT_STACK is 65536 bytes") && text.contains("81920"), "{text}");
    }
}
