//! From a head to a request that can be answered: the rules of RFC 9112 that all must keep.

use crate::body::Body;
use crate::head::{Fields, Head};
use crate::path::{Path, split_query, strip_server};
use crate::status::Status;

/// The most bytes of a body that is passed over.
pub const BODY_MAX: u64 = 1 << 20;

/// The methods that a file has, for `Allow`.
pub const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Send it.
    Get,
    /// Send the head that it would have.
    Head,
    /// Say what can be done with it.
    Options,
}

impl Method {
    fn of(name: &str) -> Option<Method> {
        match name {
            "GET" => Some(Method::Get),
            "HEAD" => Some(Method::Head),
            "OPTIONS" => Some(Method::Options),
            _ => None,
        }
    }
}

/// What becomes of the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It ends.
    Close,
    /// So many bytes of a body are passed over, then the next request begins.
    Skip(u64),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What to do.
    pub method: Method,
    /// With which file. The root, for `OPTIONS *`.
    pub path: Path,
    /// What was behind the path, if anything.
    pub query: Option<&'a [u8]>,
    /// The fields of the head.
    pub fields: Fields<'a>,
    /// What is next.
    pub after: After,
}

/// A request that gets an error for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which error.
    pub status: Status,
    /// What is next.
    pub after: After,
}

