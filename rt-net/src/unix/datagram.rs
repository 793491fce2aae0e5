//! Messages on this machine.

use core::time::Duration;

use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Family, Kind, Shutdown};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;

use super::SocketAddr;
use crate::methods::{of_connections, of_sockets, timeouts};
use crate::socket::Socket;

/// A socket for messages, each for itself, none of which is lost. std: `UnixDatagram`. Closed when
/// it is dropped; its path stays.
#[derive(Debug)]
pub struct UnixDatagram(Socket);

impl UnixDatagram {
    of_sockets!();
    of_connections!();

    /// One at a path, which must not be there yet.
    ///
    /// # Errors
    /// bind(2): EADDRINUSE, EACCES, ENOENT; EINVAL for a path that cannot be.
    pub fn bind(path: impl AsRef<[u8]>) -> Result<UnixDatagram, Errno> {
        UnixDatagram::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// One at an address.
    ///
    /// # Errors
    /// bind(2).
    pub fn bind_addr(address: &SocketAddr) -> Result<UnixDatagram, Errno> {
        let socket = UnixDatagram::unbound()?;
        socket::bind(socket.0.fd(), &address.0)?;
        Ok(socket)
    }

    /// One without an address.
    ///
    /// # Errors
    /// socket(2).
    pub fn unbound() -> Result<UnixDatagram, Errno> {
        Socket::new(Family::Unix, Kind::Datagram).map(UnixDatagram)
    }

    /// Two that are connected.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn pair() -> Result<(UnixDatagram, UnixDatagram), Errno> {
        let (one, other) = Socket::pair(Kind::Datagram)?;
        Ok((UnixDatagram(one), UnixDatagram(other)))
    }

    /// From now on it sends to a path, and receives from there only.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect(&self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// From now on it sends to an address, and receives from there only.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect_addr(&self, address: &SocketAddr) -> Result<(), Errno> {
        socket::connect(self.0.fd(), &address.0)
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        SocketAddr::of(socket::local_address(self.0.fd())?)
    }

    /// The address that it is connected with.
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        SocketAddr::of(socket::peer_address(self.0.fd())?)
    }

    /// Sends a message to where it is connected; waits while the receiver has too many.
    ///
    /// # Errors
    /// send(2): ENOTCONN, EMSGSIZE, ECONNREFUSED; ETIMEDOUT.
    pub fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        self.0.send(bytes)
    }

    /// Sends a message to a path; waits while the receiver has too many.
    ///
    /// # Errors
    /// sendto(2): ENOENT, EMSGSIZE, ECONNREFUSED; ETIMEDOUT; EINVAL for a path that cannot be.
    pub fn send_to(&self, bytes: &[u8], path: impl AsRef<[u8]>) -> Result<usize, Errno> {
        self.send_to_addr(bytes, &SocketAddr::from_pathname(path)?)
    }

    /// Sends a message to an address; waits while the receiver has too many.
    ///
    /// # Errors
    /// sendto(2).
    pub fn send_to_addr(&self, bytes: &[u8], address: &SocketAddr) -> Result<usize, Errno> {
        self.0.send_to(bytes, &address.0)
    }

    /// Receives a message, cut to the length of `bytes`.
    ///
    /// # Errors
    /// recv(2); ETIMEDOUT.
    pub fn recv(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
        self.0.receive(bytes, false)
    }

    /// As [`UnixDatagram::recv`], and from whom.
    ///
    /// # Errors
    /// As for [`UnixDatagram::recv`].
    pub fn recv_from(&self, bytes: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        let (len, address) = self.0.receive_from(bytes, false)?;
        Ok((len, SocketAddr::of(address)?))
    }

    /// As [`UnixDatagram::recv`]; the message stays.
    ///
    /// # Errors
    /// As for [`UnixDatagram::recv`].
    pub fn peek(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
        self.0.receive(bytes, true)
    }

    /// As [`UnixDatagram::recv_from`]; the message stays.
    ///
    /// # Errors
    /// As for [`UnixDatagram::recv`].
    pub fn peek_from(&self, bytes: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        let (len, address) = self.0.receive_from(bytes, true)?;
        Ok((len, SocketAddr::of(address)?))
    }
}
