//! The pipes to a child. std: `ChildStdin`, `ChildStdout`, `ChildStderr`.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Stdio;

use crate::io::end::{End, ends};

/// The pipe that a child reads from. Its end is seen when this is dropped. std: `ChildStdin`.
pub struct ChildStdin(End);

/// The pipe with what a child writes. std: `ChildStdout`.
pub struct ChildStdout(End);

/// The pipe with a child's errors. std: `ChildStderr`.
pub struct ChildStderr(End);

macro_rules! shown {
    ($($end:ident),*) => {
        $(impl fmt::Debug for $end {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($end)).finish_non_exhaustive()
            }
        })*
    };
}

shown!(ChildStdin, ChildStdout, ChildStderr);
ends!(read ChildStdout, ChildStderr);
ends!(write ChildStdin, &ChildStdin);
ends!(descriptors ChildStdin: std::process::ChildStdin, ChildStdout: std::process::ChildStdout,
    ChildStderr: std::process::ChildStderr);
