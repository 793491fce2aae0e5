//! Any bytes at all go through all of it: nothing panics, no path leads above the root, no answer
//! can be taken for two. `RT_FUZZ_SECONDS` says for how long; without it some thousand cases.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rt_http::access::Line;
use rt_http::conditional::{Validators, Verdict, judge};
use rt_http::head::{self, HEAD_MAX, Parsed, Room};
use rt_http::range::Asked;
use rt_http::request::{After, BODY_MAX, Request};
use rt_http::response::Response;
use rt_http::status::Status;

/// What requests are made of, and what breaks them.
const PIECES: &[&str] = &[
    "GET ",
    "HEAD ",
    "OPTIONS ",
    "POST ",
    "PRI * ",
    "/",
    "*",
    "/..",
    "%2e%2e%2f",
    "%00",
    "%",
    "\\",
    "http://a",
    "?q",
    " HTTP/1.1\r\n",
    " HTTP/1.0\r\n",
    " HTTP/2.0\r\n",
    " HTTP/1.1\n",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\t",
    " ",
    ":",
    ",",
    "\"",
    "Host: a\r\n",
    "Host:\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 1, 2\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: 100-continue\r\n",
    "Expect: x\r\n",
    "Range: bytes=",
    "Range: bytes=0-0\r\n",
    "Range: bytes=-1\r\n",
    "If-None-Match: ",
    "If-Match: W/\"",
    "If-None-Match: *\r\n",
    "If-Range: \"a\"\r\n",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    "If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n",
    "If-Range: Sun Nov  6 08:49:37 1994\r\n",
    "18446744073709551616",
    "-",
    "0",
    "1",
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
        1 => (any::<u8>(), 0..2000usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

/// Some of it with a beginning that is good.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![Just("GET /a HTTP/1.1\r\nHost: a\r\n"), Just("GET /"), Just("")];
    let end = prop_oneof![Just("\r\n\r\n"), Just("\r\n"), Just("")];
    (start, proptest::collection::vec(piece(), 0..40), end).prop_map(|(start, pieces, end)| {
        [start.as_bytes(), &pieces.concat(), end.as_bytes()].concat()
    })
}

fn held(condition: bool) -> Result<(), TestCaseError> {
    prop_assert!(condition);
    Ok(())
}

fn all_of_it(bytes: &[u8], now_s: u64, size: u64) -> Result<(), TestCaseError> {
    let mut room = Room::default();
    let (head, len) = match head::parse(bytes, &mut room) {
        Parsed::Partial => return held(bytes.len() < HEAD_MAX),
        Parsed::Refused(status) => return held((400..=505).contains(&status.code())),
        Parsed::Whole(head, len) => (head, len),
    };
    prop_assert!(len <= bytes.len() && len <= HEAD_MAX);
    let request = match Request::of(&head) {
        Ok(request) => request,
        Err(refusal) => return held((400..=505).contains(&refusal.status.code())),
    };
    prop_assert!(!matches!(request.after, After::Skip(len) if len > BODY_MAX));
    let path = request.path.as_bytes();
    let leads_down = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
    prop_assert!(path.is_empty() || path.split(|&byte| byte == b'/').all(leads_down));
    let file = Validators::of(size, now_s.saturating_mul(1_000_000_000), now_s);
    let verdict = judge(request.fields, request.method, &file, now_s);
    let part = match verdict {
        Verdict::Send(Asked::Part(part)) => Some(part),
        _ => None,
    };
    prop_assert!(part.as_ref().is_none_or(|part| part.start < part.end && part.end <= size));
    let location = Some((&request.path, request.query));
    let file = Some(file);
    let mut out = Vec::new();
    Response { part, location, file, ..Response::of(Status::OK, now_s) }.write_to(&mut out);
    let ends = out.windows(4).filter(|four| four == b"\r\n\r\n").count();
    prop_assert_eq!(ends, 1, "one head, and nothing behind it");
    prop_assert!(out.iter().all(|byte| byte.is_ascii_graphic() || b" \r\n".contains(byte)));
    let request = head::first_line(bytes).unwrap_or_default();
    let (peer, mut line) = ([127, 0, 0, 1].into(), Vec::new());
    Line { peer, now_s, request, status: Status::OK, sent: size }.write_to(&mut line);
    prop_assert_eq!(line.iter().filter(|byte| **byte < b' ').count(), 1, "its end");
    Ok(())
}

#[test]
fn any_bytes() {
    let seconds = std::env::var("RT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let config = Config { cases: 3000, failure_persistence: None, ..Config::default() };
    let mut rounds = 0;
    loop {
        let mut runner = TestRunner::new(config.clone()); // it counts its cases once
        let case = (input(), any::<u64>(), any::<u64>());
        let ran = runner.run(&case, |(bytes, now_s, size)| all_of_it(&bytes, now_s, size));
        ran.unwrap_or_else(|error| panic!("{error}"));
        rounds += 1;
        if Instant::now() >= end {
            break;
        }
    }
    println!("{rounds} rounds of 3000 cases");
}

/// Each piece at each place of a good request.
#[test]
fn every_piece_everywhere() {
    let good = b"GET /a%20b?c HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\nIf-Range: \"b\"\r\n\r\n";
    for piece in PIECES {
        for at in 0..=good.len() {
            let (start, end) = good.split_at(at);
            let bytes = [start, piece.as_bytes(), end].concat();
            all_of_it(&bytes, 784_111_777, 1000)
                .unwrap_or_else(|error| panic!("{error}: {bytes:?}"));
        }
    }
}
