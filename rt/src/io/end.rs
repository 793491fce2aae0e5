//! An end of a pipe, whose calls park the goroutine.
//!
//! O_NONBLOCK belongs to the open file, and each end of a pipe is one: a child that has the other
//! end does not see it. Who gets this end from us gets it blocking.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rt_os::errno::Errno;
use rt_os::sys::epoll::set_nonblocking;
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::{Done, Pollable};

use crate::net::io_error;

/// One end.
#[derive(Debug)]
pub(crate) struct End {
    /// Gone when it was given away.
    file: Option<File>,
    pollable: Pollable,
    /// Its file never blocks. If not, it is its user's choice, or others have it too.
    parks: bool,
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

impl End {
    /// One that nobody else has: from now on its file never blocks.
    pub(crate) fn own(fd: OwnedFd) -> End {
        let parks = set_nonblocking(fd.as_raw_fd(), true).is_ok();
        End { file: Some(File::from(fd)), pollable: Pollable::new(), parks }
    }

    /// One whose file stays as it is: its calls block the thread.
    pub(crate) fn of(fd: OwnedFd) -> End {
        End { file: Some(File::from(fd)), pollable: Pollable::new(), parks: false }
    }

    fn file(&self) -> &File {
        self.file.as_ref().expect("who gives it away has it no more")
    }

    /// Its descriptor, for somebody who may make another one of it.
    pub(crate) fn lend(&self) -> &File {
        self.pollable.share();
        self.file()
    }

    /// Gives the descriptor away. Its file blocks from now on.
    pub(crate) fn into_fd(mut self) -> OwnedFd {
        let fd: OwnedFd = self.file.take().expect("it is given away once").into();
        self.pollable.forget(fd.as_raw_fd(), true);
        if self.parks {
            let _bad = set_nonblocking(fd.as_raw_fd(), false); // whoever uses it will be told
        }
        fd
    }

    /// Another descriptor of it.
    pub(crate) fn try_clone(&self) -> io::Result<End> {
        let file = self.lend().try_clone()?;
        let clone = End { file: Some(file), pollable: Pollable::new(), parks: self.parks };
        clone.pollable.share();
        Ok(clone)
    }

    /// Makes a call that moves some bytes, or none, which never waits.
    fn call(
        &self,
        direction: Direction,
        moves_some: bool,
        mut call: impl FnMut(&File) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let file = self.file();
        if !self.parks {
            return crate::blocking(|| call(file));
        }
        if !moves_some {
            return call(file);
        }
        let fd: RawFd = file.as_raw_fd();
        let call = || call(file).map(Done::more).map_err(|error| errno(&error));
        self.pollable.until_done(fd, direction, None, call).map_err(io_error)
    }

    pub(crate) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.call(Direction::Read, !buf.is_empty(), |mut file| file.read(buf))
    }

    pub(crate) fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let some = bufs.iter().any(|buf| !buf.is_empty());
        self.call(Direction::Read, some, |mut file| file.read_vectored(bufs))
    }

    pub(crate) fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.call(Direction::Write, !buf.is_empty(), |mut file| file.write(buf))
    }

    pub(crate) fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let some = bufs.iter().any(|buf| !buf.is_empty());
        self.call(Direction::Write, some, |mut file| file.write_vectored(bufs))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            self.pollable.forget(file.as_raw_fd(), false);
        }
    }
}

/// What each sort of an end is: read, or written, and a descriptor.
macro_rules! ends {
    (read $($end:ty),*) => {
        $(impl Read for $end {
            #[inline]
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.read(buf)
            }

            #[inline]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.0.read_vectored(bufs)
            }
        })*
    };
    (write $($end:ty),*) => {
        $(impl Write for $end {
            #[inline]
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.0.write(buf)
            }

            #[inline]
            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.0.write_vectored(bufs)
            }

            /// Nothing is kept back.
            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        })*
    };
    (descriptors $($end:ident: $std:ty),*) => {
        $(impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.0.lend().as_raw_fd()
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.lend().as_fd()
            }
        }

        impl IntoRawFd for $end {
            fn into_raw_fd(self) -> RawFd {
                self.0.into_fd().into_raw_fd()
            }
        }

        /// Its file stays as it is, so its calls block the thread, and others go on.
        impl From<OwnedFd> for $end {
            fn from(fd: OwnedFd) -> $end {
                $end(End::of(fd))
            }
        }

        impl From<$end> for OwnedFd {
            fn from(end: $end) -> OwnedFd {
                end.0.into_fd()
            }
        }

        /// Its file never blocks from now on, also for who has another descriptor of it.
        impl From<$std> for $end {
            fn from(end: $std) -> $end {
                $end(End::own(end.into()))
            }
        }

        impl From<$end> for $std {
            fn from(end: $end) -> $std {
                end.0.into_fd().into()
            }
        }

        impl From<$end> for Stdio {
            fn from(end: $end) -> Stdio {
                end.0.into_fd().into()
            }
        })*
    };
}

pub(crate) use ends;
