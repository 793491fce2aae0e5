//! Pipes within the program, or to its children. std: `io::pipe`, `PipeReader`, `PipeWriter`.
//!
//! # Safety
//! - **owner**: the caller of `from_raw_fd` gives the descriptor away, as for std's.
#![allow(unsafe_code, reason = "**owner**: a descriptor is a number")]

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Stdio;

use super::end::{End, ends};

/// The end that is read. std: `PipeReader`.
#[derive(Debug)]
pub struct PipeReader(End);

/// The end that is written. std: `PipeWriter`.
#[derive(Debug)]
pub struct PipeWriter(End);

/// A pipe: what is written to one end is read at the other. Calls that wait park the goroutine.
///
/// ```
/// use std::io::{Read, Write};
///
/// # // SAFETY: nothing here keeps a thread-local.
/// # unsafe {
/// # rt::run(|| {
/// let (mut reader, mut writer) = rt::io::pipe()?;
/// rt::go(move || writer.write_all(b"hello").unwrap());
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// # })
/// # }.unwrap();
/// ```
///
/// # Errors
/// pipe2(2): too many open files.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

macro_rules! both {
    ($($end:ident),*) => {
        $(impl $end {
            /// Another handle of this end, which the other side sees end with the last of them.
            /// When one of them goes to a child, the others block their threads from then on.
            ///
            /// # Errors
            /// fcntl(2): too many open files.
            pub fn try_clone(&self) -> io::Result<$end> {
                self.0.try_clone().map($end)
            }
        }

        impl FromRawFd for $end {
            unsafe fn from_raw_fd(fd: RawFd) -> $end {
                // SAFETY: **owner**.
                $end::from(unsafe { OwnedFd::from_raw_fd(fd) })
            }
        })*
    };
}

both!(PipeReader, PipeWriter);
ends!(read PipeReader, &PipeReader);
ends!(write PipeWriter, &PipeWriter);
ends!(descriptors PipeReader: io::PipeReader, PipeWriter: io::PipeWriter);
