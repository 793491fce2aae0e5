//! TCP. std: `TcpListener`, `TcpStream`; Go: `net.TCPListener`, `net.TCPConn`.

use core::net::SocketAddr;
use core::time::Duration;

use libc::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP};
use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Address, Family, Shutdown};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;

use crate::methods::{incoming, of_connections, of_listeners, of_sockets, of_streams, timeouts};
use crate::resolve::{ToSocketAddrs, each};
use crate::socket::Socket;
use crate::vectored::{IoSlice, IoSliceMut};

/// So many connections wait to be accepted, unless the machine allows fewer. Go:
/// `maxListenerBacklog` asks for what it allows.
pub(crate) const BACKLOG: i32 = 4096;

pub(crate) fn family_of(address: &SocketAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

pub(crate) fn ip_of(address: &Address) -> Result<SocketAddr, Errno> {
    address.ip().ok_or(Errno::EAFNOSUPPORT)
}

/// A connection. std: `TcpStream`. Closed when it is dropped.
#[derive(Debug)]
pub struct TcpStream(Socket);

impl TcpStream {
    of_sockets!();
    of_connections!();
    of_streams!();

    /// Connects with the first of the addresses that takes it.
    ///
    /// # Errors
    /// connect(2), of the last address; EINVAL when there is none.
    pub fn connect<A: ToSocketAddrs>(address: A) -> Result<TcpStream, Errno> {
        each(address, |address| TcpStream::connect_to(address, None))
    }

    /// Connects, by the time of `timeout`.
    ///
    /// # Errors
    /// connect(2); ETIMEDOUT; EINVAL for a time of zero.
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> Result<TcpStream, Errno> {
        TcpStream::connect_to(address, Some(timeout))
    }

    /// Connects, by the time of `timeout` if there is one.
    ///
    /// # Errors
    /// As for [`TcpStream::connect_timeout`].
    pub fn connect_to(address: &SocketAddr, timeout: Option<Duration>) -> Result<TcpStream, Errno> {
        if timeout == Some(Duration::ZERO) {
            return Err(Errno::EINVAL);
        }
        Socket::connected(family_of(address), &Address::from(*address), timeout).map(TcpStream)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// ENOTCONN.
    pub fn peer_addr(&self) -> Result<SocketAddr, Errno> {
        ip_of(&socket::peer_address(self.0.fd())?)
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        ip_of(&socket::local_address(self.0.fd())?)
    }

    /// Whether small writes go out at once.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn nodelay(&self) -> Result<bool, Errno> {
        self.0.flag(IPPROTO_TCP, libc::TCP_NODELAY)
    }

    /// Has small writes go out at once, or be gathered. TCP_NODELAY.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_nodelay(&self, nodelay: bool) -> Result<(), Errno> {
        self.0.set_flag(IPPROTO_TCP, libc::TCP_NODELAY, nodelay)
    }

    /// How long a close waits for what was not sent yet. SO_LINGER.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn linger(&self) -> Result<Option<Duration>, Errno> {
        let seconds = socket::get_linger(self.0.fd())?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }

    /// Sets how long a close waits for what was not sent yet, in whole seconds. SO_LINGER.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn set_linger(&self, time: Option<Duration>) -> Result<(), Errno> {
        let seconds = |time: Duration| time.as_secs().min(u32::MAX.into()) as u32;
        socket::set_linger(self.0.fd(), time.map(seconds))
    }

    /// How many routers a packet may pass. IP_TTL, as std.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn ttl(&self) -> Result<u32, Errno> {
        self.0.number(IPPROTO_IP, libc::IP_TTL)
    }

    /// Sets how many routers a packet may pass. IP_TTL, as std.
    ///
    /// # Errors
    /// setsockopt(2): EINVAL.
    pub fn set_ttl(&self, ttl: u32) -> Result<(), Errno> {
        self.0.set_number(IPPROTO_IP, libc::IP_TTL, ttl)
    }
}

/// What takes connections. std: `TcpListener`. Closed when it is dropped.
#[derive(Debug)]
pub struct TcpListener(Socket);

impl TcpListener {
    of_sockets!();
    of_listeners!();

    /// Listens at the first of the addresses that can be had; port 0 is any that is free. An
    /// address may be used again at once after an earlier listener's end.
    ///
    /// # Errors
    /// bind(2), of the last address: EADDRINUSE, EACCES; EINVAL when there is none.
    pub fn bind<A: ToSocketAddrs>(address: A) -> Result<TcpListener, Errno> {
        each(address, TcpListener::bind_to)
    }

    /// Listens at `address`.
    ///
    /// # Errors
    /// As for [`TcpListener::bind`].
    pub fn bind_to(address: &SocketAddr) -> Result<TcpListener, Errno> {
        Socket::listening(family_of(address), &Address::from(*address), BACKLOG).map(TcpListener)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2): EMFILE, ENFILE, ENOBUFS: try again when some have been closed.
    pub fn accept(&self) -> Result<(TcpStream, SocketAddr), Errno> {
        let (socket, address) = self.0.accept()?;
        Ok((TcpStream(socket), ip_of(&address)?))
    }

    /// Its own address.
    ///
    /// # Errors
    /// getsockname(2).
    pub fn local_addr(&self) -> Result<SocketAddr, Errno> {
        ip_of(&socket::local_address(self.0.fd())?)
    }

    /// How many routers a packet may pass. IP_TTL, as std.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn ttl(&self) -> Result<u32, Errno> {
        self.0.number(IPPROTO_IP, libc::IP_TTL)
    }

    /// Sets how many routers a packet may pass. IP_TTL, as std.
    ///
    /// # Errors
    /// setsockopt(2): EINVAL.
    pub fn set_ttl(&self, ttl: u32) -> Result<(), Errno> {
        self.0.set_number(IPPROTO_IP, libc::IP_TTL, ttl)
    }

    /// Whether it takes connections of IPv6 only.
    ///
    /// # Errors
    /// getsockopt(2).
    pub fn only_v6(&self) -> Result<bool, Errno> {
        self.0.flag(IPPROTO_IPV6, libc::IPV6_V6ONLY)
    }
}

incoming!(TcpListener, TcpStream);
