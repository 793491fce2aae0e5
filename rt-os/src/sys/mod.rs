//! System calls, by what they are about.

pub mod clock;
pub mod dir;
pub mod epoll;
pub mod file;
pub mod futex;
pub mod mem;
pub mod process;
pub mod signal;
pub mod socket;
pub mod thread;
mod vdso;
