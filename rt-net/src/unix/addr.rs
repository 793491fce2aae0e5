//! Where a Unix socket is.

use core::fmt;

use rt_os::errno::Errno;
use rt_os::sys::socket::Address;

/// The address of a Unix socket: a path, an abstract name, or none. std:
/// `std::os::unix::net::SocketAddr`.
#[derive(Clone)]
pub struct SocketAddr(pub(super) Address);

impl SocketAddr {
    /// That of a path, in bytes.
    ///
    /// # Errors
    /// EINVAL when it has 108 bytes or more, or a 0 in it.
    pub fn from_pathname(path: impl AsRef<[u8]>) -> Result<SocketAddr, Errno> {
        let path = path.as_ref();
        if path.contains(&0) {
            return Err(Errno::EINVAL);
        }
        Address::unix(path).map(SocketAddr)
    }

    /// That of a name that is no file. unix(7): abstract.
    ///
    /// # Errors
    /// EINVAL when it has 108 bytes or more.
    pub fn from_abstract_name(name: impl AsRef<[u8]>) -> Result<SocketAddr, Errno> {
        Address::unix_name(name.as_ref()).map(SocketAddr)
    }

    /// Of what the kernel says.
    pub(super) fn of(address: Address) -> Result<SocketAddr, Errno> {
        address.unix_path().ok_or(Errno::EAFNOSUPPORT)?;
        Ok(SocketAddr(address))
    }

    fn bytes(&self) -> &[u8] {
        self.0.unix_path().unwrap_or_default()
    }

    /// The path, if it has one.
    #[must_use]
    pub fn as_pathname(&self) -> Option<&[u8]> {
        Some(self.bytes()).filter(|bytes| bytes.first().is_some_and(|first| *first != 0))
    }

    /// The abstract name, if it has one.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.bytes().strip_prefix(b"\0")
    }

    /// Has it neither?
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.bytes().is_empty()
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_pathname(), self.as_abstract_name()) {
            (Some(path), _) => write!(f, "\"{}\" (pathname)", path.escape_ascii()),
            (_, Some(name)) => write!(f, "\"{}\" (abstract)", name.escape_ascii()),
            (None, None) => f.write_str("(unnamed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn paths_names_and_neither_are_told_apart() {
        let path = SocketAddr::from_pathname("/run/x").unwrap();
        assert_eq!(path.as_pathname(), Some(&b"/run/x"[..]));
        assert_eq!((path.as_abstract_name(), path.is_unnamed()), (None, false));
        assert_eq!(format!("{path:?}"), "\"/run/x\" (pathname)");
        let name = SocketAddr::from_abstract_name(b"a\0b").unwrap();
        assert_eq!(name.as_abstract_name(), Some(&b"a\0b"[..]));
        assert_eq!((name.as_pathname(), name.is_unnamed()), (None, false));
        assert_eq!(format!("{name:?}"), r#""a\x00b" (abstract)"#);
        let none = SocketAddr::from_pathname("").unwrap();
        assert!(none.is_unnamed() && none.as_abstract_name().is_none());
        assert_eq!(format!("{none:?}"), "(unnamed)");
        let empty = SocketAddr::from_abstract_name("").unwrap();
        assert_eq!(empty.as_abstract_name(), Some(&b""[..]));
    }

    #[test]
    fn what_is_too_long_or_has_a_zero_is_refused() {
        assert_eq!(SocketAddr::from_pathname("a\0b").unwrap_err(), Errno::EINVAL);
        assert_eq!(SocketAddr::from_pathname("\0b").unwrap_err(), Errno::EINVAL);
        assert!(SocketAddr::from_pathname([b'p'; 107]).is_ok());
        assert_eq!(SocketAddr::from_pathname([b'p'; 108]).unwrap_err(), Errno::EINVAL);
        assert!(SocketAddr::from_abstract_name([0; 107]).is_ok());
        assert_eq!(SocketAddr::from_abstract_name([0; 108]).unwrap_err(), Errno::EINVAL);
    }
}
