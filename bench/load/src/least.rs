//! The least server: what the kernel takes by itself, and no more.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// The listener's number; connections have theirs.
const LISTENER: u64 = u64::MAX;

/// Answers each piece that comes in by one write, for ever.
pub(crate) fn serve(listener: TcpListener, answer: fn(&[u8], &mut Vec<u8>)) {
    let set = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("an epoll set");
    set.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER)).expect("room in the set");
    let mut streams: Vec<Option<TcpStream>> = Vec::new();
    let mut events = [EpollEvent::empty(); 256];
    let (mut bytes, mut out) = ([0; 4096], Vec::new());
    loop {
        let count = set.wait(&mut events, EpollTimeout::NONE).expect("epoll_wait");
        for event in &events[..count] {
            if event.data() == LISTENER {
                let (stream, _from) = listener.accept().expect("a connection");
                stream.set_nodelay(true).expect("a TCP socket");
                stream.set_nonblocking(true).expect("a socket");
                let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
                let number = streams.len() as u64;
                set.add(&stream, EpollEvent::new(flags, number)).expect("room in the set");
                streams.push(Some(stream));
                continue;
            }
            let place = &mut streams[event.data() as usize];
            let Some(stream) = place else { continue };
            out.clear();
            let lives = match stream.read(&mut bytes) {
                Ok(0) | Err(_) => false,
                Ok(len) => {
                    answer(&bytes[..len], &mut out);
                    stream.write_all(&out).is_ok()
                }
            };
            if !lives {
                *place = None;
            }
        }
    }
}

/// Says the same.
pub(crate) fn echo(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
}

/// Greets whoever ends a head.
pub(crate) fn hello(bytes: &[u8], out: &mut Vec<u8>) {
    const END: &[u8] = b"\r\n\r\n";
    for _head in bytes.windows(END.len()).filter(|window| *window == END) {
        out.extend_from_slice(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\
              date: Mon, 23 Nov 2026 09:00:00 GMT\r\n\r\nHello, World!",
        );
    }
}
