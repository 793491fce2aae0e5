//! Connections on this machine.

use core::time::Duration;

use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Family, Kind, Shutdown};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;

use super::SocketAddr;
use crate::methods::{of_connections, of_sockets, of_streams, timeouts};
use crate::socket::Socket;
use crate::vectored::{IoSlice, IoSliceMut};

/// A connection. std: `UnixStream`. Closed when it is dropped.
#[derive(Debug)]
pub struct UnixStream(pub(super) Socket);

impl UnixStream {
    of_sockets!();
    of_connections!();
    of_streams!();

    /// Connects with a path.
    ///
    /// # Errors
    /// connect(2): ENOENT, ECONNREFUSED, EACCES; EINVAL for a path that cannot be.
    pub fn connect(path: impl AsRef<[u8]>) -> Result<UnixStream, Errno> {
        UnixStream::connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Connects with an address.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect_addr(address: &SocketAddr) -> Result<UnixStream, Errno> {
        Socket::connected(Family::Unix, &address.0, None).map(UnixStream)
    }

    /// Two that are connected.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn pair() -> Result<(UnixStream, UnixStream), Errno> {
        let (one, other) = Socket::pair(Kind::Stream)?;
        Ok((UnixStream(one), UnixStream(other)))
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        SocketAddr::of(socket::local_address(self.0.fd())?)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        SocketAddr::of(socket::peer_address(self.0.fd())?)
    }
}
