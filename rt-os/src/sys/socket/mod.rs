//! Sockets: socket(2) and its kin. All are closed at exec. Whoever sends or receives never blocks,
//! whatever the file says; who accepts or connects does unless it says O_NONBLOCK.
//!
//! # Safety
//! - **buffers**: the kernel reads and writes at most the lengths it is given, in slices of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

mod address;
mod options;
mod transfer;

pub use address::{Address, UNIX_PATH_MAX};
pub use options::{
    Linger, Membership, error, get_int, get_linger, get_timeout_ns, join, leave, set_int,
    set_linger, set_timeout_ns,
};
pub use transfer::{
    MAX_SLICES, Received, Slices, receive, receive_from, receive_slices, receive_whole, send,
    send_slices,
};

use rt_asm::syscall::{syscall2, syscall3, syscall4};

use crate::errno::Errno;
use crate::sys::file::Fd;

/// What kind of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// Bytes, in order.
    Stream = libc::SOCK_STREAM,
    /// Messages, each for itself.
    Datagram = libc::SOCK_DGRAM,
}

/// Which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Family {
    /// Paths and names on this machine.
    Unix = libc::AF_UNIX,
    /// IPv4.
    V4 = libc::AF_INET,
    /// IPv6.
    V6 = libc::AF_INET6,
}

/// Which direction to end. shutdown(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Shutdown {
    /// What comes in.
    Read = libc::SHUT_RD,
    /// What goes out.
    Write = libc::SHUT_WR,
    /// Both.
    Both = libc::SHUT_RDWR,
}

/// Makes a socket. `blocks`: connect and accept wait.
///
/// # Errors
/// socket(2): EMFILE, ENFILE, ENOBUFS, EAFNOSUPPORT, EACCES.
pub fn socket(family: Family, kind: Kind, blocks: bool) -> Result<Fd, Errno> {
    let flags = libc::SOCK_CLOEXEC | if blocks { 0 } else { libc::SOCK_NONBLOCK };
    let (family, kind) = (family as usize, (kind as i32 | flags) as usize);
    // SAFETY: touches no memory.
    fd_of(unsafe { syscall3(libc::SYS_socket as usize, family, kind, 0) })
}

/// Makes two sockets that are connected with each other.
///
/// # Errors
/// socketpair(2).
pub fn pair(kind: Kind) -> Result<(Fd, Fd), Errno> {
    let mut both = [0 as Fd; 2];
    let (number, at) = (libc::SYS_socketpair as usize, both.as_mut_ptr() as usize);
    let (family, kind) = (Family::Unix as usize, (kind as i32 | libc::SOCK_CLOEXEC) as usize);
    // SAFETY: **buffers**: two of ours.
    Errno::check(unsafe { syscall4(number, family, kind, 0, at) })?;
    Ok((both[0], both[1]))
}

fn fd_of(ret: isize) -> Result<Fd, Errno> {
    Errno::check(ret).map(|fd| fd as Fd)
}

/// Gives it an address.
///
/// # Errors
/// bind(2): EADDRINUSE, EADDRNOTAVAIL, EACCES, and what a path may bring.
pub fn bind(fd: Fd, address: &Address) -> Result<(), Errno> {
    let (at, len) = address.parts();
    // SAFETY: **buffers**: only read.
    done(unsafe { syscall3(libc::SYS_bind as usize, fd as usize, at, len) })
}

fn done(ret: isize) -> Result<(), Errno> {
    Errno::check(ret).map(drop)
}

/// Has it take connections, and keep so many until they are accepted.
///
/// # Errors
/// listen(2): EADDRINUSE.
pub fn listen(fd: Fd, backlog: i32) -> Result<(), Errno> {
    // SAFETY: touches no memory.
    done(unsafe { syscall2(libc::SYS_listen as usize, fd as usize, backlog as usize) })
}

/// Takes a connection, and who made it.
///
/// # Errors
/// accept4(2): EAGAIN when there is none.
pub fn accept(fd: Fd) -> Result<(Fd, Address), Errno> {
    let mut address = Address::empty();
    let number = libc::SYS_accept4 as usize;
    let connected = address.fill(|at, len| {
        // SAFETY: **buffers**: an address of ours.
        fd_of(unsafe { syscall4(number, fd as usize, at, len, libc::SOCK_CLOEXEC as usize) })
    })?;
    Ok((connected, address))
}

/// Connects it.
///
/// # Errors
/// connect(2): EINPROGRESS when it takes time; for a Unix socket EAGAIN when too many wait.
pub fn connect(fd: Fd, address: &Address) -> Result<(), Errno> {
    let (at, len) = address.parts();
    // SAFETY: **buffers**: only read.
    done(unsafe { syscall3(libc::SYS_connect as usize, fd as usize, at, len) })
}

/// Its own address.
///
/// # Errors
/// getsockname(2): EBADF, ENOTSOCK.
pub fn local_address(fd: Fd) -> Result<Address, Errno> {
    name_of(libc::SYS_getsockname, fd)
}

/// The address of the other side.
///
/// # Errors
/// getpeername(2): ENOTCONN.
pub fn peer_address(fd: Fd) -> Result<Address, Errno> {
    name_of(libc::SYS_getpeername, fd)
}

fn name_of(number: i64, fd: Fd) -> Result<Address, Errno> {
    let mut address = Address::empty();
    address.fill(|at, len| {
        // SAFETY: **buffers**: an address of ours.
        done(unsafe { syscall3(number as usize, fd as usize, at, len) })
    })?;
    Ok(address)
}

/// Ends a direction.
///
/// # Errors
/// shutdown(2): ENOTCONN.
pub fn shutdown(fd: Fd, how: Shutdown) -> Result<(), Errno> {
    // SAFETY: touches no memory.
    done(unsafe { syscall2(libc::SYS_shutdown as usize, fd as usize, how as usize) })
}
