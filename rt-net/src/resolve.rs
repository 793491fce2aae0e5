//! From texts to addresses. std: `ToSocketAddrs`; Go: `net.ResolveTCPAddr`, `lookupStaticHost`.
//!
//! For programs without a C library: numbers, and the names in /etc/hosts. No name server is asked.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use rt_os::errno::Errno;
use rt_os::sys::file;

/// What leads to addresses. std: `ToSocketAddrs`.
pub trait ToSocketAddrs {
    /// The addresses.
    type Iter: Iterator<Item = SocketAddr>;

    /// Finds them.
    ///
    /// # Errors
    /// EINVAL for a text that is not `host:port`; EHOSTUNREACH for a name that is not in
    /// /etc/hosts. [`lookup`] says which name.
    fn to_socket_addrs(&self) -> Result<Self::Iter, Errno>;
}

/// Calls `f` with each address until it succeeds; the last error if it does not.
pub(crate) fn each<A: ToSocketAddrs, T>(
    address: A,
    mut f: impl FnMut(&SocketAddr) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut last = Errno::EINVAL; // no address at all
    for address in address.to_socket_addrs()? {
        match f(&address) {
            Ok(value) => return Ok(value),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// No address is known for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError {
    name: String,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lookup {}: no such host in {HOSTS}", self.name)
    }
}

impl core::error::Error for LookupError {}

impl From<LookupError> for Errno {
    fn from(_: LookupError) -> Errno {
        Errno::EHOSTUNREACH
    }
}

/// Where the names are.
const HOSTS: &str = "/etc/hosts";

/// The addresses of a host: of a number itself, of a name those in /etc/hosts.
///
/// # Errors
/// When there are none.
pub fn lookup(host: &str) -> Result<Vec<IpAddr>, LookupError> {
    if let Ok(ip) = host.parse() {
        return Ok(alloc::vec![ip]);
    }
    let found: Vec<IpAddr> = addresses_of(host, &hosts()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if same_name(host, b"localhost") {
        return Ok(alloc::vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    Err(LookupError { name: host.into() })
}

/// The file's bytes; empty when it cannot be read.
fn hosts() -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(fd) = file::open(c"/etc/hosts", file::READ_ONLY) else { return bytes };
    let mut chunk = [0u8; 1024];
    while let Ok(len @ 1..) = file::read(fd, &mut chunk) {
        bytes.extend_from_slice(&chunk[..len]);
    }
    file::close(fd);
    bytes
}

fn same_name(host: &str, name: &[u8]) -> bool {
    host.strip_suffix('.').unwrap_or(host).as_bytes().eq_ignore_ascii_case(name)
}

/// The addresses that a file like /etc/hosts has for a name, in its order. hosts(5).
pub fn addresses_of<'a>(name: &'a str, hosts: &'a [u8]) -> impl Iterator<Item = IpAddr> + 'a {
    hosts.split(|byte| *byte == b'\n').filter_map(move |line| {
        let line = line.split(|byte| *byte == b'#').next()?;
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let address = core::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        words.any(|word| same_name(name, word)).then_some(address)
    })
}

/// The host and the port of `host:port`. The host of an IPv6 address stands in brackets.
///
/// # Errors
/// EINVAL.
pub fn split_host_port(text: &str) -> Result<(&str, u16), Errno> {
    let (host, port) = text.rsplit_once(':').ok_or(Errno::EINVAL)?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| is_number).ok_or(Errno::EINVAL)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(host) if host.parse::<Ipv6Addr>().is_ok() => Ok((host, port)),
        None if !host.is_empty() && !host.contains([':', '[', ']']) => Ok((host, port)),
        _ => Err(Errno::EINVAL),
    }
}

type One = core::option::IntoIter<SocketAddr>;
type Many = alloc::vec::IntoIter<SocketAddr>;

fn look_up((host, port): (&str, u16)) -> Result<Many, Errno> {
    let found: Vec<SocketAddr> =
        lookup(host)?.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    Ok(found.into_iter())
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl ToSocketAddrs for $type {
            type Iter = One;
            fn to_socket_addrs(&self) -> Result<One, Errno> {
                Ok(Some(SocketAddr::from(*self)).into_iter())
            }
        })*
    };
}

