//! ureq: an HTTP client in plain blocking code, many requests at once on goroutines.
//!
//! `fetch http://127.0.0.1:8080/ 100` asks a hundred times at once, and says how many got 200.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};

use rt::net::TcpStream;
use rt::thread;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Timeout};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, count] = &arguments[..] else { return Err("usage: fetch URL COUNT".into()) };
    let count = count.parse()?;
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe { rt::run(|| fetch(url, count)) }
}

fn fetch(url: &str, count: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
    let agent = Agent::with_parts(Default::default(), Sockets, DefaultResolver::default());
    let requests: Vec<_> = (0..count)
        .map(|_| {
            let (agent, url) = (agent.clone(), url.to_string());
            thread::spawn(move || agent.get(url).call()?.body_mut().read_to_string())
        })
        .collect();
    let mut texts = Vec::new();
    for request in requests {
        texts.push(request.join().expect("a request does not panic")?);
    }
    let good = texts.len();
    texts.dedup();
    println!("{good} answers: {}", texts.concat().trim_end());
    Ok(())
}

/// Connects goroutines' sockets.
#[derive(Debug)]
struct Sockets;

impl Connector for Sockets {
    type Out = Socket;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<Socket>, ureq::Error> {
        let address = details.addrs.first().ok_or(ureq::Error::HostNotFound)?;
        let stream = match details.timeout.not_zero() {
            Some(time) => TcpStream::connect_timeout(address, *time),
            None => TcpStream::connect(address),
        };
        let stream = stream.map_err(|error| timed_out(error, details.timeout.reason))?;
        stream.set_nodelay(details.config.no_delay())?;
        let (input, output) =
            (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Socket { stream, buffers: LazyBuffers::new(input, output) }))
    }
}

/// A goroutine's socket, with ureq's buffers.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    buffers: LazyBuffers,
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.set_write_timeout(timeout.not_zero().map(|time| *time))?;
        let written = self.stream.write_all(&self.buffers.output()[..amount]);
        written.map_err(|error| timed_out(error, timeout.reason))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.set_read_timeout(timeout.not_zero().map(|time| *time))?;
        let read = self.stream.read(self.buffers.input_append_buf());
        let amount = read.map_err(|error| timed_out(error, timeout.reason))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Something to read between two requests is an end, or what nobody has asked for.
    fn is_open(&mut self) -> bool {
        let is_quiet = |stream: &TcpStream| {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            io::Result::Ok(peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock))
        };
        is_quiet(&self.stream).unwrap_or(false)
    }
}

fn timed_out(error: io::Error, reason: Timeout) -> ureq::Error {
    match error.kind() {
        ErrorKind::TimedOut => ureq::Error::Timeout(reason),
        _ => error.into(),
    }
}
