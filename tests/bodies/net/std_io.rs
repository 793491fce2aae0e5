//! What the bodies need of std's I/O, under the names that bare programs have too.

pub(crate) use std::io::{Error, Read, Write};

use ::rt::os::unix::net::SocketAddr;

/// The kernel's number.
pub(crate) fn errno(error: &Error) -> i32 {
    error.raw_os_error().unwrap_or_else(|| panic!("not the kernel's: {error}"))
}

#[allow(dead_code, reason = "not every program has names")]
pub(crate) fn abstract_name(name: &str) -> SocketAddr {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name).unwrap()
}
