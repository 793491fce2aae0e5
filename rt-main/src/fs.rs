//! Files, by descriptor. Each call blocks the thread for its time.

pub use rt_os::errno::Errno;
pub use rt_os::sys::file::{Fd, Kind, Stat, close, fstat, pread, read, write, write_all};

use core::ffi::CStr;

/// Opens a file for reading.
///
/// # Errors
/// open(2).
pub fn open(path: &CStr) -> Result<Fd, Errno> {
    rt_os::sys::file::open(path, rt_os::sys::file::READ_ONLY)
}
