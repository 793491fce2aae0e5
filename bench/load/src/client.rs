//! The client: one thread and an epoll set.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// What is said, and when an answer is whole.
pub(crate) trait Protocol {
    /// A request.
    fn request(&self) -> Vec<u8>;

    /// How long the answer is that begins with `bytes`; `None`: that cannot be told yet.
    fn answer_len(&self, bytes: &[u8]) -> Option<usize>;
}

/// So many bytes come back.
pub(crate) struct Echo(pub(crate) usize);

impl Protocol for Echo {
    fn request(&self) -> Vec<u8> {
        vec![b'x'; self.0]
    }

    fn answer_len(&self, _bytes: &[u8]) -> Option<usize> {
        Some(self.0)
    }
}

/// A GET over a connection that stays, answered with a length.
pub(crate) struct Http;

impl Protocol for Http {
    fn request(&self) -> Vec<u8> {
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_vec()
    }

    fn answer_len(&self, bytes: &[u8]) -> Option<usize> {
        const END: &[u8] = b"\r\n\r\n";
        let head = bytes.windows(END.len()).position(|window| window == END)? + END.len();
        let text = std::str::from_utf8(&bytes[..head]).expect("a head in ASCII");
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
        };
        let length = text.lines().find_map(field).expect("a length").expect("a number");
        Some(head + length)
    }
}

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) port: u16,
    pub(crate) connections: usize,
    /// What is answered so early does not count.
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) took: Duration,
    /// From each request to the last byte of its answer.
    pub(crate) delays: Vec<Duration>,
}

/// A connection with a request under way.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    sent: Instant,
}

impl Load {
    /// Opens all connections; `None` when the server has ended, as `has_ended` says.
    ///
    /// # Panics
    /// When nobody listens for 10 s.
    pub(crate) fn connect(&self, mut has_ended: impl FnMut() -> bool) -> Option<Vec<TcpStream>> {
        let start = Instant::now();
        let mut streams = Vec::new();
        while streams.len() < self.connections {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => {
                    stream.set_nodelay(true).expect("a TCP socket");
                    stream.set_nonblocking(true).expect("a socket");
                    streams.push(stream);
                }
                Err(_) if has_ended() => return None,
                Err(error) => {
                    assert!(start.elapsed() < Duration::from_secs(10), "connect: {error}");
                    sleep(Duration::from_millis(5));
                }
            }
        }
        Some(streams)
    }

    /// Sends and receives until the time is over.
    ///
    /// # Panics
    /// When an answer is wrong, or none comes for 5 s.
    pub(crate) fn run(&self, streams: Vec<TcpStream>, protocol: impl Protocol) -> Done {
        let set = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("an epoll set");
        let request = protocol.request();
        let mut connections = Vec::new();
        for (number, mut stream) in streams.into_iter().enumerate() {
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
            set.add(&stream, EpollEvent::new(flags, number as u64)).expect("room in the set");
            stream.write_all(&request).expect("room for a request");
            connections.push(Connection { stream, answer: Vec::new(), sent: Instant::now() });
        }
        let start = Instant::now() + self.warm;
        let end = start + self.measured;
        let mut delays = Vec::with_capacity(4 << 20);
        let mut events = [EpollEvent::empty(); 256];
        let mut now = Instant::now();
        while now < end {
            let count = set.wait(&mut events, EpollTimeout::from(5000_u16)).expect("epoll_wait");
            assert_ne!(count, 0, "no answer for 5 s");
            for event in &events[..count] {
                let connection = &mut connections[event.data() as usize];
                if !connection.receive(&protocol) {
                    continue;
                }
                now = Instant::now();
                if now >= start {
                    delays.push(now - connection.sent);
                }
                connection.sent = now;
                connection.stream.write_all(&request).expect("room for a request");
            }
        }
        Done { took: now - start, delays }
    }
}

impl Connection {
    /// Takes in what has come. True: that was the rest of an answer.
    fn receive(&mut self, protocol: &impl Protocol) -> bool {
        let mut bytes = [0; 4096];
        let count = match self.stream.read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            count => count.expect("an answer"),
        };
        assert_ne!(count, 0, "the server has closed");
        self.answer.extend_from_slice(&bytes[..count]);
        let is_whole = protocol.answer_len(&self.answer).is_some_and(|len| {
            assert!(self.answer.len() <= len, "more than was asked for");
            len == self.answer.len()
        });
        if is_whole {
            self.answer.clear();
        }
        is_whole
    }
}
