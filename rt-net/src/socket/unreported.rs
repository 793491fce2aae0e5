//! To connect, and to send to whom one is not connected with: the kernel does not report all that
//! they may have to wait for.

use core::time::Duration;

use rt_os::errno::Errno;
use rt_os::sys::socket::{self, Address};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::Done;
use rt_sched::sleep::sleep_ns;

use super::{NONE, Ordering, Socket, ns_of};

/// How long to wait before what nothing reports is tried again, in ns: at first, and at most.
const FIRST_PAUSE_NS: u64 = 50_000;
const LAST_PAUSE_NS: u64 = 5_000_000;

impl Socket {
    /// Connects; waits until it is. The file does not block.
    pub(super) fn connect(
        &self,
        address: &Address,
        timeout: Option<Duration>,
    ) -> Result<(), Errno> {
        let timeout_ns = timeout.map(ns_of);
        match self.connect_at_once(address, timeout_ns) {
            Err(Errno::EINPROGRESS | Errno::EINTR) => {}
            result => return result,
        }
        self.pollable.until_done(self.fd, Direction::Write, timeout_ns, || {
            if let Some(error) = socket::error(self.fd)? {
                return Err(error);
            }
            match socket::peer_address(self.fd) {
                Err(Errno::ENOTCONN) => Err(Errno::EAGAIN), // not yet
                result => result.map(|_| Done::more(())),
            }
        })
    }

    /// A Unix listener whose queue is full says EAGAIN, and nothing reports when it is not.
    fn connect_at_once(&self, address: &Address, timeout_ns: Option<u64>) -> Result<(), Errno> {
        let mut pauses = Pauses::until(timeout_ns);
        loop {
            match socket::connect(self.fd, address) {
                Err(Errno::EAGAIN) => pauses.pause()?,
                result => return result,
            }
        }
    }

    /// Sends a message to `address`, which need not be the one it is connected with.
    ///
    /// # Errors
    /// sendto(2).
    pub fn send_to(&self, bytes: &[u8], address: &Address) -> Result<usize, Errno> {
        let send = |fd| socket::send(fd, bytes, Some(address)).map(Done::more);
        if address.unix_path().is_none() || self.says_would_block.load(Ordering::Relaxed) {
            return self.until_done(Direction::Write, send);
        }
        // Nothing reports when a Unix receiver that we are not connected with has room again.
        let timeout_ns = Some(self.timeout(Direction::Write).0.load(Ordering::Relaxed));
        let mut pauses = Pauses::until(timeout_ns.filter(|ns| *ns != NONE));
        loop {
            self.pollable.check(Direction::Write)?;
            match self.once(send) {
                Err(Errno::EAGAIN) => pauses.pause()?,
                result => return result,
            }
        }
    }
}

/// Waits for what nothing reports: longer each time.
struct Pauses {
    next_ns: u64,
    end: Option<Instant>,
}

impl Pauses {
    fn until(timeout_ns: Option<u64>) -> Pauses {
        let end = timeout_ns.and_then(|ns| Instant::now().checked_add(Duration::from_nanos(ns)));
        Pauses { next_ns: FIRST_PAUSE_NS, end }
    }

    fn pause(&mut self) -> Result<(), Errno> {
        if self.end.is_some_and(|end| end <= Instant::now()) {
            return Err(Errno::ETIMEDOUT);
        }
        sleep_ns(self.next_ns);
        self.next_ns = (2 * self.next_ns).min(LAST_PAUSE_NS);
        Ok(())
    }
}
