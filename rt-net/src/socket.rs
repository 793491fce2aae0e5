//! A socket that goroutines wait for: what all kinds have in common. Go: `internal/poll.FD`,
//! `net.netFD`.
//!
//! No call blocks its thread, whether the file says O_NONBLOCK or not: MSG_DONTWAIT says so. What
//! the file says is the user's choice, as in std: with it, calls say EAGAIN instead of waiting. The
//! files of listeners always have it, since accept(2) knows no such flag.

mod unreported;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::Poll;
use core::time::Duration;

use rt_os::errno::Errno;
use rt_os::sys::epoll::{is_nonblocking, set_nonblocking};
use rt_os::sys::file::{self, Fd};
use rt_os::sys::socket::{self, Address, Family, Kind, Shutdown};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::{Done, Pollable};
use rt_sched::netpoll::task::Task;

/// No timeout.
const NONE: u64 = 0;
/// What it is, for ever.
#[derive(Clone, Copy, Debug)]
struct Nature {
    /// It takes connections: its file never blocks.
    listens: bool,
    /// A receive may end before the end of what there is, where something came with the bytes.
    has_marks: bool,
    /// A receive does not end with a message.
    is_stream: bool,
}

impl Nature {
    fn of(family: Family) -> Nature {
        Nature { listens: false, has_marks: family == Family::Unix, is_stream: true }
    }

    /// What somebody else has made. Messages can be read as a stream is: std does so.
    fn of_fd(fd: Fd, listens: bool) -> Nature {
        let kind = socket::get_int(fd, libc::SOL_SOCKET, libc::SO_TYPE);
        let is_stream = kind == Ok(libc::SOCK_STREAM);
        Nature { listens, has_marks: !is_plain_tcp(fd), is_stream }
    }
}

/// Is it TCP with nothing above it, whose bytes nothing comes with?
fn is_plain_tcp(fd: Fd) -> bool {
    let is_tcp = socket::get_int(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL) == Ok(libc::IPPROTO_TCP);
    is_tcp && socket::get_int(fd, libc::IPPROTO_TCP, libc::TCP_ULP) == Ok(0)
}

/// A socket, closed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    fd: Fd,
    pollable: Pollable,
    nature: Nature,
    /// Calls say EAGAIN instead of waiting.
    says_would_block: AtomicBool,
    /// Somebody has had its descriptor, and may have changed what it is.
    may_have_marks: AtomicBool,
    /// There are, or were, others that `try_clone` made.
    has_clones: AtomicBool,
    /// It has sent a file: its own file does not block since then.
    sends_files: AtomicBool,
    /// How long a call may take, in ns.
    read_timeout_ns: AtomicU64,
    write_timeout_ns: AtomicU64,
}

