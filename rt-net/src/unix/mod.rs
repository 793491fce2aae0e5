//! Sockets on this machine. std: `std::os::unix::net`; Go: `net.UnixConn`, `net.UnixListener`.

mod addr;
mod datagram;
mod listener;
mod stream;

pub use addr::SocketAddr;
pub use datagram::UnixDatagram;
pub use listener::{Incoming, UnixListener};
pub use stream::UnixStream;
