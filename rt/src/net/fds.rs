//! Sockets as descriptors, as std's sockets, and std's slices as ours.
//!
//! # Safety
//! - **owner**: a socket owns its descriptor, and gives it away once.
//! - **same form**: std's `IoSlice` and `IoSliceMut` are `struct iovec`, as std promises on Unix;
//!   so are rt-net's.
#![allow(unsafe_code, reason = "**owner**: descriptors are numbers")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use rt_net::{IoSlice, IoSliceMut};

use super::{TcpListener, TcpStream, UdpSocket};
use crate::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

/// std's slices, to be sent.
pub(crate) fn slices<'a, 'b>(slices: &'a [io::IoSlice<'b>]) -> &'a [IoSlice<'b>] {
    // SAFETY: **same form**.
    unsafe { std::slice::from_raw_parts(slices.as_ptr().cast(), slices.len()) }
}

/// std's slices, to receive into.
pub(crate) fn slices_mut<'a, 'b>(slices: &'a mut [io::IoSliceMut<'b>]) -> &'a mut [IoSliceMut<'b>] {
    // SAFETY: **same form**.
    unsafe { std::slice::from_raw_parts_mut(slices.as_mut_ptr().cast(), slices.len()) }
}

macro_rules! descriptors {
    ($($socket:ident: $ours:path, $std:path;)*) => {
        $(impl AsRawFd for $socket {
            /// From now on another may have the descriptor: its end costs one system call more.
            fn as_raw_fd(&self) -> RawFd {
                self.0.socket().lend_fd()
            }
        }

        impl AsFd for $socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                // SAFETY: **owner**: open while it is borrowed.
                unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
            }
        }

        impl IntoRawFd for $socket {
            fn into_raw_fd(self) -> RawFd {
                self.0.into_fd()
            }
        }

        impl FromRawFd for $socket {
            unsafe fn from_raw_fd(fd: RawFd) -> $socket {
                $socket(<$ours>::from_fd(fd))
            }
        }

        impl From<OwnedFd> for $socket {
            fn from(fd: OwnedFd) -> $socket {
                $socket(<$ours>::from_fd(fd.into_raw_fd()))
            }
        }

        impl From<$socket> for OwnedFd {
            fn from(socket: $socket) -> OwnedFd {
                // SAFETY: **owner**: given away.
                unsafe { OwnedFd::from_raw_fd(socket.into_raw_fd()) }
            }
        }

        impl From<$std> for $socket {
            fn from(socket: $std) -> $socket {
                $socket::from(OwnedFd::from(socket))
            }
        }

        impl From<$socket> for $std {
            fn from(socket: $socket) -> $std {
                <$std>::from(OwnedFd::from(socket))
            }
        })*
    };
}

descriptors! {
    TcpListener: rt_net::TcpListener, std::net::TcpListener;
    TcpStream: rt_net::TcpStream, std::net::TcpStream;
    UdpSocket: rt_net::UdpSocket, std::net::UdpSocket;
    UnixListener: rt_net::unix::UnixListener, std::os::unix::net::UnixListener;
    UnixStream: rt_net::unix::UnixStream, std::os::unix::net::UnixStream;
    UnixDatagram: rt_net::unix::UnixDatagram, std::os::unix::net::UnixDatagram;
}
