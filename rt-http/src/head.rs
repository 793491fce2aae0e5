//! The head of a request: its first line and its fields. Parsed by `httparse`; limits are ours.

use httparse::{EMPTY_HEADER, Error, Header};

use crate::status::Status;

/// The most bytes of a head, its end included.
pub const HEAD_MAX: usize = 16 << 10;
/// The most fields of a head.
pub const FIELDS_MAX: usize = 100;
/// The most bytes of a target.
pub const TARGET_MAX: usize = 8 << 10;

/// Room for the fields of a head.
#[derive(Debug)]
pub struct Room<'a>([Header<'a>; FIELDS_MAX]);

impl Default for Room<'_> {
    fn default() -> Self {
        Room([EMPTY_HEADER; FIELDS_MAX])
    }
}

/// The fields of a head, in the order they came in.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [Header<'a>]);

impl<'a> Fields<'a> {
    /// The values of all fields of this name.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + Clone {
        let named = self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| field.value.trim_ascii())
    }

    /// The value of the one field of this name; `None` when there are more, too.
    #[must_use]
    pub fn only(self, name: &'static str) -> Option<&'a [u8]> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// Is there a field of this name?
    #[must_use]
    pub fn has(self, name: &'static str) -> bool {
        self.all(name).next().is_some()
    }

    /// The elements of a list, over all fields of this name. RFC 9110, section 5.6.1.
    pub fn list(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + Clone {
        let elements = self.all(name).flat_map(|value| value.split(|&byte| byte == b','));
        elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
    }
}

/// A head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The method, a token.
    pub method: &'a str,
    /// The target as it was sent, without spaces and controls.
    pub target: &'a [u8],
    /// It says HTTP/1.0, not HTTP/1.1.
    pub is_old: bool,
    /// The fields.
    pub fields: Fields<'a>,
}

/// What the first bytes of a connection, or those after a request, are.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// The beginning of a head.
    Partial,
    /// A head of so many bytes.
    Whole(Head<'a>, usize),
    /// No head that could be answered otherwise. Where the next one begins is not known.
    Refused(Status),
}

/// Parses a head at the beginning of `bytes`. Empty lines before it are passed over.
#[must_use]
pub fn parse<'a>(bytes: &'a [u8], room: &'a mut Room<'a>) -> Parsed<'a> {
    let mut request = httparse::Request::new(&mut room.0);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => {
            let (Some(method), Some(target), Some(version)) =
                (request.method, request.path, request.version)
            else {
                return Parsed::Refused(Status::BAD_REQUEST);
            };
            let target = target.as_bytes();
            if target.len() > TARGET_MAX {
                return Parsed::Refused(Status::URI_TOO_LONG);
            }
            if len > HEAD_MAX {
                return Parsed::Refused(Status::FIELDS_TOO_LARGE);
            }
            let fields = Fields(request.headers);
            Parsed::Whole(Head { method, target, is_old: version == 0, fields }, len)
        }
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_MAX => Parsed::Partial,
        Ok(httparse::Status::Partial) => Parsed::Refused(match first_line(bytes) {
            Some(_) => Status::FIELDS_TOO_LARGE,
            None => Status::URI_TOO_LONG,
        }),
        Err(Error::TooManyHeaders) => Parsed::Refused(Status::FIELDS_TOO_LARGE),
        Err(Error::Version) if first_line(bytes).is_some_and(has_version) => {
            Parsed::Refused(Status::VERSION_NOT_SUPPORTED)
        }
        Err(_) => Parsed::Refused(Status::BAD_REQUEST),
    }
}

