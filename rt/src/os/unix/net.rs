//! Sockets on this machine. std: `std::os::unix::net`, name for name.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::net::{Shutdown, handles, incoming, instant, io_error, shutdown, slices, slices_mut};
use crate::net::{polled, polled_by, streams, timeouts};

use rt_net::unix::SocketAddr as Ours;
pub use std::os::unix::net::SocketAddr;

/// std's form. An address whose path has 108 bytes, the most there can be, only std's own calls
/// make: then `ask` has it look.
fn theirs(address: &Ours, ask: impl FnOnce() -> io::Result<SocketAddr>) -> io::Result<SocketAddr> {
    match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => {
            SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)).or_else(|_| ask())
        }
        (_, Some(name)) => SocketAddr::from_abstract_name(name),
        (None, None) => SocketAddr::from_pathname(""),
    }
}

/// std's socket of the same file. Its kind says nothing of what may be asked.
fn std_socket(socket: &impl AsFd) -> io::Result<std::os::unix::net::UnixStream> {
    socket.as_fd().try_clone_to_owned().map(Into::into)
}

fn ours(address: &SocketAddr) -> io::Result<Ours> {
    let ours = match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => Ours::from_pathname(path.as_os_str().as_bytes()),
        (_, Some(name)) => Ours::from_abstract_name(name),
        (None, None) => Ours::from_pathname(""),
    };
    ours.map_err(io_error)
}

fn of_path(path: &Path) -> io::Result<Ours> {
    Ours::from_pathname(path.as_os_str().as_bytes()).map_err(io_error)
}

macro_rules! local_addr {
    () => {
        /// Its own address.
        ///
        /// # Errors
        /// getsockname(2).
        pub fn local_addr(&self) -> io::Result<SocketAddr> {
            let address = self.0.local_addr().map_err(io_error)?;
            theirs(&address, || std_socket(self)?.local_addr())
        }
    };
}

/// What the connected kinds have in common.
macro_rules! ends {
    () => {
        local_addr!();

        /// The address of the other side.
        ///
        /// # Errors
        /// `NotConnected`.
        pub fn peer_addr(&self) -> io::Result<SocketAddr> {
            let address = self.0.peer_addr().map_err(io_error)?;
            theirs(&address, || std_socket(self)?.peer_addr())
        }

        /// Ends a direction. Calls that wait see it.
        ///
        /// # Errors
        /// `NotConnected`.
        pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
            self.0.shutdown(shutdown(how)).map_err(io_error)
        }
    };
}

/// A connection. std: `UnixStream`.
pub struct UnixStream(pub(crate) rt_net::unix::UnixStream);

impl UnixStream {
    handles!();
    timeouts!();
    polled!();
    ends!();

    /// Two that are connected.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = rt_net::unix::UnixStream::pair().map_err(io_error)?;
        Ok((UnixStream(one), UnixStream(other)))
    }

    /// Connects with a path.
    ///
    /// # Errors
    /// connect(2); `InvalidInput` for a path that cannot be.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        let address = of_path(path.as_ref())?;
        rt_net::unix::UnixStream::connect_addr(&address).map(UnixStream).map_err(io_error)
    }

    /// Connects with an address.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        let address = ours(socket_addr)?;
        rt_net::unix::UnixStream::connect_addr(&address).map(UnixStream).map_err(io_error)
    }
}

streams!(UnixStream, &UnixStream);

/// What takes connections. std: `UnixListener`.
pub struct UnixListener(pub(crate) rt_net::unix::UnixListener);

impl UnixListener {
    handles!();
    local_addr!();

    /// Listens at a path, which must not be there yet.
    ///
    /// # Errors
    /// bind(2); `InvalidInput` for a path that cannot be.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        let address = of_path(path.as_ref())?;
        rt_net::unix::UnixListener::bind_addr(&address).map(UnixListener).map_err(io_error)
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// bind(2).
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        let address = ours(socket_addr)?;
        rt_net::unix::UnixListener::bind_addr(&address).map(UnixListener).map_err(io_error)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2): with too many open files, try again when some have been closed.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, address) = self.0.accept().map_err(io_error)?;
        let stream = UnixStream(stream);
        let address = theirs(&address, || std_socket(&stream)?.peer_addr())?;
        Ok((stream, address))
    }

    /// The connections, one after the other, without an end.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming(self)
    }
}

incoming!(UnixListener, UnixStream);

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

/// A socket for messages, each for itself. std: `UnixDatagram`.
pub struct UnixDatagram(pub(crate) rt_net::unix::UnixDatagram);

impl UnixDatagram {
    handles!();
    timeouts!();
    ends!();

    /// Two that are connected.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = rt_net::unix::UnixDatagram::pair().map_err(io_error)?;
        Ok((UnixDatagram(one), UnixDatagram(other)))
    }

    /// One at a path, which must not be there yet.
    ///
    /// # Errors
    /// bind(2); `InvalidInput` for a path that cannot be.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        let address = of_path(path.as_ref())?;
        rt_net::unix::UnixDatagram::bind_addr(&address).map(UnixDatagram).map_err(io_error)
    }

    /// One at an address.
    ///
    /// # Errors
    /// bind(2).
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixDatagram> {
        let address = ours(socket_addr)?;
        rt_net::unix::UnixDatagram::bind_addr(&address).map(UnixDatagram).map_err(io_error)
    }

    /// One without an address.
    ///
    /// # Errors
    /// socket(2).
    pub fn unbound() -> io::Result<UnixDatagram> {
        rt_net::unix::UnixDatagram::unbound().map(UnixDatagram).map_err(io_error)
    }

    /// From now on it sends to a path, and receives from there only.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.0.connect_addr(&of_path(path.as_ref())?).map_err(io_error)
    }

    /// From now on it sends to an address, and receives from there only.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect_addr(&self, socket_addr: &SocketAddr) -> io::Result<()> {
        self.0.connect_addr(&ours(socket_addr)?).map_err(io_error)
    }

    /// Receives a message, cut to the length of `buf`, and from whom. A sender whose path has 108
    /// bytes has no name here.
    ///
    /// # Errors
    /// recvfrom(2); `TimedOut`.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (len, address) = self.0.recv_from(buf).map_err(io_error)?;
        Ok((len, theirs(&address, || SocketAddr::from_pathname(""))?))
    }

    /// Receives a message, cut to the length of `buf`.
    ///
    /// # Errors
    /// recv(2); `TimedOut`.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf).map_err(io_error)
    }

    /// Sends a message to a path; waits while the receiver has too many.
    ///
    /// # Errors
    /// sendto(2); `TimedOut`.
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.0.send_to_addr(buf, &of_path(path.as_ref())?).map_err(io_error)
    }

    /// Sends a message to an address; waits while the receiver has too many.
    ///
    /// # Errors
    /// sendto(2); `TimedOut`.
    pub fn send_to_addr(&self, buf: &[u8], socket_addr: &SocketAddr) -> io::Result<usize> {
        self.0.send_to_addr(buf, &ours(socket_addr)?).map_err(io_error)
    }

    /// Sends a message to where it is connected; waits while the receiver has too many.
    ///
    /// # Errors
    /// send(2); `TimedOut`.
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.send(buf).map_err(io_error)
    }
}
