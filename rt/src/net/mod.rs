//! Sockets whose calls park the goroutine, or block a plain thread. std: `std::net`, name for name.
//!
//! ```
//! use rt::net::{TcpListener, TcpStream};
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
//! unsafe {
//!     rt::run(|| {
//!         let listener = TcpListener::bind("127.0.0.1:0")?;
//!         let address = listener.local_addr()?;
//!         let server = rt::thread::spawn(move || {
//!             let (mut stream, _) = listener.accept()?;
//!             stream.write_all(b"hello")
//!         });
//!         let mut text = String::new();
//!         TcpStream::connect(address)?.read_to_string(&mut text)?;
//!         assert_eq!(text, "hello");
//!         server.join().unwrap()
//!     })
//! }
//! # }
//! ```
//!
//! A socket becomes std's by `into`, and std's ours. Beside std's methods all have Go's `close`,
//! `set_deadline`, `set_read_deadline` and `set_write_deadline`, which calls under way obey too. A
//! call whose time is over says `TimedOut`, one on a closed socket EBADF.

mod debug;
mod fds;
mod parts;
mod tcp;
mod udp;

use std::io;
use std::task::{Context, Poll};

use rt_net::Errno;
use rt_sched::netpoll::task::Task;
use rt_sync::host::Host;

use crate::boot::sched;
use crate::future::harmless;
use crate::host::StdHost;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
    ToSocketAddrs,
};
pub use tcp::{Incoming, TcpListener, TcpStream};
pub use udp::UdpSocket;

pub(crate) use fds::{slices, slices_mut};
pub(crate) use parts::{handles, incoming, polled, streams, timeouts};

/// The error as std has it.
pub(crate) fn io_error(error: Errno) -> io::Error {
    io::Error::from_raw_os_error(error.raw())
}

/// A deadline of std's clock on the runtime's.
pub(crate) fn instant(when: std::time::Instant) -> rt_os::time::Instant {
    rt_os::time::Instant::at_ns(StdHost::ns_of(when))
}

pub(crate) fn shutdown(how: Shutdown) -> rt_net::Shutdown {
    match how {
        Shutdown::Read => rt_net::Shutdown::Read,
        Shutdown::Write => rt_net::Shutdown::Write,
        Shutdown::Both => rt_net::Shutdown::Both,
    }
}

/// A call that a future makes.
#[inline]
pub(crate) fn polled_by<T>(
    cx: &Context<'_>,
    call: impl FnOnce(Task<'_>) -> Poll<Result<T, Errno>>,
) -> Poll<io::Result<T>> {
    call(Task { sched: sched(), waker: cx.waker(), harmless }).map_err(io_error)
}

/// Where an address leads to. Names are looked up by std, which blocks the thread: others go on.
fn addresses<A: ToSocketAddrs>(address: &A) -> io::Result<A::Iter> {
    // What owns no memory cannot have been looked up.
    if std::mem::needs_drop::<A::Iter>() {
        crate::blocking(|| address.to_socket_addrs())
    } else {
        address.to_socket_addrs()
    }
}

/// Calls `f` with each address until it succeeds; the last error if it does not.
fn each<A: ToSocketAddrs, T>(
    address: A,
    mut f: impl FnMut(&SocketAddr) -> Result<T, Errno>,
) -> io::Result<T> {
    let mut last = None;
    for address in addresses(&address)? {
        match f(&address) {
            Ok(value) => return Ok(value),
            Err(error) => last = Some(error),
        }
    }
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "there is no address");
    Err(last.map_or_else(none, io_error))
}
