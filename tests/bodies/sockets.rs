//! What a whole program does with sockets. `rt` is the crate `rt` or `rt_main`.
#![allow(
    unused_imports,
    clippy::needless_borrow,
    reason = "std's streams are read by methods of a trait, those of bare programs by their own"
)]

use crate::io::{Read, Write, errno};
use crate::rt::net::{TcpListener, TcpStream, UdpSocket};
use crate::rt::os::unix::net::UnixStream;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const ETIMEDOUT: i32 = 110;
const EBADF: i32 = 9;

/// Turns over TCP, over a pair, and messages; a deadline; a close that wakes.
pub(crate) fn talk() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 64];
        loop {
            match (&stream).read(&mut bytes).unwrap() {
                0 => return,
                len => (&stream).write_all(&bytes[..len]).unwrap(),
            }
        }
    });
    let stream = TcpStream::connect(address).unwrap();
    let (one, other) = UnixStream::pair().unwrap();
    let echo = thread::spawn(move || {
        let mut bytes = [0; 64];
        while let len @ 1.. = (&other).read(&mut bytes).unwrap() {
            (&other).write_all(&bytes[..len]).unwrap();
        }
    });
    for turn in 1..30 {
        let mut bytes = [0; 64];
        (&stream).write_all(&[7; 32][..turn]).unwrap();
        assert_eq!((&stream).read(&mut bytes).unwrap(), turn);
        (&one).write_all(&[8; 32][..turn]).unwrap();
        assert_eq!((&one).read(&mut bytes).unwrap(), turn);
    }
    messages();
    stream.set_read_deadline(Some(Instant::now() + 10 * MS));
    assert_eq!(errno(&(&stream).read(&mut [0]).unwrap_err()), ETIMEDOUT);
    drop((stream, one));
    server.join().unwrap();
    echo.join().unwrap();
    close_wakes();
}

fn messages() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let client = thread::spawn(move || {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        for turn in 0..20 {
            client.send_to(&[9; 32][..turn], address).unwrap();
            assert_eq!(client.recv_from(&mut [0; 64]).unwrap().0, turn);
        }
    });
    for _ in 0..20 {
        let mut bytes = [0; 64];
        let (len, from) = server.recv_from(&mut bytes).unwrap();
        server.send_to(&bytes[..len], from).unwrap();
    }
    client.join().unwrap();
}

fn close_wakes() {
    let listener = alloc::sync::Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let theirs = alloc::sync::Arc::clone(&listener);
    let acceptor = thread::spawn(move || errno(&theirs.accept().unwrap_err()));
    thread::sleep(5 * MS);
    listener.close().unwrap();
    assert_eq!(acceptor.join().unwrap(), EBADF);
}

/// TestNetpollDeadlock: a program ends though goroutines wait for sockets.
pub(crate) fn leave() {
    talk();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    crate::rt::go(move || drop(listener.accept().unwrap()));
    thread::sleep(2 * MS);
}

/// The only goroutine waits, for a socket: that is no deadlock.
pub(crate) fn wait_alone() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(30 * MS)).unwrap();
    for _ in 0..3 {
        assert_eq!(errno(&socket.recv(&mut [0]).unwrap_err()), ETIMEDOUT);
    }
}
