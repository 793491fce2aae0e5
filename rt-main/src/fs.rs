//! Files, by descriptor. Each call blocks the thread for its time.

pub use rt_os::errno::Errno;
pub use rt_os::sys::dir::{Entries, Entry, read_entries};
pub use rt_os::sys::file::{Fd, Kind, Stat, close, fstat, pread, read, write, write_all};

use core::ffi::CStr;

/// Opens a file for reading.
///
/// # Errors
/// open(2).
pub fn open(path: &CStr) -> Result<Fd, Errno> {
    rt_os::sys::file::open(path, rt_os::sys::file::READ_ONLY)
}

/// Opens a folder, for [`open_below`] and [`read_entries`].
///
/// # Errors
/// open(2): ENOTDIR.
pub fn open_folder(path: &CStr) -> Result<Fd, Errno> {
    rt_os::sys::file::open(path, rt_os::sys::dir::FOLDER)
}

/// Opens whatever is at `path` below the folder `root`, for reading, and never anything else:
/// neither `..` nor a link leads out. A pipe is opened without waiting for its other end.
///
/// # Errors
/// As [`rt_os::sys::dir::open_below`].
pub fn open_below(root: Fd, path: &CStr) -> Result<Fd, Errno> {
    rt_os::sys::dir::open_below(root, path, rt_os::sys::dir::ANYTHING)
}
