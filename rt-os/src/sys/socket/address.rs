//! Addresses of sockets, as the kernel has them. `struct sockaddr_storage`.
//!
//! # Safety
//! - **layout**: the kernel's structures, as libc names them; each fits the storage.
#![allow(unsafe_code, reason = "**layout**: one storage for several structures")]

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::errno::Errno;

/// A path of a Unix socket is shorter than this, in bytes.
pub const UNIX_PATH_MAX: usize = 108;
/// Where it begins.
const PATH_AT: usize = core::mem::offset_of!(libc::sockaddr_un, sun_path);

/// An address: of IPv4, IPv6 or on this machine.
#[derive(Clone, Copy)]
pub struct Address {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

impl Address {
    pub(super) fn empty() -> Address {
        // SAFETY: zero is an address of no family.
        Address { storage: unsafe { core::mem::zeroed() }, len: 0 }
    }

    /// Where it is, and its bytes.
    pub(super) fn parts(&self) -> (usize, usize) {
        (&raw const self.storage as usize, self.len as usize)
    }

    /// Has `call` fill it: told where, and where the length is.
    pub(super) fn fill<T>(
        &mut self,
        call: impl FnOnce(usize, usize) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.len = size_of_val(&self.storage) as libc::socklen_t;
        let result = call(&raw mut self.storage as usize, &raw mut self.len as usize);
        self.len = self.len.min(size_of_val(&self.storage) as libc::socklen_t);
        result
    }

    fn family(&self) -> i32 {
        let has_family = self.len as usize >= size_of::<libc::sa_family_t>();
        if has_family { i32::from(self.storage.ss_family) } else { libc::AF_UNSPEC }
    }

    fn set<T: Copy>(value: T) -> Address {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        let mut address = Address { len: size_of::<T>() as libc::socklen_t, ..Address::empty() };
        // SAFETY: **layout**: it fits, and is aligned as the storage is or less.
        unsafe { (&raw mut address.storage).cast::<T>().write(value) };
        address
    }

    fn get<T: Copy>(&self, family: i32) -> Option<T> {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        let is_one = self.family() == family && self.len as usize >= size_of::<T>();
        // SAFETY: **layout**: the family says what it is.
        is_one.then(|| unsafe { (&raw const self.storage).cast::<T>().read() })
    }

    /// Of a path of this machine's files; without a path if it is empty.
    ///
    /// # Errors
    /// EINVAL when it is too long, or has a 0 in it.
    pub fn unix(path: &[u8]) -> Result<Address, Errno> {
        if path.len() >= UNIX_PATH_MAX || path.contains(&0) {
            return Err(Errno::EINVAL);
        }
        let has_end = usize::from(!path.is_empty());
        Ok(Address::of_unix(path, 0, path.len() + has_end))
    }

    /// Of a name that is no file. unix(7): abstract.
    ///
    /// # Errors
    /// EINVAL when it is too long.
    pub fn unix_name(name: &[u8]) -> Result<Address, Errno> {
        if name.len() >= UNIX_PATH_MAX {
            return Err(Errno::EINVAL);
        }
        Ok(Address::of_unix(name, 1, 1 + name.len()))
    }

    fn of_unix(bytes: &[u8], at: usize, len: usize) -> Address {
        // SAFETY: zero is an address without a path.
        let mut unix: libc::sockaddr_un = unsafe { core::mem::zeroed() };
        unix.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (to, from) in unix.sun_path[at..].iter_mut().zip(bytes) {
            *to = *from as libc::c_char;
        }
        Address { len: (PATH_AT + len) as libc::socklen_t, ..Address::set(unix) }
    }

    /// The bytes of a Unix socket's path, or its name with a 0 before it; empty when it has none.
    /// `None`: it is of another family.
    #[must_use]
    pub fn unix_path(&self) -> Option<&[u8]> {
        if ![libc::AF_UNIX, libc::AF_UNSPEC].contains(&self.family()) {
            return None;
        }
        let len = (self.len as usize).saturating_sub(PATH_AT).min(UNIX_PATH_MAX);
        let at = (&raw const self.storage).cast::<u8>();
        // SAFETY: **layout**: within the storage.
        let path = unsafe { core::slice::from_raw_parts(at.add(PATH_AT), len) };
        let is_name = path.first().is_none_or(|first| *first == 0);
        let end = if is_name { len } else { path.iter().position(|b| *b == 0).unwrap_or(len) };
        Some(&path[..end])
    }

    /// The address and port; `None` for one of this machine.
    #[must_use]
    pub fn ip(&self) -> Option<SocketAddr> {
        if let Some(v4) = self.get::<libc::sockaddr_in>(libc::AF_INET) {
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            return Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(v4.sin_port))));
        }
        let v6 = self.get::<libc::sockaddr_in6>(libc::AF_INET6)?;
        Some(SocketAddr::V6(SocketAddrV6::new(
            Ipv6Addr::from(v6.sin6_addr.s6_addr),
            u16::from_be(v6.sin6_port),
            v6.sin6_flowinfo,
            v6.sin6_scope_id,
        )))
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        match address {
            SocketAddr::V4(v4) => Address::set(libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            }),
            SocketAddr::V6(v6) => Address::set(libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            }),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip(), self.unix_path()) {
            (Some(ip), _) => ip.fmt(f),
            (None, Some(path)) => write!(f, "unix:{}", path.escape_ascii()),
            (None, None) => write!(f, "an address of family {}", self.family()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn addresses_come_back_as_they_went_in() {
        for text in ["127.0.0.1:80", "255.1.2.3:65535", "[::1]:443", "[fe80::1%7]:9"] {
            let ip: SocketAddr = text.parse().unwrap();
            let address = Address::from(ip);
            assert_eq!((address.ip(), address.unix_path()), (Some(ip), None));
            assert_eq!(format!("{address:?}"), text);
        }
        for path in [&b"/run/x"[..], b"x", b"", &[b'p'; UNIX_PATH_MAX - 1]] {
            let address = Address::unix(path).unwrap();
            assert_eq!((address.ip(), address.unix_path()), (None, Some(path)));
        }
        for name in [&b"\0name"[..], b"\0a\0b", b"\0"] {
            let address = Address::unix_name(&name[1..]).unwrap();
            assert_eq!((address.ip(), address.unix_path()), (None, Some(name)));
        }
        assert_eq!(Address::empty().unix_path(), Some(&b""[..]));
        assert_eq!(format!("{:?}", Address::unix_name(b"n").unwrap()), r"unix:\x00n");
    }

    #[test]
    fn paths_that_cannot_be_are_refused() {
        for path in [&b"a\0b"[..], &[b'p'; UNIX_PATH_MAX]] {
            assert_eq!(Address::unix(path).unwrap_err(), Errno::EINVAL);
        }
        assert_eq!(Address::unix_name(&[b'n'; UNIX_PATH_MAX]).unwrap_err(), Errno::EINVAL);
        for path in [&b"\0n"[..], b"a\0"] {
            assert_eq!(Address::unix(path).unwrap_err(), Errno::EINVAL);
        }
    }
}
