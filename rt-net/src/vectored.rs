//! Several slices in one call.
//!
//! # Safety
//! - **same form**: an [`IoSlice`] or [`IoSliceMut`] is the kernel's `struct iovec`, and what it
//!   names is borrowed as long as it is.
#![allow(unsafe_code, reason = "**same form**: slices for the kernel")]

use core::marker::PhantomData;
use core::task::Poll;

use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Slices};
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::Done;
use rt_sched::netpoll::task::Task;

use crate::socket::Socket;

/// A slice to send. std: `IoSlice`, which has the same form.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct IoSlice<'a>(libc::iovec, PhantomData<&'a [u8]>);

/// A slice to receive into. std: `IoSliceMut`, which has the same form.
#[derive(Debug)]
#[repr(transparent)]
pub struct IoSliceMut<'a>(libc::iovec, PhantomData<&'a mut [u8]>);

impl<'a> IoSlice<'a> {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> IoSlice<'a> {
        let iov_base = bytes.as_ptr().cast_mut().cast();
        IoSlice(libc::iovec { iov_base, iov_len: bytes.len() }, PhantomData)
    }
}

impl<'a> IoSliceMut<'a> {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: &'a mut [u8]) -> IoSliceMut<'a> {
        let iov_base = bytes.as_mut_ptr().cast();
        IoSliceMut(libc::iovec { iov_base, iov_len: bytes.len() }, PhantomData)
    }
}

// SAFETY: **same form**: as `&[u8]`.
unsafe impl Send for IoSlice<'_> {}
// SAFETY: as above.
unsafe impl Sync for IoSlice<'_> {}
// SAFETY: **same form**: as `&mut [u8]`.
unsafe impl Send for IoSliceMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for IoSliceMut<'_> {}

/// How much one call asks for.
fn length(slices: Slices<'_>) -> usize {
    let taken = slices.iter().take(socket::MAX_SLICES);
    taken.fold(0, |sum, slice| sum.saturating_add(slice.iov_len))
}

fn write_to(fd: Fd, slices: &[IoSlice<'_>]) -> Result<Done<usize>, Errno> {
    let (at, count) = (slices.as_ptr().cast(), slices.len());
    // SAFETY: **same form**.
    let slices: Slices<'_> = unsafe { core::slice::from_raw_parts(at, count) };
    // SAFETY: **same form**: borrowed by the caller.
    let value = unsafe { socket::send_slices(fd, slices)? };
    Ok(Done { value, is_drained: value < length(slices) })
}

impl Socket {
    /// Receives bytes of a stream into several slices, one after the other; 0 is the end.
    ///
    /// # Errors
    /// recvmsg(2).
    pub fn read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        let (at, count) = (slices.as_ptr().cast(), slices.len());
        // SAFETY: **same form**.
        let slices: Slices<'_> = unsafe { core::slice::from_raw_parts(at, count) };
        let wanted = length(slices);
        if wanted == 0 {
            return Ok(0);
        }
        self.until_done(Direction::Read, |fd| {
            // SAFETY: **same form**: borrowed by the caller, for us alone.
            let received = unsafe { socket::receive_slices(fd, slices)? };
            Ok(self.done(received, wanted))
        })
    }

    /// Sends several slices, one after the other; returns how much was taken.
    ///
    /// # Errors
    /// sendmsg(2).
    pub fn write_vectored(&self, slices: &[IoSlice<'_>]) -> Result<usize, Errno> {
        self.until_done(Direction::Write, |fd| write_to(fd, slices))
    }

    /// As [`Socket::write_vectored`], for a task.
    ///
    /// # Errors
    /// sendmsg(2); those of [`Socket::poll_done`].
    pub fn poll_write_vectored(
        &self,
        task: Task<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Errno>> {
        self.poll_done(Direction::Write, task, |fd| write_to(fd, slices))
    }
}
