//! UDP. std: `UdpSocket`; Go: `net.UDPConn`.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use libc::{IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET};
use rt_os::errno::Errno;
use rt_os::sys::file::Fd;
use rt_os::sys::socket::{self, Address, Kind, Membership};
use rt_os::time::Instant;
use rt_sched::netpoll::Direction;

use crate::methods::{of_sockets, timeouts};
use crate::resolve::{ToSocketAddrs, each};
use crate::socket::Socket;
use crate::tcp::{family_of, ip_of};

/// A socket for messages, each for itself. std: `UdpSocket`. Closed when it is dropped.
#[derive(Debug)]
pub struct UdpSocket(Socket);

impl UdpSocket {
    of_sockets!();
    timeouts!();

    /// One from elsewhere. It has the timeouts, and does or does not wait, as its file says. A
    /// descriptor of something else makes its calls fail.
    #[must_use]
    pub fn from_fd(fd: Fd) -> UdpSocket {
        UdpSocket(Socket::from_fd(fd))
    }

    /// One at the first of the addresses that can be had; port 0 is any that is free.
    ///
    /// # Errors
    /// bind(2), of the last address; EINVAL when there is none.
    pub fn bind<A: ToSocketAddrs>(address: A) -> Result<UdpSocket, Errno> {
        each(address, UdpSocket::bind_to)
    }

    /// One at `address`.
    ///
    /// # Errors
    /// bind(2).
    pub fn bind_to(address: &SocketAddr) -> Result<UdpSocket, Errno> {
        let socket = Socket::new(family_of(address), Kind::Datagram)?;
        socket::bind(socket.fd(), &Address::from(*address))?;
        Ok(UdpSocket(socket))
    }

    /// From now on it sends to the first of the addresses that it can be connected with, and
    /// receives from there only.
    ///
    /// # Errors
    /// connect(2), of the last address; EINVAL when there is none.
    pub fn connect<A: ToSocketAddrs>(&self, address: A) -> Result<(), Errno> {
        each(address, |address| self.connect_to(address))
    }

    /// From now on it sends to `address`, and receives from there only.
    ///
    /// # Errors
    /// connect(2).
    pub fn connect_to(&self, address: &SocketAddr) -> Result<(), Errno> {
        socket::connect(self.0.fd(), &Address::from(*address))
    }

    /// The address that it is connected with.
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

    /// Sends a message to where it is connected.
    ///
    /// # Errors
    /// send(2): EDESTADDRREQ, EMSGSIZE; ECONNREFUSED for an earlier one.
    pub fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        self.0.send(bytes)
    }

    /// Sends a message to the first of the addresses.
    ///
    /// # Errors
    /// sendto(2): EMSGSIZE; EINVAL when there is no address.
    pub fn send_to<A: ToSocketAddrs>(&self, bytes: &[u8], address: A) -> Result<usize, Errno> {
        let first = address.to_socket_addrs()?.next().ok_or(Errno::EINVAL)?;
        self.0.send_to(bytes, &Address::from(first))
    }

    /// Receives a message, cut to the length of `bytes`.
    ///
    /// # Errors
    /// recv(2): ECONNREFUSED for an earlier message; ETIMEDOUT.
    pub fn recv(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
        self.0.receive(bytes, false)
    }

    /// As [`UdpSocket::recv`], and from whom.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn recv_from(&self, bytes: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        let (len, address) = self.0.receive_from(bytes, false)?;
        Ok((len, ip_of(&address)?))
    }

    /// As [`UdpSocket::recv`]; the message stays.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn peek(&self, bytes: &mut [u8]) -> Result<usize, Errno> {
        self.0.receive(bytes, true)
    }

    /// As [`UdpSocket::recv_from`]; the message stays.
    ///
    /// # Errors
    /// As for [`UdpSocket::recv`].
    pub fn peek_from(&self, bytes: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        let (len, address) = self.0.receive_from(bytes, true)?;
        Ok((len, ip_of(&address)?))
    }

    /// Joins a group of IPv4, on the interface with an address.
    ///
    /// # Errors
    /// setsockopt(2): ENODEV, EADDRINUSE, EINVAL.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> Result<(), Errno> {
        socket::join(self.0.fd(), Membership::v4(group, interface))
    }

    /// Joins a group of IPv6, on the interface with a number; 0 is any.
    ///
    /// # Errors
    /// setsockopt(2): ENODEV, EADDRINUSE, EINVAL.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> Result<(), Errno> {
        socket::join(self.0.fd(), Membership::v6(group, interface))
    }

    /// Leaves a group of IPv4.
    ///
    /// # Errors
    /// setsockopt(2): EADDRNOTAVAIL.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> Result<(), Errno> {
        socket::leave(self.0.fd(), Membership::v4(group, interface))
    }

    /// Leaves a group of IPv6.
    ///
    /// # Errors
    /// setsockopt(2): EADDRNOTAVAIL.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> Result<(), Errno> {
        socket::leave(self.0.fd(), Membership::v6(group, interface))
    }
}

/// A reader and a setter of one option.
macro_rules! option {
    (
        $type:ty, $get:ident, $set:ident, $reads:ident, $writes:ident, $level:expr, $name:expr,
        $text:literal
    ) => {
        #[doc = $text]
        ///
        /// # Errors
        /// getsockopt(2).
        pub fn $get(&self) -> Result<$type, Errno> {
            self.0.$reads($level, $name)
        }

        #[doc = concat!("Sets: ", $text)]
        ///
        /// # Errors
        /// setsockopt(2): EINVAL.
        pub fn $set(&self, value: $type) -> Result<(), Errno> {
            self.0.$writes($level, $name, value)
        }
    };
}

impl UdpSocket {
    option!(
        bool,
        broadcast,
        set_broadcast,
        flag,
        set_flag,
        SOL_SOCKET,
        libc::SO_BROADCAST,
        "Whether it may send to all of a network. SO_BROADCAST."
    );
    option!(
        bool,
        multicast_loop_v4,
        set_multicast_loop_v4,
        flag,
        set_flag,
        IPPROTO_IP,
        libc::IP_MULTICAST_LOOP,
        "Whether this machine gets what goes to a group of IPv4."
    );
    option!(
        u32,
        multicast_ttl_v4,
        set_multicast_ttl_v4,
        number,
        set_number,
        IPPROTO_IP,
        libc::IP_MULTICAST_TTL,
        "How many routers may be passed by what goes to a group of IPv4."
    );
    option!(
        bool,
        multicast_loop_v6,
        set_multicast_loop_v6,
        flag,
        set_flag,
        IPPROTO_IPV6,
        libc::IPV6_MULTICAST_LOOP,
        "Whether this machine gets what goes to a group of IPv6."
    );
    option!(
        u32,
        ttl,
        set_ttl,
        number,
        set_number,
        IPPROTO_IP,
        libc::IP_TTL,
        "How many routers a packet may pass. IP_TTL, as std."
    );
}
