//! Bytes and messages over a socket, and its options.
//!
//! A short read of a stream has come to the end of what there was, and saves the call that would
//! say EAGAIN; but not where the kernel ends a read early, at something that came with the bytes
//! (`had_more`), nor after urgent data or an end, which the poller notes. A message says nothing of
//! the next one.

use core::task::Poll;

use rt_os::errno::Errno;
use rt_os::sys::file::{self, Fd};
use rt_os::sys::socket::{self, Address, Received};
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::Done;
use rt_sched::netpoll::task::Task;

use crate::socket::Socket;

#[inline]
fn write_to(fd: Fd, bytes: &[u8]) -> Result<Done<usize>, Errno> {
    let value = socket::send(fd, bytes, None)?;
    Ok(Done { value, is_drained: value < bytes.len() })
}

impl Socket {
    /// A read that asked for so much.
    #[inline]
    pub(crate) fn done(&self, received: Received, wanted: usize) -> Done<usize> {
        let Received { len, had_more } = received;
        let is_short = 0 < len && len < wanted;
        Done { value: len, is_drained: is_short && !had_more && self.is_stream() }
    }

    /// Receives bytes of a stream; 0 is the end.
    ///
    /// # Errors
    /// recv(2).
    #[inline]
    pub fn read(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.until_done(Direction::Read, |fd| self.read_from(fd, bytes))
    }

    /// As [`Socket::read`], for a task.
    ///
    /// # Errors
    /// recv(2); those of [`Socket::poll_done`].
    #[inline]
    pub fn poll_read(&self, task: Task<'_>, bytes: &mut [u8]) -> Poll<Result<usize, Errno>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_done(Direction::Read, task, |fd| self.read_from(fd, bytes))
    }

    #[inline]
    fn read_from(&self, fd: Fd, bytes: &mut [u8]) -> Result<Done<usize>, Errno> {
        let received = if self.has_marks() {
            socket::receive_whole(fd, bytes)?
        } else {
            Received { len: socket::receive(fd, bytes, false)?, had_more: false }
        };
        Ok(self.done(received, bytes.len()))
    }

    /// Sends bytes; returns how many were taken.
    ///
    /// # Errors
    /// send(2).
    #[inline]
    pub fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        self.until_done(Direction::Write, |fd| write_to(fd, bytes))
    }

    /// As [`Socket::write`], for a task.
    ///
    /// # Errors
    /// send(2); those of [`Socket::poll_done`].
    #[inline]
    pub fn poll_write(&self, task: Task<'_>, bytes: &[u8]) -> Poll<Result<usize, Errno>> {
        self.poll_done(Direction::Write, task, |fd| write_to(fd, bytes))
    }

    /// Sends up to `len` bytes of a file, from `offset` on; returns how many were taken. 0: the
    /// file ends there. From then on the socket's own file does not block, whoever else has it.
    ///
    /// # Errors
    /// sendfile(2): EPIPE, and SIGPIPE with it; EINVAL when the file is none.
    pub fn send_file(&self, file: Fd, offset: u64, len: usize) -> Result<usize, Errno> {
        self.prepare_for_files()?;
        // A short one may have met the end of the file: that says nothing of the socket.
        self.until_done(Direction::Write, |fd| {
            file::send_file(fd, file, offset, len).map(Done::more)
        })
    }

    /// Receives a message. `peeks` leaves it there, as it does with the bytes of a stream.
    ///
    /// # Errors
    /// recv(2).
    pub fn receive(&self, bytes: &mut [u8], peeks: bool) -> Result<usize, Errno> {
        self.until_done(Direction::Read, |fd| socket::receive(fd, bytes, peeks).map(Done::more))
    }

    /// Receives a message, and from whom.
    ///
    /// # Errors
    /// recvfrom(2).
    pub fn receive_from(&self, bytes: &mut [u8], peeks: bool) -> Result<(usize, Address), Errno> {
        self.until_done(Direction::Read, |fd| {
            socket::receive_from(fd, bytes, peeks).map(Done::more)
        })
    }

    /// Sends a message to where it is connected.
    ///
    /// # Errors
    /// send(2).
    pub fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        self.until_done(Direction::Write, |fd| socket::send(fd, bytes, None).map(Done::more))
    }

    /// Sets an option that is 0 or 1.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_flag(&self, level: i32, name: i32, is_on: bool) -> Result<(), Errno> {
        socket::set_int(self.fd(), level, name, i32::from(is_on))
    }

    /// An option that is 0 or 1.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn flag(&self, level: i32, name: i32) -> Result<bool, Errno> {
        Ok(socket::get_int(self.fd(), level, name)? != 0)
    }

    /// Sets an option that is a number.
    ///
    /// # Errors
    /// setsockopt(2); EINVAL when it is too large for an int.
    pub fn set_number(&self, level: i32, name: i32, value: u32) -> Result<(), Errno> {
        let value = i32::try_from(value).map_err(|_| Errno::EINVAL)?;
        socket::set_int(self.fd(), level, name, value)
    }

    /// An option that is a number.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn number(&self, level: i32, name: i32) -> Result<u32, Errno> {
        Ok(socket::get_int(self.fd(), level, name)? as u32)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use crate::tcp::{TcpListener, TcpStream};
    use rt_os::errno::Errno;
    use rt_os::sys::epoll::{is_nonblocking, set_nonblocking};
    use rt_os::sys::file::close;
    use rt_os::time::Instant;
    use std::os::fd::AsRawFd;
    use std::time::Duration;
    use std::vec::Vec;

    /// A clone may have the file block: who sends files sees to it that it does not.
    #[test]
    fn a_file_is_sent_beside_a_clone_that_blocks() {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_peer, _) = listener.accept().unwrap(); // reads nothing
        let clone = stream.try_clone().unwrap();
        stream.set_deadline(Some(Instant::now() + Duration::from_millis(20)));
        let error = loop {
            clone.set_nonblocking(false).unwrap();
            match stream.send_file(file.as_raw_fd(), 0, 1 << 16) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error, Errno::ETIMEDOUT);
    }

    #[test]
    fn a_file_is_sent_by_and_by() {
        let path = std::env::current_exe().unwrap();
        let (file, bytes) = (std::fs::File::open(&path).unwrap(), std::fs::read(&path).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let reader = std::thread::spawn(move || {
            let (mut all, mut some) = (Vec::new(), std::vec![0; 1 << 16]);
            while let Ok(len @ 1..) = peer.read(&mut some) {
                all.extend_from_slice(&some[..len]);
            }
            all
        });
        let mut sent = 0;
        while sent < bytes.len() {
            let len = bytes.len() - sent;
            sent += stream.send_file(file.as_raw_fd(), sent as u64, len).unwrap();
        }
        assert_eq!(stream.send_file(file.as_raw_fd(), sent as u64, 1), Ok(0));
        assert_eq!(stream.send_file(-1, 0, 1), Err(Errno::EBADF));
        let clone = stream.try_clone().unwrap();
        for stream in [stream, clone] {
            assert_eq!(is_nonblocking(stream.socket().fd()), Ok(true));
            let fd = stream.into_fd();
            assert_eq!(is_nonblocking(fd), Ok(false), "as others expect");
            set_nonblocking(fd, true).unwrap(); // as it was for the other
            close(fd);
        }
        assert!(reader.join().unwrap() == bytes);
    }
}
