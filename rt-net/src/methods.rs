//! What all kinds of sockets have in common: the methods that are
//! [`Socket`](crate::socket::Socket)'s.

/// Of every kind.
macro_rules! of_sockets {
    () => {
        /// What it is made of.
        #[must_use]
        pub fn socket(&self) -> &Socket {
            &self.0
        }

        /// Gives the descriptor away, which blocks as others expect.
        #[must_use]
        pub fn into_fd(self) -> Fd {
            self.0.into_fd()
        }

        /// Another descriptor of the same socket, with the same timeouts.
        ///
        /// # Errors
        /// EMFILE.
        pub fn try_clone(&self) -> Result<Self, Errno> {
            self.0.try_clone().map(Self)
        }

        /// Has calls say EAGAIN where they would wait, or wait again.
        ///
        /// # Errors
        /// EBADF.
        pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
            self.0.set_nonblocking(nonblocking)
        }

        /// The error that has come since the last look. SO_ERROR.
        ///
        /// # Errors
        /// getsockopt(2).
        pub fn take_error(&self) -> Result<Option<Errno>, Errno> {
            self.0.take_error()
        }

        /// Ends it for all who have it: their calls fail with EBADF, also those under way, and the
        /// other side sees the end, unless there are clones. The descriptor is closed with the last
        /// reference. Go: `Close`.
        ///
        /// # Errors
        /// EBADF when it was closed before.
        pub fn close(&self) -> Result<(), Errno> {
            self.0.close()
        }

        /// From `when` on all calls fail with ETIMEDOUT, also those under way; `None`: never. Go:
        /// `SetDeadline`.
        pub fn set_deadline(&self, when: Option<Instant>) {
            self.0.set_deadline(Direction::Read, when);
            self.0.set_deadline(Direction::Write, when);
        }
    };
}

/// Of those that send and receive.
macro_rules! of_connections {
    () => {
        /// One from elsewhere. It has the timeouts, and does or does not wait, as its file says. A
        /// descriptor of something else makes its calls fail.
        #[must_use]
        pub fn from_fd(fd: Fd) -> Self {
            Self(Socket::from_fd(fd))
        }

        /// Ends a direction. Calls that wait see it.
        ///
        /// # Errors
        /// ENOTCONN.
        pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
            self.0.shutdown(how)
        }

        timeouts!();
    };
}

/// Timeouts and deadlines of both directions.
macro_rules! timeouts {
    () => {
        /// How long a read may take; `None`: as long as it likes.
        ///
        /// # Errors
        /// None; std's has some.
        pub fn read_timeout(&self) -> Result<Option<Duration>, Errno> {
            Ok(self.0.timeout_of(Direction::Read))
        }

        /// How long a write may take; `None`: as long as it likes.
        ///
        /// # Errors
        /// None; std's has some.
        pub fn write_timeout(&self) -> Result<Option<Duration>, Errno> {
            Ok(self.0.timeout_of(Direction::Write))
        }

        /// Sets how long a read may take: ETIMEDOUT after that.
        ///
        /// # Errors
        /// EINVAL for a time of zero.
        pub fn set_read_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
            self.0.set_timeout(Direction::Read, timeout)
        }

        /// Sets how long a write may take: ETIMEDOUT after that.
        ///
        /// # Errors
        /// EINVAL for a time of zero.
        pub fn set_write_timeout(&self, timeout: Option<Duration>) -> Result<(), Errno> {
            self.0.set_timeout(Direction::Write, timeout)
        }

        /// From `when` on reads fail with ETIMEDOUT, also those under way; `None`: never. Go:
        /// `SetReadDeadline`.
        pub fn set_read_deadline(&self, when: Option<Instant>) {
            self.0.set_deadline(Direction::Read, when);
        }

        /// From `when` on writes fail with ETIMEDOUT, also those under way; `None`: never. Go:
        /// `SetWriteDeadline`.
        pub fn set_write_deadline(&self, when: Option<Instant>) {
            self.0.set_deadline(Direction::Write, when);
        }
    };
}

/// Of streams of bytes.
macro_rules! of_streams {
    () => {
        /// Receives; 0 is the end.
        ///
        /// # Errors
        /// recv(2); ETIMEDOUT.
        #[inline]
        pub fn read(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
            self.0.read(bytes)
        }

        /// Receives into several slices, one after the other.
        ///
        /// # Errors
        /// recvmsg(2); ETIMEDOUT.
        pub fn read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
            self.0.read_vectored(slices)
        }

        /// Looks at what comes next, and leaves it there.
        ///
        /// # Errors
        /// recv(2); ETIMEDOUT.
        pub fn peek(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
            self.0.receive(bytes, true)
        }

        /// Sends; returns how much was taken.
        ///
        /// # Errors
        /// send(2): EPIPE; ETIMEDOUT.
        #[inline]
        pub fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
            self.0.write(bytes)
        }

        /// Sends several slices, one after the other; returns how much was taken.
        ///
        /// # Errors
        /// sendmsg(2): EPIPE; ETIMEDOUT.
        pub fn write_vectored(&self, slices: &[IoSlice<'_>]) -> Result<usize, Errno> {
            self.0.write_vectored(slices)
        }

        /// Sends up to `len` bytes of a file, from `offset` on; returns how many were taken. 0: the
        /// file ends there. sendfile(2).
        ///
        /// # Errors
        /// EPIPE, and SIGPIPE with it; EINVAL when the file is none; ETIMEDOUT.
        pub fn send_file(&self, file: Fd, offset: u64, len: usize) -> Result<usize, Errno> {
            self.0.send_file(file, offset, len)
        }

        /// Sends all.
        ///
        /// # Errors
        /// As for `write`; some of it may have been sent.
        pub fn write_all(&self, mut bytes: &[u8]) -> Result<(), Errno> {
            while !bytes.is_empty() {
                let taken = self.write(bytes)?;
                bytes = &bytes[taken..];
            }
            Ok(())
        }
    };
}

/// Of those that take connections.
macro_rules! of_listeners {
    () => {
        /// One from elsewhere. From now on its file never blocks.
        #[must_use]
        pub fn from_fd(fd: Fd) -> Self {
            Self(Socket::listener_from_fd(fd))
        }

        /// The connections, one after the other, without an end.
        pub fn incoming(&self) -> Incoming<'_> {
            Incoming(self)
        }
    };
}

/// The iterator that is named by both kinds of listeners.
macro_rules! incoming {
    ($listener:ident, $stream:ident) => {
        /// The connections that a listener takes, without an end.
        #[derive(Debug)]
        #[must_use = "connections are taken by `next`"]
        pub struct Incoming<'a>(&'a $listener);

        impl Iterator for Incoming<'_> {
            type Item = Result<$stream, Errno>;

            fn next(&mut self) -> Option<Self::Item> {
                Some(self.0.accept().map(|(stream, _)| stream))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (usize::MAX, None)
            }
        }

        impl core::iter::FusedIterator for Incoming<'_> {}

        impl<'a> IntoIterator for &'a $listener {
            type Item = Result<$stream, Errno>;
            type IntoIter = Incoming<'a>;

            fn into_iter(self) -> Incoming<'a> {
                self.incoming()
            }
        }
    };
}

pub(crate) use {incoming, of_connections, of_listeners, of_sockets, of_streams, timeouts};
