//! `rt-main serve` under requests that are broken at random: each is answered or cut off, never
//! with what lies outside of the root, and good ones are answered all the time.
//!
//! `RT_FUZZ_SECONDS` says for how long, `RT_FUZZ_SEED` where to begin.

use std::net::Shutdown;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use tests::server::{Client, Server};

const SECRET: &str = "this lies outside";
const CLIENTS: u64 = 4;

/// Whole requests to begin with.
const GOOD: &[&str] = &[
    "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /d/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /d?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=1-70000\r\nIf-Range: \"x\"\r\n\r\n",
    "GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\", W/\"y\"\r\nIf-Modified-Since: \
     Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    "PUT /out HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody",
    "GET /out/../../secret HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a/%2e%2e/up/secret HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// What is put into them.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    ":",
    "/",
    "..",
    "%",
    "%2e%2e%2f",
    "%00",
    "\\",
    "\u{e9}",
    "-",
    ",",
    "Host: b\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "Range: bytes=0-\r\n",
    "Range: bytes=-18446744073709551616\r\n",
    "If-Match: *\r\n",
    "Connection: close\r\n",
    "\r\n\r\n",
    "HTTP/1.0",
    "HTTP/2.0",
    "/secret",
    "/up/secret",
    "/out",
    "/pipe",
    "/d/../d/",
    "GET ",
    "HEAD ",
];

/// Numbers that look random and are not. Knuth's linear congruential generator MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a [u8] {
        from[self.below(from.len())].as_bytes()
    }

    /// One to three requests, broken in up to four places.
    fn requests(&mut self) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..=self.below(3)).flat_map(|_| self.pick(GOOD).to_vec()).collect();
        for _ in 0..self.below(5) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            let with = match self.below(5) {
                0 => vec![],
                1 => vec![self.below(256) as u8; 1 + self.below(3)],
                2 => vec![self.below(256) as u8; self.below(20_000)],
                _ => self.pick(PIECES).to_vec(),
            };
            let end = if self.below(2) == 0 { at } else { end };
            bytes.splice(at..end, with);
        }
        bytes
    }
}

/// All responses are whole, and with a status that a file server has.
fn check(mut bytes: &[u8]) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if text(bytes).contains(SECRET) {
        return Err("the secret".to_owned());
    }
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no head")? + 4;
        let (head, rest) = (text(&bytes[..end]), &bytes[end..]);
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status: u16 = status.and_then(|status| status.parse().ok()).ok_or("no status")?;
        if !matches!(status, 200 | 204 | 206 | 301 | 304 | 400..=417 | 431 | 501 | 505) {
            return Err(format!("{status}"));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |length| length.parse().unwrap_or(usize::MAX));
        // The answer to a HEAD has no body.
        let has_body = !rest.is_empty() && !rest.starts_with(b"HTTP/1.1 ");
        bytes = rest.get(if has_body { length } else { 0 }..).ok_or("a part of a body")?;
    }
    Ok(())
}

/// Sends it in one piece or in two, and looks at what comes.
fn throw(random: &mut Random, mut client: Client, bytes: &[u8]) -> Result<(), String> {
    let cut = random.below(bytes.len() + 1);
    client.send(&bytes[..cut]);
    if random.below(4) == 0 {
        thread::yield_now();
    }
    client.send(&bytes[cut..]);
    match random.below(16) {
        0 => return Ok(()), // and goes away
        1 => {}             // and waits for the server to end it
        _ => drop(client.stream.shutdown(Shutdown::Write)),
    }
    check(&client.rest())
}

/// It answers as it should. It is quick to send away who is late, as this test may be: then again.
#[track_caller]
fn expect_well(server: &Server) {
    let ask = || {
        let mut client = server.connect();
        client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.rest()
    };
    let in_time = |answer: &Vec<u8>| !answer.is_empty() && !answer.starts_with(b"HTTP/1.1 408 ");
    let answer = (0..20).map(|_| ask()).find(in_time).expect("an answer in time");
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nhello\n"), "{text}");
}

#[test]
fn broken_requests() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("RT_FUZZ_SECONDS").unwrap_or(1);
    let seed = number("RT_FUZZ_SEED").unwrap_or(1);
    let server = Server::start(&["--header-timeout", "100", "--idle-timeout", "100", "--quiet"]);
    server.write("a.txt", "hello\n");
    server.write("d/b", "b");
    server.write("large", vec![b'x'; 100_000]);
    server.write("../secret", SECRET);
    symlink("../secret", server.path("out")).expect("a link can be made");
    symlink("..", server.path("up")).expect("a link can be made");
    nix::unistd::mkfifo(&server.path("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let end = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for thread in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                let mut count = 0u64;
                while Instant::now() < end || count == 0 {
                    let seed = seed + thread + CLIENTS * count;
                    let mut random = Random(seed);
                    let _first = random.below(1); // those of seeds that are near are alike
                    let bytes = random.requests();
                    throw(&mut random, server.connect(), &bytes).unwrap_or_else(|wrong| {
                        panic!("seed {seed}: {wrong}: {:?}", String::from_utf8_lossy(&bytes))
                    });
                    if count.is_multiple_of(16) {
                        expect_well(server);
                    }
                    count += 1;
                }
                println!("client {thread}: {count} requests");
            });
        }
    });
    expect_well(&server);
}
