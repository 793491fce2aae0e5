//! The heads of responses.

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Range;

use crate::conditional::Validators;
use crate::date::HttpDate;
use crate::escape::{Query, Url};
use crate::path::Path;
use crate::request::ALLOWED;
use crate::status::Status;

/// What a response says of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays open, and says so, which only HTTP/1.0 needs.
    Alive,
    /// It ends.
    Close,
}

/// The head of a response. What is `None` is not said.
#[derive(Clone, Debug)]
#[must_use = "a response is to be written"]
pub struct Response<'a> {
    /// The status.
    pub status: Status,
    /// What becomes of the connection.
    pub keep: Keep,
    /// Seconds since 1970.
    pub now_s: u64,
    /// What the body is.
    pub content_type: Option<&'a str>,
    /// Bytes of the body, also where it is not sent: to HEAD.
    pub length: Option<u64>,
    /// Which state of a file this is.
    pub file: Option<Validators>,
    /// Which bytes of the file these are.
    pub part: Option<Range<u64>>,
    /// The folder, with its slash, that was asked for without.
    pub location: Option<(&'a Path, Option<&'a [u8]>)>,
}

impl<'a> Response<'a> {
    /// One that says nothing but its status.
    pub fn of(status: Status, now_s: u64) -> Response<'a> {
        Response {
            status,
            keep: Keep::Close,
            now_s,
            content_type: None,
            length: None,
            file: None,
            part: None,
            location: None,
        }
    }

    /// Appends it to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let _infallible = self.write(&mut Text(out));
    }

    fn write(&self, out: &mut Text<'_>) -> fmt::Result {
        let Response { status, keep, now_s, .. } = *self;
        write!(out, "HTTP/1.1 {} {}\r\n", status.code(), status.reason())?;
        write!(out, "Date: {}\r\n", HttpDate(now_s))?;
        out.write_str(match keep {
            Keep::Alive => "Connection: keep-alive\r\n",
            Keep::Close => "Connection: close\r\n",
        })?;
        if matches!(status, Status::METHOD_NOT_ALLOWED | Status::NO_CONTENT) {
            write!(out, "Allow: {ALLOWED}\r\n")?;
        }
        if let Some((path, query)) = &self.location {
            write!(out, "Location: /{}/", Url(path.as_bytes()))?;
            if let Some(query) = query {
                write!(out, "?{}", Query(query))?;
            }
            out.write_str("\r\n")?;
        }
        if let Some(file) = &self.file {
            let modified = HttpDate(file.modified_s().min(now_s));
            write!(out, "Last-Modified: {modified}\r\nETag: {file}\r\nAccept-Ranges: bytes\r\n")?;
            match &self.part {
                Some(part) => {
                    let (first, last) = (part.start, part.end - 1);
                    write!(out, "Content-Range: bytes {first}-{last}/{}\r\n", file.size())?;
                }
                None if status == Status::RANGE_NOT_SATISFIABLE => {
                    write!(out, "Content-Range: bytes */{}\r\n", file.size())?;
                }
                None => {}
            }
        }
        if let Some(content_type) = self.content_type {
            write!(out, "Content-Type: {content_type}\r\n")?;
        }
        if let Some(length) = self.length {
            write!(out, "Content-Length: {length}\r\n")?;
        }
        out.write_str("\r\n")
    }
}

/// Bytes that text is appended to.
#[derive(Debug)]
pub struct Text<'a>(pub &'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::String;

    const NOW: u64 = 784_111_777;

    fn text(response: &Response<'_>) -> String {
        let mut out = Vec::new();
        response.write_to(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\r\n\r\n") && text.matches("\r\n\r\n").count() == 1);
        text
    }

    #[test]
    fn of_a_part_of_a_file() {
        let response = Response {
            keep: Keep::Alive,
            content_type: Some("text/plain"),
            length: Some(2),
            file: Some(Validators::of(10, 1, NOW)),
            part: Some(3..5),
            ..Response::of(Status::PARTIAL_CONTENT, NOW)
        };
        let expected = "HTTP/1.1 206 Partial Content\r\n\
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: keep-alive\r\n\
            Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\nETag: \"1-a\"\r\n\
            Accept-Ranges: bytes\r\nContent-Range: bytes 3-4/10\r\n\
            Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(text(&response), expected);
    }

    #[test]
    fn of_errors_and_redirections() {
        let head = |status| text(&Response::of(status, NOW));
        assert!(head(Status::METHOD_NOT_ALLOWED).contains("Allow: GET, HEAD, OPTIONS\r\n"));
        let response = Response {
            file: Some(Validators::of(10, 1, NOW)),
            ..Response::of(Status::RANGE_NOT_SATISFIABLE, NOW)
        };
        assert!(text(&response).contains("Content-Range: bytes */10\r\n"));
        for (target, query, location) in [
            ("/a%20b", Some(&b"c=d"[..]), "/a%20b/?c=d"),
            ("//evil.com/%0d%0aX:%20y", None, "/evil.com/%0D%0AX%3A%20y/"),
        ] {
            let path = Path::decode(target.as_bytes()).unwrap();
            let response = Response {
                location: Some((&path, query)),
                ..Response::of(Status::MOVED_PERMANENTLY, NOW)
            };
            assert!(text(&response).contains(&std::format!("Location: {location}\r\n")));
        }
    }

    #[test]
    fn nothing_is_modified_in_the_future() {
        let file = Some(Validators::of(10, u64::MAX, NOW));
        let response = Response { file, ..Response::of(Status::OK, NOW) };
        assert!(text(&response).contains("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    }
}
