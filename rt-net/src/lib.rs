#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

mod io;
mod methods;
pub mod resolve;
pub mod socket;
pub mod tcp;
mod transfer;
pub mod udp;
pub mod unix;
pub mod vectored;

pub use core::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6,
};
pub use resolve::ToSocketAddrs;
pub use rt_os::errno::Errno;
pub use rt_os::sys::socket::Shutdown;
pub use tcp::{Incoming, TcpListener, TcpStream};
pub use udp::UdpSocket;
pub use vectored::{IoSlice, IoSliceMut};
