//! Connections: how they come about, and their options.

use alloc::sync::Arc;

use super::*;
use crate::rt::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address where nobody listens.
fn nobodys() -> SocketAddr {
    listener().local_addr().unwrap()
}

/// std: each address is tried, and the last error counts.
fn each_address_is_tried() {
    let listener = listener();
    let good = listener.local_addr().unwrap();
    let stream = TcpStream::connect(&[nobodys(), good][..]).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), good);
    assert_eq!(fails(TcpStream::connect(&[nobodys(), nobodys()][..])), ECONNREFUSED);
    assert_eq!(fails(TcpStream::connect_timeout(&nobodys(), PATIENCE)), ECONNREFUSED);
    assert!(TcpStream::connect(&[][..]).is_err());
    let nowhere = SocketAddr::from(([192, 0, 2, 1], 1)); // nobody's network, RFC 5737
    let both = TcpListener::bind(&[nowhere, SocketAddr::from(([127, 0, 0, 1], 0))][..]).unwrap();
    assert_eq!(both.local_addr().unwrap().ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert!(TcpListener::bind(good).is_err(), "it is taken");
}

/// Addresses in each form.
fn forms_of_addresses() {
    let listener = listener();
    let port = listener.local_addr().unwrap().port();
    let text = alloc::format!("127.0.0.1:{port}");
    TcpStream::connect(text.as_str()).unwrap();
    TcpStream::connect(&text).unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    TcpStream::connect((IpAddr::V4(Ipv4Addr::LOCALHOST), port)).unwrap();
    TcpStream::connect(("localhost", port)).unwrap();
    assert!(TcpStream::connect("127.0.0.1").is_err());
    assert!(TcpStream::connect("no-such-host.invalid:1").is_err());
}

fn ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return }; // a machine without it
    let address = listener.local_addr().unwrap();
    assert!(address.is_ipv6());
    let one = TcpStream::connect(address).unwrap();
    let (other, from) = listener.accept().unwrap();
    assert_eq!(from, one.local_addr().unwrap());
    (&one).write_all(b"six").unwrap();
    assert_eq!((&other).read(&mut [0; 9]).unwrap(), 3);
}

/// std: what is set is there.
fn options() {
    let (one, _other) = tcp_pair();
    one.set_nodelay(true).unwrap();
    assert!(one.nodelay().unwrap());
    one.set_nodelay(false).unwrap();
    assert!(!one.nodelay().unwrap());
    one.set_ttl(77).unwrap();
    assert_eq!(one.ttl().unwrap(), 77);
    one.set_linger(Some(3000 * MS)).unwrap();
    assert_eq!(one.linger().unwrap(), Some(3000 * MS));
    one.set_linger(None).unwrap();
    assert_eq!(one.linger().unwrap(), None);
    assert!(one.take_error().unwrap().is_none());
    let listener = listener();
    listener.set_ttl(78).unwrap();
    assert_eq!(listener.ttl().unwrap(), 78);
    assert!(listener.take_error().unwrap().is_none());
    assert_eq!(fails(TcpStream::connect_timeout(&nobodys(), Duration::ZERO)), EINVAL);
}

/// std: `accept` says EAGAIN when asked to; connections come in order of `incoming`.
fn listeners() {
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(fails(listener.accept()), EAGAIN);
    listener.set_nonblocking(false).unwrap();
    let address = listener.local_addr().unwrap();
    let clone = listener.try_clone().unwrap();
    assert_eq!(clone.local_addr().unwrap(), address);
    let dialer = thread::spawn(move || {
        let streams = [0; 3].map(|_| TcpStream::connect(address).unwrap());
        for (number, mut stream) in (0u8..).zip(&streams) {
            stream.write_all(&[number]).unwrap();
        }
        streams
    });
    let mut numbers = Vec::new();
    for stream in clone.incoming().take(3) {
        let mut byte = [0];
        (&stream.unwrap()).read_exact(&mut byte).unwrap();
        numbers.push(byte[0]);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2]);
    dialer.join().unwrap();
}

/// TestTCPConcurrentAccept: many take connections of one listener.
fn many_accept() {
    let listener = Arc::new(listener());
    let address = listener.local_addr().unwrap();
    let acceptors = waiting(10, |_| {
        let listener = Arc::clone(&listener);
        move || {
            let mut count = 0;
            while let Ok((stream, _)) = listener.accept() {
                (&stream).write_all(b"!").unwrap();
                count += 1;
            }
            count
        }
    });
    for _ in 0..100 {
        let stream = TcpStream::connect(address).unwrap();
        assert_eq!((&stream).read(&mut [0; 9]).unwrap(), 1);
    }
    listener.close().unwrap();
    assert_eq!(join_all(acceptors).iter().sum::<usize>(), 100);
}

/// TestTCPSpuriousConnSetupCompletion: a connect is never said to be done before it is.
fn connected_means_connected() {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        for stream in listener.incoming() {
            if (&stream.unwrap()).read(&mut [0; 1]).unwrap() == 0 {
                return;
            }
        }
    });
    let dialers: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                for _ in 0..rounds(250) {
                    let stream = TcpStream::connect(address).unwrap();
                    assert_eq!(stream.peer_addr().unwrap(), address);
                    (&stream).write_all(b"x").unwrap();
                }
            })
        })
        .collect();
    join_all(dialers);
    for _ in 0..rounds(100) {
        assert_eq!(fails(TcpStream::connect(nobodys())), ECONNREFUSED);
    }
    drop(TcpStream::connect(address).unwrap());
    server.join().unwrap();
}

/// TestEndlessWrite: a writer whose other side does not read waits, and ends by its deadline.
fn an_endless_write() {
    let (one, other) = tcp_pair();
    one.set_write_deadline(Some(Instant::now() + 50 * MS));
    let (bytes, mut sent) = (pattern(8192), 0);
    let error = loop {
        match (&one).write(&bytes) {
            Ok(len) => sent += len,
            Err(error) => break errno(&error),
        }
    };
    assert_eq!(error, ETIMEDOUT);
    drop(one);
    assert_eq!(read_all(&other).len(), sent);
}

/// A connection that nobody made has no other side.
fn not_connected() {
    let (one, other) = tcp_pair();
    drop(other);
    assert_eq!((&one).read(&mut [0; 9]).unwrap(), 0);
    drop(one);
    let listener = listener();
    let connecting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    drop(listener); // with a connection that was not accepted: it is reset
    let read = (&connecting).read(&mut [0; 9]).map_err(|error| errno(&error));
    assert!(matches!(read, Ok(0) | Err(ECONNRESET)), "{read:?}");
    assert_eq!(fails(connecting.peer_addr()), ENOTCONN);
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("each_address_is_tried", each_address_is_tried),
    ("forms_of_addresses", forms_of_addresses),
    ("ipv6", ipv6),
    ("options", options),
    ("listeners", listeners),
    ("many_accept", many_accept),
    ("connected_means_connected", connected_means_connected),
    ("an_endless_write", an_endless_write),
    ("not_connected", not_connected),
];