impl<'a> Request<'a> {
    /// Checks a head.
    ///
    /// # Errors
    /// What it does not keep to, or what this server does not do.
    pub fn of(head: &Head<'a>) -> Result<Request<'a>, Refusal> {
        let fields = head.fields;
        let close = |status| Refusal { status, after: After::Close };
        let body = Body::of(head).map_err(close)?;
        if !has_good_host(head) {
            return Err(close(Status::BAD_REQUEST));
        }
        let expects = fields.has("expect") && !head.is_old;
        let after = match body {
            // Who waits for a 100 that does not come may send its body or may not.
            Body::Length(1..) if expects => After::Close,
            Body::Length(len @ 0..=BODY_MAX) if is_kept_open(head) => After::Skip(len),
            _ => After::Close,
        };
        let refuse = |status| Refusal { status, after };
        let method = Method::of(head.method).ok_or(refuse(Status::METHOD_NOT_ALLOWED))?;
        let is_continue = |value: &[u8]| value.eq_ignore_ascii_case(b"100-continue");
        if expects && !fields.list("expect").all(is_continue) {
            return Err(refuse(Status::EXPECTATION_FAILED));
        }
        match body {
            Body::Chunked => return Err(close(Status::LENGTH_REQUIRED)),
            Body::Length(len) if len > BODY_MAX => return Err(close(Status::CONTENT_TOO_LARGE)),
            Body::Length(_) => {}
        }
        let target = match (method, head.target) {
            (Method::Options, b"*") => b"/",
            (_, target) => strip_server(target),
        };
        let (path, query) = split_query(target);
        let path = Path::decode(path).ok_or(refuse(Status::BAD_REQUEST))?;
        Ok(Request { method, path, query, fields, after })
    }
}

/// May another request follow? RFC 9112, section 9.3.
fn is_kept_open(head: &Head<'_>) -> bool {
    let mut options = head.fields.list("connection");
    let has = |name: &[u8]| options.clone().any(|option| option.eq_ignore_ascii_case(name));
    !has(b"close") && (!head.is_old || options.any(|o| o.eq_ignore_ascii_case(b"keep-alive")))
}

/// HTTP/1.1 wants one Host, and nobody may send several, or one that is none. RFC 9112, section
/// 3.2.
fn has_good_host(head: &Head<'_>) -> bool {
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(byte);
    match head.fields.only("host") {
        Some(host) => host.iter().all(is_host),
        None => head.is_old && !head.fields.has("host"),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::head::{Parsed, Room, parse};
    use std::format;

    /// The path and what is next, or the refusal.
    fn checked(text: &str) -> Result<(std::string::String, After), (u16, After)> {
        let mut room = Room::default();
        let Parsed::Whole(head, _) = parse(text.as_bytes(), &mut room) else { panic!("{text}") };
        let request =
            Request::of(&head).map_err(|refusal| (refusal.status.code(), refusal.after))?;
        let path = std::string::String::from_utf8_lossy(request.path.as_bytes()).into_owned();
        Ok((format!("{:?} {path}", request.method), request.after))
    }

    fn get(fields: &str) -> Result<(std::string::String, After), (u16, After)> {
        checked(&format!("GET /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
    }

    fn kept(text: &str) -> Result<(std::string::String, After), (u16, After)> {
        Ok((text.into(), After::Skip(0)))
    }

    #[test]
    fn connections_stay_open_or_close() {
        let after = |text: &str| checked(text).unwrap().1;
        let (open, close) = (After::Skip(0), After::Close);
        for (fields, old, new) in [
            ("", close, open),
            ("Connection: keep-alive\r\n", open, open),
            ("Connection: close\r\n", close, close),
            ("Connection: x, Close\r\nConnection: keep-alive\r\n", close, close),
            ("Connection: TE,Keep-Alive\r\n", open, open),
        ] {
            assert_eq!(after(&format!("GET / HTTP/1.0\r\n{fields}\r\n")), old, "{fields}");
            assert_eq!(
                after(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")),
                new,
                "{fields}"
            );
        }
    }

    #[test]
    fn methods_and_targets() {
        let line = |line: &str| checked(&format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(line("GET /a/../b%20c?d"), kept("Get b c"));
        assert_eq!(line("HEAD http://b/c"), kept("Head c"));
        for nowhere in ["http://", "http:///a", "https://?a"] {
            assert_eq!(line(&format!("GET {nowhere}")), Err((400, After::Skip(0))), "{nowhere}");
        }
        assert_eq!(line("OPTIONS *"), kept("Options "));
        assert_eq!(line("GET *"), Err((400, After::Skip(0))));
        assert_eq!(line("GET /.."), Err((400, After::Skip(0))));
        assert_eq!(line("GET a"), Err((400, After::Skip(0))));
        for method in ["POST /", "get /", "CONNECT a:1", "BREW /"] {
            assert_eq!(line(method), Err((405, After::Skip(0))), "{method}");
        }
    }

    #[test]
    fn hosts() {
        let host = |version: &str, fields: &str| {
            checked(&format!("GET / HTTP/{version}\r\n{fields}\r\n")).map(drop).map_err(|e| e.0)
        };
        assert_eq!(host("1.1", ""), Err(400));
        assert_eq!(host("1.0", ""), Ok(()));
        for version in ["1.0", "1.1"] {
            for good in ["", "a", "a.b:80", "[::1]:80", "%61"] {
                assert_eq!(host(version, &format!("Host: {good}\r\n")), Ok(()), "{good}");
            }
            for bad in ["a b", "a/b", "a@b", "\u{e9}", "a\r\nHost: a"] {
                assert_eq!(host(version, &format!("Host: {bad}\r\n")), Err(400), "{bad}");
            }
        }
    }

    #[test]
    fn bodies() {
        let body = |len: u64| format!("Content-Length: {len}\r\n");
        assert_eq!(get(&body(5)), Ok(("Get a".into(), After::Skip(5))));
        assert_eq!(get(&body(BODY_MAX)), Ok(("Get a".into(), After::Skip(BODY_MAX))));
        assert_eq!(get(&body(BODY_MAX + 1)), Err((413, After::Close)));
        assert_eq!(get("Transfer-Encoding: chunked\r\n"), Err((411, After::Close)));
        assert_eq!(get("Transfer-Encoding: gzip, chunked\r\n"), Err((501, After::Close)));
        assert_eq!(
            get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
            Err((400, After::Close))
        );
        let post = |fields: &str| checked(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert_eq!(post(&body(5)), Err((405, After::Skip(5))));
        assert_eq!(post(&body(BODY_MAX + 1)), Err((405, After::Close)));
        assert_eq!(post("Transfer-Encoding: chunked\r\n"), Err((405, After::Close)));
    }

    #[test]
    fn expectations() {
        let body = "Content-Length: 5\r\n";
        assert_eq!(get("Expect: 100-continue\r\n"), kept("Get a"));
        assert_eq!(
            get(&format!("Expect: 100-Continue\r\n{body}")),
            Ok(("Get a".into(), After::Close))
        );
        assert_eq!(get("Expect: tea\r\n"), Err((417, After::Skip(0))));
        assert_eq!(get(&format!("Expect: tea\r\n{body}")), Err((417, After::Close)));
        let old = checked(&format!(
            "GET /a HTTP/1.0\r\nConnection: keep-alive\r\nExpect: x\r\n{body}\r\n"
        ));
        assert_eq!(old, Ok(("Get a".into(), After::Skip(5))));
    }
}
