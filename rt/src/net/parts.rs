//! What the kinds of sockets have in common.

/// What each of them can.
macro_rules! handles {
    () => {
        /// Another handle of the same socket.
        ///
        /// # Errors
        /// fcntl(2): too many open files.
        pub fn try_clone(&self) -> io::Result<Self> {
            self.0.try_clone().map(Self).map_err(io_error)
        }

        /// Has calls say `WouldBlock` where they would wait, or wait again.
        ///
        /// # Errors
        /// ioctl(2).
        pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
            self.0.set_nonblocking(nonblocking).map_err(io_error)
        }

        /// The error that has come since the last look.
        ///
        /// # Errors
        /// getsockopt(2).
        pub fn take_error(&self) -> io::Result<Option<io::Error>> {
            Ok(self.0.take_error().map_err(io_error)?.map(io_error))
        }

        /// Ends it for all who have it: their calls fail with EBADF, also those under way, and the
        /// other side sees the end, unless there are clones. The descriptor is closed with the last
        /// reference. Go: `Close`.
        ///
        /// # Errors
        /// EBADF when it was closed before.
        pub fn close(&self) -> io::Result<()> {
            self.0.close().map_err(io_error)
        }

        /// From `when` on all calls fail with `TimedOut`, also those under way; `None`: never. Go:
        /// `SetDeadline`.
        pub fn set_deadline(&self, when: Option<Instant>) {
            self.0.set_deadline(when.map(instant));
        }
    };
}

/// Of those that send and receive.
macro_rules! timeouts {
    () => {
        /// How long a read may take; `None`: as long as it likes.
        ///
        /// # Errors
        /// None; std's has some.
        pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
            self.0.read_timeout().map_err(io_error)
        }

        /// How long a write may take; `None`: as long as it likes.
        ///
        /// # Errors
        /// None; std's has some.
        pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
            self.0.write_timeout().map_err(io_error)
        }

        /// Sets how long a read may take: `TimedOut` after that.
        ///
        /// # Errors
        /// `InvalidInput` for a time of zero.
        pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
            self.0.set_read_timeout(timeout).map_err(io_error)
        }

        /// Sets how long a write may take: `TimedOut` after that.
        ///
        /// # Errors
        /// `InvalidInput` for a time of zero.
        pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
            self.0.set_write_timeout(timeout).map_err(io_error)
        }

        /// From `when` on reads fail with `TimedOut`, also those under way; `None`: never. Go:
        /// `SetReadDeadline`.
        pub fn set_read_deadline(&self, when: Option<Instant>) {
            self.0.set_read_deadline(when.map(instant));
        }

        /// From `when` on writes fail with `TimedOut`, also those under way; `None`: never. Go:
        /// `SetWriteDeadline`.
        pub fn set_write_deadline(&self, when: Option<Instant>) {
            self.0.set_write_deadline(when.map(instant));
        }
    };
}

/// A stream is read and written, owned or shared.
macro_rules! streams {
    ($($stream:ty),*) => {
        $(impl Read for $stream {
            #[inline]
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.0.read(bytes).map_err(io_error)
            }

            #[inline]
            fn read_vectored(&mut self, bytes: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.0.read_vectored(slices_mut(bytes)).map_err(io_error)
            }
        }

        impl Write for $stream {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.write(bytes).map_err(io_error)
            }

            #[inline]
            fn write_vectored(&mut self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
                self.0.write_vectored(slices(bytes)).map_err(io_error)
            }

            /// Nothing is kept back.
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        })*
    };
}

/// What a stream offers to futures.
macro_rules! polled {
    () => {
        /// Reads, or has the context's waker called when there may be something to read. One future
        /// at a time should read so: the last one is woken. Timeouts are not looked at, and a
        /// deadline wakes nobody.
        ///
        /// # Errors
        /// recv(2); `TimedOut` from a deadline on; epoll_ctl(2).
        ///
        /// # Panics
        /// When the runtime is not started.
        #[inline]
        pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            polled_by(cx, |task| self.0.socket().poll_read(task, buf))
        }

        /// Writes, or has the context's waker called when there may be room. As for
        /// [`Self::poll_read`].
        ///
        /// # Errors
        /// send(2); `TimedOut` from a deadline on; epoll_ctl(2).
        ///
        /// # Panics
        /// When the runtime is not started.
        #[inline]
        pub fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            polled_by(cx, |task| self.0.socket().poll_write(task, buf))
        }

        /// As [`Self::poll_write`], of several slices.
        ///
        /// # Errors
        /// As for [`Self::poll_write`].
        ///
        /// # Panics
        /// When the runtime is not started.
        #[inline]
        pub fn poll_write_vectored(
            &self,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            polled_by(cx, |task| self.0.socket().poll_write_vectored(task, slices(bufs)))
        }
    };
}

/// A listener's iterator.
macro_rules! incoming {
    ($listener:ident, $stream:ident) => {
        /// The connections that a listener takes, without an end.
        #[derive(Debug)]
        #[must_use = "iterators are lazy: connections are taken by `next`"]
        pub struct Incoming<'a>(&'a $listener);

        impl Iterator for Incoming<'_> {
            type Item = io::Result<$stream>;

            fn next(&mut self) -> Option<io::Result<$stream>> {
                Some(self.0.accept().map(|(stream, _)| stream))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (usize::MAX, None)
            }
        }

        impl std::iter::FusedIterator for Incoming<'_> {}
    };
}

pub(crate) use {handles, incoming, polled, streams, timeouts};
