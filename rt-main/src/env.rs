//! The command line and the environment. std: `std::env`; here bytes, as the kernel gave them.
//!
//! # Safety
//! - **booted**: user code runs after the boot has stored the arguments.
#![allow(unsafe_code, reason = "**booted**: reads a boot static")]

use core::ffi::CStr;

use rt_os::args::Args;

fn boot_args() -> Args {
    // SAFETY: **booted**.
    *unsafe { crate::rt0::ARGS.get() }
}

/// The arguments, the program's name first. Go: `os.Args`.
pub fn args() -> impl ExactSizeIterator<Item = &'static CStr> {
    boot_args().args()
}

/// The environment, entry by entry, as `NAME=value`.
pub fn vars() -> impl Iterator<Item = &'static CStr> {
    boot_args().env()
}

/// The value of a variable. Go: `gogetenv`.
#[must_use]
pub fn var(name: &str) -> Option<&'static [u8]> {
    boot_args().getenv(name.as_bytes())
}
