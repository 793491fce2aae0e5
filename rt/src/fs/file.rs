//! An open file. std: `File`.
//!
//! # Safety
//! - **owner**: the caller of `from_raw_fd` gives the descriptor away, as for std's.
#![allow(unsafe_code, reason = "**owner**: a descriptor is a number")]

use std::fmt;
use std::fs::{FileTimes, Metadata, Permissions, TryLockError};
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;
use std::time::SystemTime;

use super::OpenOptions;
use crate::blocking;

/// An open file, closed when it is dropped. std: `File`.
pub struct File(pub(super) std::fs::File);

impl File {
    /// Opens one that is there, to read from it.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens one to write to it; what was there goes, and it is made if it was not there.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes one that was not there, to read and to write.
    ///
    /// # Errors
    /// `AlreadyExists`; as [`OpenOptions::open`].
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// How to open one.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Waits until all of it is on the disk, what is known about it too.
    ///
    /// # Errors
    /// fsync(2).
    pub fn sync_all(&self) -> io::Result<()> {
        blocking(|| self.0.sync_all())
    }

    /// Waits until its bytes are on the disk.
    ///
    /// # Errors
    /// fdatasync(2).
    pub fn sync_data(&self) -> io::Result<()> {
        blocking(|| self.0.sync_data())
    }

    /// Waits until nobody else has a lock of the file, and takes it. flock(2).
    ///
    /// The lock goes with this handle and its clones, and ends with [`File::unlock`] or the last of
    /// them. Who waits keeps a thread; in a pinned runtime its P too, so there whoever has the lock
    /// must not be a neighbour.
    ///
    /// # Errors
    /// flock(2).
    pub fn lock(&self) -> io::Result<()> {
        blocking(|| self.0.lock())
    }

    /// As [`File::lock`], beside others that do the same.
    ///
    /// # Errors
    /// flock(2).
    pub fn lock_shared(&self) -> io::Result<()> {
        blocking(|| self.0.lock_shared())
    }

    /// Takes the lock if nobody has one.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has one; flock(2).
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.try_lock()
    }

    /// Takes the lock beside others if nobody has it alone.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has it alone; flock(2).
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        self.0.try_lock_shared()
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// flock(2).
    pub fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }

    /// Cuts it to `size` bytes, or fills it up with zeros.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be written to or is no such file; ftruncate(2).
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    /// What is known about it.
    ///
    /// # Errors
    /// statx(2).
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Another handle of the same open file: both share the place where they read and write.
    ///
    /// # Errors
    /// fcntl(2): too many open files.
    pub fn try_clone(&self) -> io::Result<File> {
        self.0.try_clone().map(File)
    }

    /// Changes who may use it.
    ///
    /// # Errors
    /// fchmod(2).
    pub fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.0.set_permissions(perm)
    }

    /// Changes when it was used and written.
    ///
    /// # Errors
    /// futimens(2).
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.0.set_times(times)
    }

    /// Changes when it was written.
    ///
    /// # Errors
    /// futimens(2).
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.0.set_modified(time)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A file is read and written, owned or shared.
macro_rules! streams {
    ($($file:ty),*) => {
        $(impl Read for $file {
            #[inline]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                (&self.0).read(buf)
            }

            #[inline]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                (&self.0).read_vectored(bufs)
            }

            fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
                blocking(|| (&self.0).read_to_end(buf))
            }

            fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
                blocking(|| (&self.0).read_to_string(buf))
            }
        }

        impl Write for $file {
            #[inline]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                (&self.0).write(buf)
            }

            #[inline]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                (&self.0).write_vectored(bufs)
            }

            /// Nothing is kept back.
            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Seek for $file {
            fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
                (&self.0).seek(pos)
            }

            fn stream_position(&mut self) -> io::Result<u64> {
                (&self.0).stream_position()
            }
        })*
    };
}

streams!(File, &File);

impl FileExt for File {
    #[inline]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    #[inline]
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(buf, offset)
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for File {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: **owner**.
        File(unsafe { std::fs::File::from_raw_fd(fd) })
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> File {
        File(file)
    }
}

impl From<File> for std::fs::File {
    fn from(file: File) -> std::fs::File {
        file.0
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File(fd.into())
    }
}

impl From<File> for OwnedFd {
    fn from(file: File) -> OwnedFd {
        file.0.into()
    }
}

impl From<File> for Stdio {
    fn from(file: File) -> Stdio {
        file.0.into()
    }
}
