//! What the bodies need of embedded-io's traits, under the names that std programs have too.

pub(crate) use embedded_io::{Read, Write};
pub(crate) use rt_main::Errno as Error;

use rt_main::os::unix::net::SocketAddr;

/// The kernel's number.
pub(crate) fn errno(error: &Error) -> i32 {
    error.raw()
}

#[allow(dead_code, reason = "not every program has names")]
pub(crate) fn abstract_name(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).unwrap()
}
