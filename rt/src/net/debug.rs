//! Sockets as std shows them: where they are, and their descriptor.

use std::fmt;

use super::{TcpListener, TcpStream, UdpSocket};
use crate::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

macro_rules! shown {
    ($($socket:ident: $($name:literal $address:ident),*;)*) => {
        $(impl fmt::Debug for $socket {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct(stringify!($socket));
                $(if let Ok(address) = self.$address() {
                    shown.field($name, &address);
                })*
                shown.field("fd", &self.0.socket().fd()).finish()
            }
        })*
    };
}

shown! {
    TcpListener: "addr" local_addr;
    TcpStream: "addr" local_addr, "peer" peer_addr;
    UdpSocket: "addr" local_addr;
    UnixListener: "local" local_addr;
    UnixStream: "local" local_addr, "peer" peer_addr;
    UnixDatagram: "local" local_addr, "peer" peer_addr;
}
