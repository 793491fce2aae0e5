//! The bodies of requests: how long they are. RFC 9112, section 6.

use crate::head::Head;
use crate::range::number;
use crate::status::Status;

/// How the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// After so many bytes; without a body: 0.
    Length(u64),
    /// By an empty chunk.
    Chunked,
}

impl Body {
    /// Looks at the fields that say so. What could be understood in two ways is refused, so that
    /// nobody before us sees other requests than we do.
    ///
    /// # Errors
    /// 400 for a length that is none, for two of them, for both a length and a coding, and for a
    /// coding in HTTP/1.0; 501 for another coding than `chunked`.
    pub fn of(head: &Head<'_>) -> Result<Body, Status> {
        let mut codings = head.fields.list("transfer-encoding");
        let is_coded = head.fields.has("transfer-encoding");
        let is_long = head.fields.has("content-length");
        if !is_coded && !is_long {
            return Ok(Body::Length(0));
        }
        if is_coded {
            if is_long || head.is_old {
                return Err(Status::BAD_REQUEST);
            }
            let Some(last) = codings.clone().last() else { return Err(Status::BAD_REQUEST) };
            if !last.eq_ignore_ascii_case(b"chunked") {
                return Err(Status::BAD_REQUEST);
            }
            let is_alone = codings.nth(1).is_none();
            return if is_alone { Ok(Body::Chunked) } else { Err(Status::NOT_IMPLEMENTED) };
        }
        let length = head.fields.only("content-length").and_then(number);
        length.map(Body::Length).ok_or(Status::BAD_REQUEST)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::head::{Parsed, Room, parse};
    use std::format;

    fn body(version: &str, fields: &str) -> Result<Body, Status> {
        let text = format!("POST / {version}\r\n{fields}\r\n");
        let mut room = Room::default();
        let Parsed::Whole(head, _) = parse(text.as_bytes(), &mut room) else { panic!("{text}") };
        Body::of(&head)
    }

    #[test]
    fn lengths_and_codings() {
        for (fields, expected) in [
            ("", Ok(Body::Length(0))),
            ("Content-Length: 12\r\n", Ok(Body::Length(12))),
            ("content-length: 99999999999999999999\r\n", Ok(Body::Length(u64::MAX))),
            ("Transfer-Encoding: Chunked\r\n", Ok(Body::Chunked)),
            ("Content-Length: +1\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 0x1\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length:\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 1, 1\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", Err(Status::BAD_REQUEST)),
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", Err(Status::BAD_REQUEST)),
            ("Transfer-Encoding:\r\n", Err(Status::BAD_REQUEST)),
            ("Transfer-Encoding: chunked, gzip\r\n", Err(Status::BAD_REQUEST)),
            ("Transfer-Encoding: xchunked\r\n", Err(Status::BAD_REQUEST)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(Status::NOT_IMPLEMENTED)),
            (
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                Err(Status::NOT_IMPLEMENTED),
            ),
        ] {
            assert_eq!(body("HTTP/1.1", fields), expected, "{fields:?}");
        }
        assert_eq!(body("HTTP/1.0", "Transfer-Encoding: chunked\r\n"), Err(Status::BAD_REQUEST));
        assert_eq!(body("HTTP/1.0", "Content-Length: 3\r\n"), Ok(Body::Length(3)));
    }
}
