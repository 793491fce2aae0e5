//! TCP. std: `std::net::{TcpListener, TcpStream}`.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::{Shutdown, SocketAddr, ToSocketAddrs};
use super::{each, handles, incoming, instant, io_error, polled, polled_by};
use super::{slices, slices_mut, streams, timeouts};

/// A connection. std: `TcpStream`.
pub struct TcpStream(pub(super) rt_net::TcpStream);

impl TcpStream {
    handles!();
    timeouts!();
    polled!();

    /// Connects with the first of the addresses that takes it.
    ///
    /// # Errors
    /// That of the last address; `InvalidInput` when there is none.
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        each(addr, |addr| rt_net::TcpStream::connect_to(addr, None)).map(TcpStream)
    }

    /// Connects, by the time of `timeout`.
    ///
    /// # Errors
    /// `TimedOut`; `InvalidInput` for a time of zero; connect(2).
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        rt_net::TcpStream::connect_timeout(addr, timeout).map(TcpStream).map_err(io_error)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// `NotConnected`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr().map_err(io_error)
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr().map_err(io_error)
    }

    /// Ends a direction. Calls that wait see it.
    ///
    /// # Errors
    /// `NotConnected`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(super::shutdown(how)).map_err(io_error)
    }

    /// Looks at what comes next, and leaves it there.
    ///
    /// # Errors
    /// recv(2); `TimedOut`.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).map_err(io_error)
    }

    /// How long a close waits for what was not sent yet. SO_LINGER.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.0.linger().map_err(io_error)
    }

    /// Sets how long a close waits for what was not sent yet, in whole seconds. SO_LINGER.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.0.set_linger(linger).map_err(io_error)
    }

    /// Whether small writes go out at once.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.nodelay().map_err(io_error)
    }

    /// Has small writes go out at once, or be gathered. TCP_NODELAY.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_nodelay(nodelay).map_err(io_error)
    }

    /// How many routers a packet may pass. IP_TTL.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.ttl().map_err(io_error)
    }

    /// Sets how many routers a packet may pass. IP_TTL.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.set_ttl(ttl).map_err(io_error)
    }
}

streams!(TcpStream, &TcpStream);

/// What takes connections. std: `TcpListener`.
pub struct TcpListener(pub(super) rt_net::TcpListener);

impl TcpListener {
    handles!();

    /// Listens at the first of the addresses that can be had; port 0 is any that is free.
    ///
    /// # Errors
    /// That of the last address; `InvalidInput` when there is none.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        each(addr, rt_net::TcpListener::bind_to).map(TcpListener)
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr().map_err(io_error)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2): with too many open files, try again when some have been closed.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = self.0.accept().map_err(io_error)?;
        Ok((TcpStream(stream), address))
    }

    /// The connections, one after the other, without an end.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming(self)
    }

    /// How many routers a packet may pass. IP_TTL.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.ttl().map_err(io_error)
    }

    /// Sets how many routers a packet may pass. IP_TTL.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.set_ttl(ttl).map_err(io_error)
    }
}

incoming!(TcpListener, TcpStream);