numbers!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl ToSocketAddrs for (&str, u16) {
    type Iter = Many;
    fn to_socket_addrs(&self) -> Result<Many, Errno> {
        look_up(*self)
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = Many;
    fn to_socket_addrs(&self) -> Result<Many, Errno> {
        look_up((&self.0, self.1))
    }
}

impl ToSocketAddrs for str {
    type Iter = Many;
    fn to_socket_addrs(&self) -> Result<Many, Errno> {
        match self.parse::<SocketAddr>() {
            Ok(address) => Ok(alloc::vec![address].into_iter()),
            Err(_) => look_up(split_host_port(self)?),
        }
    }
}

impl ToSocketAddrs for String {
    type Iter = Many;
    fn to_socket_addrs(&self) -> Result<Many, Errno> {
        self.as_str().to_socket_addrs()
    }
}

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = core::iter::Copied<core::slice::Iter<'a, SocketAddr>>;
    fn to_socket_addrs(&self) -> Result<Self::Iter, Errno> {
        Ok(self.iter().copied())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;
    fn to_socket_addrs(&self) -> Result<T::Iter, Errno> {
        (**self).to_socket_addrs()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn hosts_and_ports_are_taken_apart() {
        let good = [
            ("localhost:80", ("localhost", 80)),
            ("a.b.c:0", ("a.b.c", 0)),
            ("127.0.0.1:65535", ("127.0.0.1", 65535)),
            ("[::1]:443", ("::1", 443)),
            ("x:00080", ("x", 80)),
        ];
        for (text, parts) in good {
            assert_eq!(split_host_port(text), Ok(parts), "{text}");
        }
        let bad = [
            "",
            ":",
            ":80",
            "host",
            "host:",
            "host:http",
            "host:65536",
            "host:-1",
            "host:+1",
            "::1",
            "::1:80",
            "[::1]",
            "[::1]80",
            "[host]:80",
            "[]:80",
            "[::1:80",
            "::1]:80",
            "host: 80",
        ];
        for text in bad {
            assert_eq!(split_host_port(text), Err(Errno::EINVAL), "{text}");
        }
    }

    #[test]
    fn names_are_found_in_hosts_files() {
        let hosts = b"127.0.0.1 localhost lo # ::1 no\n\
            #10.0.0.1 ghost\n\
            \t10.1.2.3\tDB  db.local\r\n\
            fe80::1 db\n\
            not-an-ip db\n\
            10.9.9.9\n\
            \xff\xfe db\n\
            ::1 localhost";
        let cases: [(&str, &[&str]); 9] = [
            ("localhost", &["127.0.0.1", "::1"]),
            ("LocalHost.", &["127.0.0.1", "::1"]),
            ("lo", &["127.0.0.1"]),
            ("db", &["10.1.2.3", "fe80::1"]),
            ("db.local", &["10.1.2.3"]),
            ("ghost", &[]),
            ("no", &[]),
            ("10.9.9.9", &[]),
            ("", &[]),
        ];
        for (name, wanted) in cases {
            let found: Vec<String> = addresses_of(name, hosts).map(|ip| ip.to_string()).collect();
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn all_forms_lead_to_addresses() {
        fn of(address: impl ToSocketAddrs) -> Result<Vec<String>, Errno> {
            Ok(address.to_socket_addrs()?.map(|address| address.to_string()).collect())
        }
        let one: SocketAddr = "1.2.3.4:5".parse().unwrap();
        assert_eq!(of(one), of("1.2.3.4:5"));
        assert_eq!(of((Ipv4Addr::LOCALHOST, 7)).unwrap(), ["127.0.0.1:7"]);
        assert_eq!(of((Ipv6Addr::LOCALHOST, 7)).unwrap(), ["[::1]:7"]);
        assert_eq!(of("[::1]:7").unwrap(), ["[::1]:7"]);
        assert_eq!(of(("9.9.9.9", 1)).unwrap(), ["9.9.9.9:1"]);
        assert_eq!(of(&[one, one][..]).unwrap().len(), 2);
        assert_eq!(of(String::from("9.9.9.9:1")), of((String::from("9.9.9.9"), 1)));
        assert!(of("localhost:1").unwrap().contains(&"127.0.0.1:1".into()));
        assert_eq!(of("no-such-host.invalid:1"), Err(Errno::EHOSTUNREACH));
        assert_eq!(of("1.2.3.4"), Err(Errno::EINVAL));
        let error = lookup("no-such-host.invalid").unwrap_err();
        let text = "lookup no-such-host.invalid: no such host in /etc/hosts";
        assert_eq!(error.to_string(), text);
    }
}
