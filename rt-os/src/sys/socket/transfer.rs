//! Bytes and messages: send(2), recv(2) and their kin. None of them ever blocks.
//!
//! # Safety
//! - **buffers**: the kernel reads and writes at most the lengths it is given, in slices of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

use rt_asm::syscall::{syscall3, syscall6};

use super::Address;
use crate::errno::Errno;
use crate::sys::file::Fd;

/// Not even on a file that blocks.
const NO_WAIT: i32 = libc::MSG_DONTWAIT;
/// A broken connection is an error, not a signal.
const SEND_FLAGS: i32 = libc::MSG_NOSIGNAL | NO_WAIT;

/// One of several slices. readv(2)'s `struct iovec`, which std's `IoSlice` and `IoSliceMut` are.
pub type Slices<'a> = &'a [libc::iovec];

/// What was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// So many bytes; 0 is the end of a stream.
    pub len: usize,
    /// Something came with them that was dropped: descriptors, credentials, the kind of a record.
    /// The kernel ends a receive there, however many bytes are behind it.
    pub had_more: bool,
}

fn receive_flags(peeks: bool) -> usize {
    (NO_WAIT | if peeks { libc::MSG_PEEK } else { 0 }) as usize
}

/// Receives into `bytes`; 0 is the end of a stream. `peeks` leaves it there for the next.
///
/// # Errors
/// recv(2): EAGAIN when there is nothing.
#[inline]
pub fn receive(fd: Fd, bytes: &mut [u8], peeks: bool) -> Result<usize, Errno> {
    let (at, len) = (bytes.as_mut_ptr() as usize, bytes.len());
    let number = libc::SYS_recvfrom as usize;
    // SAFETY: **buffers**.
    Errno::check(unsafe { syscall6(number, fd as usize, at, len, receive_flags(peeks), 0, 0) })
}

/// As [`receive`], and says why it may have ended early.
///
/// # Errors
/// recvmsg(2).
pub fn receive_whole(fd: Fd, bytes: &mut [u8]) -> Result<Received, Errno> {
    let slice = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: **buffers**.
    unsafe { receive_slices(fd, &[slice]) }
}

/// As [`receive`], and from whom. A message that is longer than `bytes` is cut.
///
/// # Errors
/// recvfrom(2).
pub fn receive_from(fd: Fd, bytes: &mut [u8], peeks: bool) -> Result<(usize, Address), Errno> {
    let (at, size, flags) = (bytes.as_mut_ptr() as usize, bytes.len(), receive_flags(peeks));
    let mut address = Address::empty();
    let received = address.fill(|name, len| {
        let number = libc::SYS_recvfrom as usize;
        // SAFETY: **buffers**: a slice and an address of ours.
        Errno::check(unsafe { syscall6(number, fd as usize, at, size, flags, name, len) })
    })?;
    Ok((received, address))
}

/// Sends; returns how much was taken. To where it is connected, or to `address`.
///
/// # Errors
/// send(2), sendto(2): EAGAIN when there is no room, EPIPE when the other side has ended.
#[inline]
pub fn send(fd: Fd, bytes: &[u8], address: Option<&Address>) -> Result<usize, Errno> {
    let (name, len) = address.map_or((0, 0), Address::parts);
    let (at, size, flags) = (bytes.as_ptr() as usize, bytes.len(), SEND_FLAGS as usize);
    let number = libc::SYS_sendto as usize;
    // SAFETY: **buffers**: only read.
    Errno::check(unsafe { syscall6(number, fd as usize, at, size, flags, name, len) })
}

/// So many slices are taken in one call; the rest is left out.
pub const MAX_SLICES: usize = libc::UIO_MAXIOV as usize;

fn message(slices: Slices<'_>) -> libc::msghdr {
    // SAFETY: zero is a message without anything.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = slices.as_ptr().cast_mut();
    message.msg_iovlen = slices.len().min(MAX_SLICES);
    message
}

/// Receives into several slices, one after the other.
///
/// # Errors
/// recvmsg(2).
///
/// # Safety
/// **buffers**: what the slices name may be written.
pub unsafe fn receive_slices(fd: Fd, slices: Slices<'_>) -> Result<Received, Errno> {
    let mut message = message(slices);
    let (number, at) = (libc::SYS_recvmsg as usize, &raw mut message as usize);
    // SAFETY: the caller's; no address, and nothing beside the bytes, has a place in the message.
    let len = Errno::check(unsafe { syscall3(number, fd as usize, at, NO_WAIT as usize) })?;
    Ok(Received { len, had_more: message.msg_flags & libc::MSG_CTRUNC != 0 })
}

/// Sends several slices, one after the other.
///
/// # Errors
/// sendmsg(2), as for [`send`].
///
/// # Safety
/// **buffers**: what the slices name may be read.
pub unsafe fn send_slices(fd: Fd, slices: Slices<'_>) -> Result<usize, Errno> {
    let message = message(slices);
    let (number, at) = (libc::SYS_sendmsg as usize, &raw const message as usize);
    // SAFETY: the caller's; the message is read only.
    Errno::check(unsafe { syscall3(number, fd as usize, at, SEND_FLAGS as usize) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::file::close;
    use crate::sys::socket::{Kind, pair};

    #[test]
    fn nothing_blocks_on_a_file_that_blocks() {
        for kind in [Kind::Stream, Kind::Datagram] {
            let (one, other) = pair(kind).unwrap();
            let mut bytes = [0u8; 8];
            assert_eq!(receive(one, &mut bytes, false), Err(Errno::EAGAIN));
            assert_eq!(receive_whole(one, &mut bytes), Err(Errno::EAGAIN));
            assert_eq!(receive_from(one, &mut bytes, true).unwrap_err(), Errno::EAGAIN);
            assert_eq!(send(other, b"seven", None), Ok(5));
            assert_eq!(receive(one, &mut bytes, true), Ok(5));
            let whole = Received { len: 5, had_more: false };
            assert_eq!(receive_whole(one, &mut bytes), Ok(whole));
            while send(one, &[0; 4096], None).is_ok() {}
            assert_eq!(send(one, &[0; 4096], None), Err(Errno::EAGAIN));
            close(one);
            close(other);
        }
    }

    #[test]
    fn what_comes_with_the_bytes_is_told() {
        let (one, other) = pair(Kind::Stream).unwrap();
        super::super::set_int(one, libc::SOL_SOCKET, libc::SO_PASSCRED, 1).unwrap();
        assert_eq!(send(other, b"x", None), Ok(1));
        let whole = receive_whole(one, &mut [0; 8]);
        assert_eq!(whole, Ok(Received { len: 1, had_more: true }));
        close(one);
        close(other);
    }
}
