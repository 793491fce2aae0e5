//! UDP. std: `std::net::UdpSocket`.

use std::io;
use std::time::{Duration, Instant};

use super::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use super::{addresses, each, handles, instant, io_error, timeouts};

/// A socket for messages, each for itself. std: `UdpSocket`.
pub struct UdpSocket(pub(super) rt_net::UdpSocket);

impl UdpSocket {
    handles!();
    timeouts!();

    /// One at the first of the addresses that can be had; port 0 is any that is free.
    ///
    /// # Errors
    /// That of the last address; `InvalidInput` when there is none.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        each(addr, rt_net::UdpSocket::bind_to).map(UdpSocket)
    }

    /// From now on it sends to the first of the addresses that it can be connected with, and
    /// receives from there only.
    ///
    /// # Errors
    /// That of the last address; `InvalidInput` when there is none.
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        each(addr, |addr| self.0.connect_to(addr))
    }

    /// The address that it is connected with.
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

    /// Receives a message, cut to the length of `buf`.
    ///
    /// # Errors
    /// recv(2); `TimedOut`.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf).map_err(io_error)
    }

    /// As [`UdpSocket::recv`], and from whom.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buf).map_err(io_error)
    }

    /// As [`UdpSocket::recv`]; the message stays.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).map_err(io_error)
    }

    /// As [`UdpSocket::recv_from`]; the message stays.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.peek_from(buf).map_err(io_error)
    }

    /// Sends a message to where it is connected.
    ///
    /// # Errors
    /// send(2).
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.send(buf).map_err(io_error)
    }

    /// Sends a message to the first of the addresses.
    ///
    /// # Errors
    /// sendto(2); `InvalidInput` when there is no address.
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let none = || io::Error::new(io::ErrorKind::InvalidInput, "there is no address to send to");
        let first = addresses(&addr)?.next().ok_or_else(none)?;
        self.0.send_to(buf, first).map_err(io_error)
    }

    /// Joins a group of IPv4, on the interface with an address.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn join_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.join_multicast_v4(multiaddr, interface).map_err(io_error)
    }

    /// Joins a group of IPv6, on the interface with a number; 0 is any.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.join_multicast_v6(multiaddr, interface).map_err(io_error)
    }

    /// Leaves a group of IPv4.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn leave_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.leave_multicast_v4(multiaddr, interface).map_err(io_error)
    }

    /// Leaves a group of IPv6.
    ///
    /// # Errors
    /// setsockopt(2).
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.leave_multicast_v6(multiaddr, interface).map_err(io_error)
    }
}

/// A reader and a setter of one option.
macro_rules! options {
    ($($type:ty, $get:ident, $set:ident, $text:literal;)*) => {
        impl UdpSocket {
            $(#[doc = $text]
            ///
            /// # Errors
            /// getsockopt(2).
            pub fn $get(&self) -> io::Result<$type> {
                self.0.$get().map_err(io_error)
            }

            #[doc = concat!("Sets: ", $text)]
            ///
            /// # Errors
            /// setsockopt(2).
            pub fn $set(&self, value: $type) -> io::Result<()> {
                self.0.$set(value).map_err(io_error)
            })*
        }
    };
}

options! {
    bool, broadcast, set_broadcast, "Whether it may send to all of a network.";
    bool, multicast_loop_v4, set_multicast_loop_v4,
        "Whether this machine gets what goes to a group of IPv4.";
    u32, multicast_ttl_v4, set_multicast_ttl_v4,
        "How many routers may be passed by what goes to a group of IPv4.";
    bool, multicast_loop_v6, set_multicast_loop_v6,
        "Whether this machine gets what goes to a group of IPv6.";
    u32, ttl, set_ttl, "How many routers a packet may pass. IP_TTL.";
}
