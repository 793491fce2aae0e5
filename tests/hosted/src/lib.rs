//! What the hosted programs share.
#![deny(unsafe_code)]

/// Runs `f` in a goroutine.
pub fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    unchecked::run(f)
}

mod unchecked {
    //! # Safety
    //! - **contract**: no program here keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(super) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }
}

/// The program's first argument.
///
/// # Panics
/// Without one.
#[must_use]
pub fn first_argument() -> String {
    std::env::args().nth(1).expect("an argument says what to do")
}

/// Uses so many KiB of stack in frames of one KiB.
#[must_use]
pub fn use_stack_kib(kib: usize) -> usize {
    let frame = std::hint::black_box([kib as u8; 1024]);
    let below = if kib == 0 { 0 } else { use_stack_kib(kib - 1) };
    below + usize::from(std::hint::black_box(frame)[kib % 1024] == kib as u8)
}