/// Is it worth parsing a beginning again that these bytes have come behind? A control ends a line
/// or is wrong, but for tabs, and what speaks another protocol has one soon.
#[must_use]
pub fn may_decide(new: &[u8]) -> bool {
    new.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// The first line that is not empty, if its end is there.
#[must_use]
pub fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let line = bytes[begin..].split(|&byte| byte == b'\n').next()?;
    let has_end = begin + line.len() < bytes.len();
    has_end.then(|| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Has a version where one belongs, though maybe one that we do not speak.
fn has_version(line: &[u8]) -> bool {
    let mut words = line.split(|&byte| byte == b' ').skip(2);
    let (Some(word), None) = (words.next(), words.next()) else { return false };
    matches!(word.strip_prefix(b"HTTP/"), Some([major, b'.', minor])
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    /// What comes of it: the method and the target, `None` for a part, or the status.
    fn outcome(text: &str) -> Result<Option<(std::string::String, usize)>, Status> {
        match parse(text.as_bytes(), &mut Room::default()) {
            Parsed::Partial => Ok(None),
            Parsed::Whole(head, len) => {
                let target = std::str::from_utf8(head.target).unwrap();
                Ok(Some((format!("{} {target} {}", head.method, head.is_old), len)))
            }
            Parsed::Refused(status) => Err(status),
        }
    }

    #[test]
    fn whole_heads_and_parts() {
        let text = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(outcome(text), Ok(Some(("GET /a?b false".into(), text.len()))));
        for len in 0..text.len() {
            assert_eq!(outcome(&text[..len]), Ok(None), "{len}");
        }
        assert_eq!(outcome(&format!("{text}GET")), Ok(Some(("GET /a?b false".into(), text.len()))));
        let text = "\r\n\nHEAD / HTTP/1.0\n\n";
        assert_eq!(outcome(text), Ok(Some(("HEAD / true".into(), text.len()))));
    }

    #[test]
    fn which_bytes_decide() {
        assert!(may_decide(b"a: b\r\n") && may_decide(b"\n") && may_decide(b"\x16\x03"));
        assert!(!may_decide(b"GET /a?b HTTP/1.1") && !may_decide(b"\t b\xff") && !may_decide(b""));
    }

    #[test]
    fn fields_are_found_by_name() {
        let text = b"GET / HTTP/1.1\r\nA: 1, 2\r\nB:\r\na:  3 \r\nc: ,\r\n\r\n";
        let mut room = Room::default();
        let Parsed::Whole(Head { fields, .. }, _) = parse(text, &mut room) else { panic!() };
        assert!(fields.all("A").eq([&b"1, 2"[..], b"3"]));
        assert!(fields.list("a").eq([b"1", b"2", b"3"]));
        assert_eq!(
            (fields.only("a"), fields.only("b"), fields.only("d")),
            (None, Some(&b""[..]), None)
        );
        assert!(fields.has("C") && !fields.has("d") && fields.list("c").next().is_none());
    }

    #[test]
    fn what_is_too_much() {
        let long = "x".repeat(TARGET_MAX);
        let fits = format!("GET /{} HTTP/1.1\r\n\r\n", &long[1..]);
        assert_eq!(outcome(&fits).unwrap().unwrap().1, fits.len());
        assert_eq!(outcome(&format!("GET /{long} HTTP/1.1\r\n\r\n")), Err(Status::URI_TOO_LONG));
        assert_eq!(outcome(&format!("GET /{long}{long}")), Err(Status::URI_TOO_LONG));
        let fields = "a: b\r\n".repeat(FIELDS_MAX);
        assert!(outcome(&format!("GET / HTTP/1.1\r\n{fields}\r\n")).unwrap().is_some());
        let refused = Err(Status::FIELDS_TOO_LARGE);
        assert_eq!(outcome(&format!("GET / HTTP/1.1\r\na: b\r\n{fields}\r\n")), refused);
        assert_eq!(outcome(&format!("GET / HTTP/1.1\r\na: {long}{long}")), refused);
        assert_eq!(outcome(&format!("GET / HTTP/1.1\r\na: {long}{long}\r\n\r\n")), refused);
    }

    #[test]
    fn what_is_wrong() {
        for (text, status) in [
            ("GET / HTTP/2.0\r\n\r\n", Status::VERSION_NOT_SUPPORTED),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Status::VERSION_NOT_SUPPORTED),
            ("GET / HTTP/1.2\r\n\r\n", Status::VERSION_NOT_SUPPORTED),
            ("GET / HTTQ/1.1\r\n\r\n", Status::BAD_REQUEST),
            ("GET /\r\n\r\n", Status::BAD_REQUEST),
            ("GET / / HTTP/1.1\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nA : b\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\n: b\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\n A: b\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nA: b\0\r\n\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", Status::BAD_REQUEST),
            ("GET /\0 HTTP/1.1\r\n\r\n", Status::BAD_REQUEST),
            ("G\u{16}T / HTTP/1.1\r\n\r\n", Status::BAD_REQUEST),
            ("\u{16}\u{3}\u{1}", Status::BAD_REQUEST), // TLS
        ] {
            assert_eq!(outcome(text), Err(status), "{text:?}");
        }
    }
}
