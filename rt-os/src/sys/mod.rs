//! System calls, by what they are about.

pub mod clock;
pub mod file;
pub mod futex;
pub mod mem;
pub mod signal;
pub mod thread;
mod vdso;
