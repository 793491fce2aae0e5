//! Files. std: `std::fs`, name for name; a file becomes std's by `into`, and std's ours.
//!
//! ```
//! use rt::fs::{self, File};
//! use std::io::Write;
//!
//! # fn main() -> std::io::Result<()> {
//! # let path = std::env::temp_dir().join(format!("rt-doc-{}", std::process::id()));
//! // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
//! unsafe {
//!     rt::run(|| {
//!         let mut file = File::create(&path)?;
//!         file.write_all(b"hello")?;
//!         file.sync_all()?; // others go on meanwhile
//!         assert_eq!(fs::read_to_string(&path)?, "hello");
//!         fs::remove_file(&path)
//!     })
//! }
//! # }
//! ```
//!
//! Linux has no way to wait for a file: each call keeps its thread. Two sorts of calls differ in
//! when others get the P.
//!
//! - **Announced** ([`rt::blocking`](crate::blocking)): what may take long whatever lies in memory.
//!   Opening, which waits at a FIFO; whole files ([`read`], [`read_to_string`], [`write()`],
//!   [`copy`], `read_to_end`); [`remove_dir_all`]; `sync_all` and `sync_data`; `lock` and
//!   `lock_shared`. If others wait, the P goes to them after 20 µs. Beside an open the announcement
//!   cannot be measured.
//! - **Plain**: all else, which is mostly over in less. A read of 4 KiB from memory takes 370 ns,
//!   and would take 10 to 30 ns more. Where others wait, sysmon would look often: of a program that
//!   reads 64 KiB at a time the CPU time rose by a quarter. A plain call that does block, on a slow
//!   disk say, loses its P all the same, when sysmon sees that its thread sleeps.
//!
//! What does not differ from std's is std's own item.

mod file;
mod options;

use std::io;
use std::path::Path;

pub use file::File;
pub use options::OpenOptions;
pub use std::fs::*;

use crate::blocking;

/// The bytes of a whole file.
///
/// # Errors
/// open(2), read(2).
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    blocking(|| std::fs::read(path))
}

/// The text of a whole file.
///
/// # Errors
/// open(2), read(2); `InvalidData` when it is not UTF-8.
pub fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    let path = path.as_ref();
    blocking(|| std::fs::read_to_string(path))
}

/// Makes these bytes the whole of a file, which is created if it is not there.
///
/// # Errors
/// open(2), write(2).
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    blocking(|| std::fs::write(path, contents))
}

/// Copies the bytes and the permissions of one file to another; returns how many bytes.
///
/// # Errors
/// As opening, reading and writing them; `InvalidInput` when `from` is no regular file.
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    let (from, to) = (from.as_ref(), to.as_ref());
    blocking(|| std::fs::copy(from, to))
}

/// Removes a folder and all that is in it. It follows no symbolic link.
///
/// # Errors
/// unlinkat(2), `NotFound`; what was removed by then is gone.
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    blocking(|| std::fs::remove_dir_all(path))
}
