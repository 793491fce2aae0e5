//! Unix. std: `std::os::unix`.

pub mod fs;
pub mod net;
pub mod process;

pub use std::os::unix::{ffi, io};
