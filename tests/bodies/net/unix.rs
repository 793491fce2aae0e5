//! Sockets on this machine.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;

use super::*;
use crate::io::abstract_name;
use crate::rt::net::Shutdown;
use crate::rt::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};

/// A name of its own.
fn name() -> SocketAddr {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name: String = format!("rt-test-{:x}-{}", nonce(), COUNT.fetch_add(1, SeqCst));
    abstract_name(&name)
}

/// A number that no other process has: of a port that is in use as long as it runs.
fn nonce() -> u16 {
    static LISTENER: crate::rt::sync::OnceLock<TcpListener> = crate::rt::sync::OnceLock::new();
    LISTENER.get_or_init(listener).local_addr().unwrap().port()
}

/// std: a pair talks, ends, and has no names.
fn pairs() {
    let (one, other) = UnixStream::pair().unwrap();
    assert!(one.local_addr().unwrap().is_unnamed() && one.peer_addr().unwrap().is_unnamed());
    (&one).write_all(b"hello").unwrap();
    let mut bytes = [0; 9];
    assert_eq!((&other).read(&mut bytes).unwrap(), 5);
    other.set_read_timeout(Some(5 * MS)).unwrap();
    assert_eq!(fails((&other).read(&mut bytes)), ETIMEDOUT);
    other.set_read_timeout(None).unwrap();
    let clone = other.try_clone().unwrap();
    let reader = waiting(1, |_| {
        let mut clone = clone.try_clone().unwrap();
        move || clone.read(&mut [0; 9]).unwrap()
    });
    (&one).write_all(b"abc").unwrap();
    assert_eq!(join_all(reader), [3]);
    one.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&other).read(&mut bytes).unwrap(), 0);
    assert_eq!(fails((&one).write(b"x")), EPIPE);
}

/// Turns of short reads, and a writer that fills the room.
fn streams() {
    let (one, other) = UnixStream::pair().unwrap();
    let writer = thread::spawn(move || {
        for len in 1..30 {
            (&one).write_all(&pattern(len)).unwrap();
            assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
        }
        (&one).write_all(&pattern(1 << 20)).unwrap();
    });
    let mut bytes = vec![0; 100];
    for len in 1..30 {
        assert_eq!((&other).read(&mut bytes).unwrap(), len);
        (&other).write_all(b"x").unwrap();
    }
    let mut got = 0;
    while let len @ 1.. = (&other).read(&mut bytes).unwrap() {
        got += len;
    }
    assert_eq!(got, 1 << 20);
    writer.join().unwrap();
}

/// std: a listener with a name; `close` wakes who accepts.
fn listeners() {
    let name = name();
    let listener = Arc::new(UnixListener::bind_addr(&name).unwrap());
    let acceptor = waiting(1, |_| {
        let listener = Arc::clone(&listener);
        move || {
            let (stream, from) = listener.accept().unwrap();
            assert!(from.is_unnamed());
            (&stream).write_all(b"hi").unwrap();
            fails(listener.accept())
        }
    });
    let stream = UnixStream::connect_addr(&name).unwrap();
    assert_eq!((&stream).read(&mut [0; 9]).unwrap(), 2);
    thread::sleep(5 * MS);
    listener.close().unwrap();
    assert_eq!(join_all(acceptor), [EBADF]);
    drop(listener);
    assert_eq!(fails(UnixStream::connect_addr(&name)), ECONNREFUSED);
    assert!(UnixStream::connect("/no/such/socket").is_err());
    assert!(UnixListener::bind("/no/such/folder/socket").is_err());
}

/// std: messages between names, and between a pair.
fn datagrams() {
    let (to_one, to_other) = (name(), name());
    let one = UnixDatagram::bind_addr(&to_one).unwrap();
    let other = UnixDatagram::bind_addr(&to_other).unwrap();
    let mut bytes = [0; 9];
    one.send_to_addr(b"abc", &to_other).unwrap();
    let (len, from) = other.recv_from(&mut bytes).unwrap();
    assert_eq!((len, format!("{from:?}")), (3, format!("{to_one:?}")));
    other.connect_addr(&to_one).unwrap();
    other.send(b"defg").unwrap();
    assert_eq!(one.recv(&mut bytes).unwrap(), 4);
    let unbound = UnixDatagram::unbound().unwrap();
    assert_eq!(fails(unbound.send(b"x")), ENOTCONN);
    unbound.send_to_addr(b"", &to_one).unwrap();
    let (len, from) = one.recv_from(&mut bytes).unwrap();
    assert!(len == 0 && from.is_unnamed());
    let (one, other) = UnixDatagram::pair().unwrap();
    one.send(b"pair").unwrap();
    assert_eq!(other.recv(&mut bytes).unwrap(), 4);
    assert!(one.send_to(b"x", "/no/such/socket").is_err());
}

/// A sender waits while its receiver has too many, also when all of them are others' messages.
fn a_receiver_is_full() {
    let to_one = name();
    let one = UnixDatagram::bind_addr(&to_one).unwrap();
    let crowd = UnixDatagram::unbound().unwrap();
    crowd.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while crowd.send_to_addr(b"crowd", &to_one).is_ok() {
        sent += 1;
    }
    let late = UnixDatagram::unbound().unwrap();
    late.set_write_timeout(Some(10 * MS)).unwrap();
    assert_eq!(fails(late.send_to_addr(b"late", &to_one)), ETIMEDOUT);
    late.set_write_timeout(None).unwrap();
    let connected = UnixDatagram::unbound().unwrap();
    connected.connect_addr(&to_one).unwrap();
    let target = to_one.clone();
    let senders = waiting(2, |number| {
        let (late, connected) = (late.try_clone().unwrap(), connected.try_clone().unwrap());
        let target = target.clone();
        move || match number {
            0 => late.send_to_addr(b"late", &target).unwrap(),
            _ => connected.send(b"late").unwrap(),
        }
    });
    assert!(senders.iter().all(|sender| !sender.is_finished()));
    for _ in 0..sent + 2 {
        assert!(one.recv(&mut [0; 9]).unwrap() > 3);
    }
    assert_eq!(join_all(senders), [4, 4]);
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("pairs", pairs),
    ("streams", streams),
    ("listeners", listeners),
    ("datagrams", datagrams),
    ("a_receiver_is_full", a_receiver_is_full),
];
