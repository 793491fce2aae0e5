//! What takes connections on this machine.

use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Family};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;

use super::{SocketAddr, UnixStream};
use crate::methods::{incoming, of_listeners, of_sockets};
use crate::socket::Socket;
use crate::tcp::BACKLOG;

/// What takes connections. std: `UnixListener`. Closed when it is dropped; its path stays.
#[derive(Debug)]
pub struct UnixListener(Socket);

impl UnixListener {
    of_sockets!();
    of_listeners!();

    /// Listens at a path, which must not be there yet.
    ///
    /// # Errors
    /// bind(2): EADDRINUSE, EACCES, ENOENT; EINVAL for a path that cannot be.
    pub fn bind(path: impl AsRef<[u8]>) -> Result<UnixListener, Errno> {
        UnixListener::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// bind(2).
    pub fn bind_addr(address: &SocketAddr) -> Result<UnixListener, Errno> {
        Socket::listening(Family::Unix, &address.0, BACKLOG).map(UnixListener)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2): EMFILE, ENFILE, ENOBUFS: try again when some have been closed.
    pub fn accept(&self) -> Result<(UnixStream, SocketAddr), Errno> {
        let (socket, address) = self.0.accept()?;
        Ok((UnixStream(socket), SocketAddr::of(address)?))
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        SocketAddr::of(socket::local_address(self.0.fd())?)
    }
}

incoming!(UnixListener, UnixStream);