fn ns_of(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Socket {
    /// A new one, for messages or for two ends of a pair.
    ///
    /// # Errors
    /// socket(2).
    pub fn new(family: Family, kind: Kind) -> Result<Socket, Errno> {
        Ok(Socket::of(socket::socket(family, kind, true)?, Nature::of(family)))
    }

    /// A new one that takes connections at `address`.
    ///
    /// # Errors
    /// socket(2), bind(2), listen(2).
    pub fn listening(family: Family, address: &Address, backlog: i32) -> Result<Socket, Errno> {
        let fd = socket::socket(family, Kind::Stream, false)?;
        let socket = Socket::of(fd, Nature { listens: true, ..Nature::of(family) });
        if family != Family::Unix {
            socket.set_flag(libc::SOL_SOCKET, libc::SO_REUSEADDR, true)?;
        }
        socket::bind(fd, address)?;
        socket::listen(fd, backlog)?;
        Ok(socket)
    }

    /// A new one that is connected with `address`, by the time of `timeout`.
    ///
    /// # Errors
    /// socket(2), connect(2); ETIMEDOUT.
    pub fn connected(
        family: Family,
        address: &Address,
        timeout: Option<Duration>,
    ) -> Result<Socket, Errno> {
        let fd = socket::socket(family, Kind::Stream, false)?;
        let socket = Socket::of(fd, Nature::of(family));
        socket.connect(address, timeout)?;
        set_nonblocking(fd, false)?;
        Ok(socket)
    }

    /// Two that are connected.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn pair(kind: Kind) -> Result<(Socket, Socket), Errno> {
        let (one, other) = socket::pair(kind)?;
        let nature = Nature::of(Family::Unix);
        Ok((Socket::of(one, nature), Socket::of(other, nature)))
    }

    fn of(fd: Fd, nature: Nature) -> Socket {
        Socket {
            fd,
            pollable: Pollable::new(),
            nature,
            says_would_block: AtomicBool::new(false),
            may_have_marks: AtomicBool::new(false),
            has_clones: AtomicBool::new(false),
            sends_files: AtomicBool::new(false),
            read_timeout_ns: AtomicU64::new(NONE),
            write_timeout_ns: AtomicU64::new(NONE),
        }
    }

    /// One from elsewhere, with its timeouts; it waits or does not, as its file says. A descriptor
    /// of something else makes the calls fail.
    #[must_use]
    pub fn from_fd(fd: Fd) -> Socket {
        let socket = Socket::of(fd, Nature::of_fd(fd, false));
        socket.pollable.share(); // another descriptor may lead to the same file
        let timeout = |name| socket::get_timeout_ns(fd, name).ok().flatten().unwrap_or(NONE);
        socket.read_timeout_ns.store(timeout(libc::SO_RCVTIMEO), Ordering::Relaxed);
        socket.write_timeout_ns.store(timeout(libc::SO_SNDTIMEO), Ordering::Relaxed);
        let says_so = is_nonblocking(fd).unwrap_or(false);
        socket.says_would_block.store(says_so, Ordering::Relaxed);
        socket
    }

    /// One from elsewhere that takes connections. From now on its file never blocks, whoever else
    /// has it; here it waits.
    #[must_use]
    pub fn listener_from_fd(fd: Fd) -> Socket {
        let socket = Socket::of(fd, Nature::of_fd(fd, true));
        socket.pollable.share();
        let _bad = set_nonblocking(fd, true); // the first call will tell
        socket
    }

    /// May a receive end before the end of what there is?
    #[inline]
    pub(crate) fn has_marks(&self) -> bool {
        self.nature.has_marks || self.may_have_marks.load(Ordering::Relaxed) // set by who lent it
    }

    /// Has a short read come to the end of what there was?
    #[inline]
    pub(crate) fn is_stream(&self) -> bool {
        self.nature.is_stream
    }

    /// Its descriptor.
    #[must_use]
    pub fn fd(&self) -> Fd {
        self.fd
    }

    /// Its descriptor, for somebody who may make another one of it, or put a protocol above it.
    #[must_use]
    pub fn lend_fd(&self) -> Fd {
        self.pollable.share();
        self.may_have_marks.store(true, Ordering::Relaxed); // before the caller has it
        self.fd
    }

    /// Gives the descriptor away. Who gets it expects that it blocks; but that of a listener which
    /// has clones never does, since they accept from the same file.
    #[must_use]
    pub fn into_fd(mut self) -> Fd {
        self.pollable.forget(self.fd, true);
        let blocks_again = match self.nature.listens {
            true => !*self.has_clones.get_mut(),
            false => *self.sends_files.get_mut(),
        };
        if blocks_again && !*self.says_would_block.get_mut() {
            let _bad = set_nonblocking(self.fd, false);
        }
        let fd = self.fd;
        core::mem::forget(self);
        fd
    }

    /// Another descriptor of the same socket, with the same timeouts.
    ///
    /// # Errors
    /// fcntl(2), F_DUPFD_CLOEXEC: EMFILE.
    pub fn try_clone(&self) -> Result<Socket, Errno> {
        let fd = file::duplicate(self.fd)?;
        let clone = Socket::of(fd, self.nature);
        for socket in [self, &clone] {
            socket.pollable.share();
            socket.has_clones.store(true, Ordering::Relaxed);
        }
        let copy = |to: &AtomicU64, from: &AtomicU64| {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        };
        copy(&clone.read_timeout_ns, &self.read_timeout_ns);
        copy(&clone.write_timeout_ns, &self.write_timeout_ns);
        let says_so = self.says_would_block.load(Ordering::Relaxed);
        clone.says_would_block.store(says_so, Ordering::Relaxed);
        clone.sends_files.store(self.sends_files.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(clone)
    }

    /// Has calls say EAGAIN where they would wait, or wait again. std: `set_nonblocking`.
    ///
    /// # Errors
    /// EBADF.
    pub fn set_nonblocking(&self, says_would_block: bool) -> Result<(), Errno> {
        if !self.nature.listens {
            set_nonblocking(self.fd, says_would_block)?;
            self.sends_files.store(false, Ordering::Relaxed);
        }
        self.says_would_block.store(says_would_block, Ordering::Relaxed);
        Ok(())
    }

    /// Has its file never block, for calls that know no MSG_DONTWAIT. A clone may have it block.
    pub(crate) fn prepare_for_files(&self) -> Result<(), Errno> {
        if !self.sends_files.load(Ordering::Relaxed) || self.has_clones.load(Ordering::Relaxed) {
            set_nonblocking(self.fd, true)?;
            self.sends_files.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn timeout(&self, direction: Direction) -> (&AtomicU64, i32) {
        match direction {
            Direction::Read => (&self.read_timeout_ns, libc::SO_RCVTIMEO),
            Direction::Write => (&self.write_timeout_ns, libc::SO_SNDTIMEO),
        }
    }

    /// How long a call of this direction may take. std: `set_read_timeout`, `set_write_timeout`.
    ///
    /// # Errors
    /// EINVAL for a time of zero; setsockopt(2).
    pub fn set_timeout(
        &self,
        direction: Direction,
        timeout: Option<Duration>,
    ) -> Result<(), Errno> {
        if timeout == Some(Duration::ZERO) {
            return Err(Errno::EINVAL);
        }
        let (word, name) = self.timeout(direction);
        let ns = timeout.map(ns_of);
        socket::set_timeout_ns(self.fd, name, ns)?; // who gets the descriptor later has it too
        word.store(ns.unwrap_or(NONE), Ordering::Relaxed);
        Ok(())
    }

    /// What [`Socket::set_timeout`] has set.
    #[must_use]
    pub fn timeout_of(&self, direction: Direction) -> Option<Duration> {
        let ns = self.timeout(direction).0.load(Ordering::Relaxed);
        (ns != NONE).then(|| Duration::from_nanos(ns))
    }

    /// When calls of this direction fail, also those under way. Go: `SetReadDeadline`,
    /// `SetWriteDeadline`.
    pub fn set_deadline(&self, direction: Direction, when: Option<Instant>) {
        self.pollable.set_deadline(direction, when.map(|when| when.ns()));
    }

    /// Has all calls fail with EBADF, also those under way; the other side sees the end, unless
    /// there are clones. The descriptor is closed when this is dropped. Go: `Close`.
    ///
    /// # Errors
    /// EBADF when it was closed before.
    pub fn close(&self) -> Result<(), Errno> {
        if !self.pollable.close() {
            return Err(Errno::EBADF);
        }
        if !self.has_clones.load(Ordering::Relaxed) {
            let _unconnected = socket::shutdown(self.fd, Shutdown::Both); // nobody is to be told
        }
        Ok(())
    }

    /// Ends a direction: calls that wait see it.
    ///
    /// # Errors
    /// shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        socket::shutdown(self.fd, how)
    }

    /// Makes a call until it does not say EAGAIN; waits in between.
    ///
    /// # Errors
    /// The call's; ETIMEDOUT, EBADF; EAGAIN if it was asked for.
    #[inline]
    pub fn until_done<T>(
        &self,
        direction: Direction,
        mut call: impl FnMut(Fd) -> Result<Done<T>, Errno>,
    ) -> Result<T, Errno> {
        if self.says_would_block.load(Ordering::Relaxed) {
            return self.once(call);
        }
        let timeout_ns = self.timeout(direction).0.load(Ordering::Relaxed);
        let timeout_ns = (timeout_ns != NONE).then_some(timeout_ns);
        self.pollable.until_done(self.fd, direction, timeout_ns, || call(self.fd))
    }

    /// Makes a call unless it would have to wait: then the task is woken when it may be made again.
    /// Timeouts are not looked at, nor whether calls are to wait.
    ///
    /// # Errors
    /// The call's; ETIMEDOUT from a deadline on, EBADF; epoll_ctl(2).
    #[inline]
    pub fn poll_done<T>(
        &self,
        direction: Direction,
        task: Task<'_>,
        mut call: impl FnMut(Fd) -> Result<Done<T>, Errno>,
    ) -> Poll<Result<T, Errno>> {
        self.pollable.poll_done(self.fd, direction, task, || call(self.fd))
    }

    #[cold]
    fn once<T>(&self, mut call: impl FnMut(Fd) -> Result<Done<T>, Errno>) -> Result<T, Errno> {
        if self.pollable.is_closed() {
            return Err(Errno::EBADF);
        }
        loop {
            match call(self.fd) {
                Err(Errno::EINTR) => {}
                result => return result.map(|done| done.value),
            }
        }
    }

    /// Takes a connection, and who made it.
    ///
    /// # Errors
    /// accept(2).
    pub fn accept(&self) -> Result<(Socket, Address), Errno> {
        let call = |fd| socket::accept(fd).map(Done::more);
        loop {
            match self.until_done(Direction::Read, call) {
                // It was given up before it was taken.
                Err(Errno::ECONNABORTED) => {}
                result => {
                    let nature = Nature { listens: false, ..self.nature };
                    return result.map(|(fd, address)| (Socket::of(fd, nature), address));
                }
            }
        }
    }

    /// The error that has come since the last look.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn take_error(&self) -> Result<Option<Errno>, Errno> {
        socket::error(self.fd)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.pollable.forget(self.fd, false);
        file::close(self.fd);
    }
}
