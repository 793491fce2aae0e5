//! Lines of an access log, in the Common Log Format; the time is UTC.

use alloc::vec::Vec;
use core::fmt::Write;
use core::net::IpAddr;

use crate::date::LogDate;
use crate::escape::Quoted;
use crate::response::Text;
use crate::status::Status;

/// What is said of a request.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Who asked.
    pub peer: IpAddr,
    /// When it was answered, in seconds since 1970.
    pub now_s: u64,
    /// The first line of the request, as far as it came.
    pub request: &'a [u8],
    /// How it was answered.
    pub status: Status,
    /// Bytes of the body that went out.
    pub sent: u64,
}

impl Line<'_> {
    /// Appends it to `out`, its end included.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let Line { peer, now_s, request, status, sent } = *self;
        let (date, request, code) = (LogDate(now_s), Quoted(request), status.code());
        let mut out = Text(out);
        let _infallible = match sent {
            0 => writeln!(out, "{peer} - - [{date}] \"{request}\" {code} -"),
            _ => writeln!(out, "{peer} - - [{date}] \"{request}\" {code} {sent}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn lines() {
        let line = Line {
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            now_s: 784_111_777,
            request: b"GET /\"\n HTTP/1.1",
            status: Status::OK,
            sent: 12,
        };
        let mut out = Vec::new();
        line.write_to(&mut out);
        Line { sent: 0, request: b"", status: Status::REQUEST_TIMEOUT, ..line }.write_to(&mut out);
        let start = "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000]";
        let text = core::str::from_utf8(&out).expect("ASCII");
        let expected = [r#" "GET /\"\x0a HTTP/1.1" 200 12"#, r#" "" 408 -"#];
        assert!(text.lines().map(|line| line.trim_start_matches(start)).eq(expected), "{text}");
    }
}
