//! Sockets of a std program, as std documents them, and beside std's own. What bare programs have
//! too is in net_ports.rs.
//!
//! # Safety
//! - **calls**: descriptors that are there, or nobody's.
#![allow(unsafe_code, reason = "**calls**: makes sockets of numbers")]

mod common;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use common::sockets::{MS, tcp_pair};
use common::{run, with_procs};
use rt::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use rt::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

#[test]
fn they_are_what_stds_are() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>() {}
    all::<(TcpListener, TcpStream, UdpSocket)>();
    all::<(UnixListener, UnixStream, UnixDatagram)>();
    fn streams<T: Read + Write>() {}
    streams::<TcpStream>();
    streams::<&TcpStream>();
    streams::<UnixStream>();
    streams::<&UnixStream>();
}

#[test]
fn errors_are_of_stds_kinds() {
    with_procs(|| {
        let (one, other) = tcp_pair();
        one.set_read_timeout(Some(MS)).unwrap();
        let kind = |result: std::io::Result<usize>| result.unwrap_err().kind();
        assert_eq!(kind((&one).read(&mut [0])), ErrorKind::TimedOut);
        assert_eq!(kind(one.peek(&mut [0])), ErrorKind::TimedOut);
        let zero = one.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
        let address = other.local_addr().unwrap();
        let none = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::InvalidInput);
        one.set_nonblocking(true).unwrap();
        assert_eq!(kind((&one).read(&mut [0])), ErrorKind::WouldBlock);
        let no_port = TcpStream::connect("127.0.0.1").unwrap_err();
        assert_eq!(no_port.kind(), ErrorKind::InvalidInput);
        let refused = TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let _taken = TcpListener::bind(address).unwrap();
        assert_eq!(TcpListener::bind(address).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(UnixStream::connect("/no/such").unwrap_err().kind(), ErrorKind::NotFound);
        let zero = UnixStream::connect("a\0b").unwrap_err();
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
        one.shutdown(Shutdown::Both).unwrap();
        assert_eq!(kind((&one).write(b"x")), ErrorKind::BrokenPipe);
    });
}

#[test]
fn they_show_themselves_as_stds_do() {
    let (one, _other) = tcp_pair();
    let text = format!("{one:?}");
    let std = std::net::TcpStream::from(one);
    assert_eq!(text, format!("{std:?}"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!("{listener:?}");
    assert_eq!(text, format!("{:?}", std::net::TcpListener::from(listener)));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let text = format!("{udp:?}");
    assert_eq!(text, format!("{:?}", std::net::UdpSocket::from(udp)));
    let (unix, _other) = UnixStream::pair().unwrap();
    let fd = unix.as_raw_fd();
    let shown = format!("UnixStream {{ local: (unnamed), peer: (unnamed), fd: {fd} }}");
    assert_eq!(format!("{unix:?}"), shown);
}

/// A socket changes hands between std and rt, with its timeouts; std's blocks.
#[test]
fn they_become_stds_and_come_back() {
    with_procs(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TcpListener::from(listener);
        let client = rt::thread::spawn(move || {
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(2000 * MS)).unwrap();
            let mut stream = TcpStream::from(stream);
            assert_eq!(stream.read_timeout().unwrap(), Some(2000 * MS));
            let mut bytes = [0; 5];
            stream.read_exact(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        });
        let mut stream = listener.accept().unwrap().0;
        stream.set_write_timeout(Some(1000 * MS)).unwrap();
        let mut std = std::net::TcpStream::from(stream.try_clone().unwrap());
        assert_eq!(std.write_timeout().unwrap(), Some(1000 * MS));
        std.write_all(b"hello").unwrap();
        let mut bytes = [0; 9];
        assert_eq!(stream.read(&mut bytes).unwrap(), 5);
        client.join().unwrap();
    });
}

#[test]
fn what_does_not_block_stays_so() {
    run(|| {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let mut one = UnixStream::from(one);
        assert_eq!(one.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let mut std = std::os::unix::net::UnixStream::from(one);
        assert_eq!(std.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let (one, other) = UnixStream::pair().unwrap();
        let clone = UnixStream::from(one.as_fd().try_clone_to_owned().unwrap());
        let reader = rt::thread::spawn(move || (&clone).read(&mut [0; 9]).unwrap());
        rt::thread::sleep(5 * MS);
        (&other).write_all(b"abc").unwrap();
        assert_eq!(reader.join().unwrap(), 3);
        let mut blocking = std::os::unix::net::UnixStream::from(one);
        let writer = std::thread::spawn(move || {
            std::thread::sleep(20 * MS);
            (&other).write_all(b"x").unwrap();
        });
        assert_eq!(rt::blocking(|| blocking.read(&mut [0; 9])).unwrap(), 1);
        writer.join().unwrap();
    });
}

#[test]
fn a_bad_descriptor_fails_at_its_first_call() {
    // SAFETY: **calls**: nobody has these numbers.
    let (closed, file) =
        unsafe { (TcpStream::from_raw_fd(9999), std::fs::File::open("/").unwrap()) };
    assert_eq!((&closed).read(&mut [0]).unwrap_err().raw_os_error(), Some(libc::EBADF));
    let not_one = TcpStream::from(OwnedFd::from(file));
    assert_eq!((&not_one).read(&mut [0]).unwrap_err().raw_os_error(), Some(libc::ENOTSOCK));
    assert!(not_one.local_addr().is_err());
    std::mem::forget(closed); // the number is nobody's to close
}

#[test]
fn several_slices_at_once() {
    with_procs(|| {
        let (mut one, mut other) = tcp_pair();
        let text = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
        assert_eq!(one.write_vectored(&text).unwrap(), 5);
        let (mut first, mut second) = ([0; 1], [0; 9]);
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(other.read_vectored(&mut slices).unwrap(), 5);
        assert_eq!((&first, &second[..4]), (b"a", &b"bcde"[..]));
        assert_eq!(other.read_vectored(&mut []).unwrap(), 0);
        assert_eq!(one.write_vectored(&[]).unwrap(), 0);
        let writer = rt::thread::spawn(move || {
            rt::thread::sleep(2 * MS);
            one.write_all(b"xyz").unwrap();
            one
        });
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(other.read_vectored(&mut slices).unwrap(), 3);
        drop(writer.join().unwrap());
        assert_eq!(other.read_vectored(&mut [IoSliceMut::new(&mut [0])]).unwrap(), 0);
    });
}

/// The longest path has 108 bytes and no zero behind it. std makes none, but others may.
#[test]
fn the_longest_path() {
    /// Binds the socket to it.
    fn bind(socket: i32, path: &[u8; 108]) {
        // SAFETY: **calls**: an address of its full size.
        unsafe {
            let mut address: libc::sockaddr_un = std::mem::zeroed();
            address.sun_family = libc::AF_UNIX as u16;
            address.sun_path = path.map(|byte| byte as libc::c_char);
            let (at, len) = (&raw const address, size_of_val(&address) as u32);
            assert_eq!(libc::bind(socket, at.cast(), len), 0);
        }
    }
    let folder = std::env::temp_dir().join(format!("rt-net-long-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    run(|| {
        let path = |first: u8| {
            let mut path = folder.as_os_str().as_encoded_bytes().to_vec();
            path.push(b'/');
            path.resize(108, first);
            <[u8; 108]>::try_from(path).unwrap()
        };
        let listener = UnixListener::bind(folder.join("l")).unwrap();
        // SAFETY: **calls**: a new descriptor.
        let client = unsafe {
            let client = libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0);
            std::os::unix::net::UnixStream::from_raw_fd(client)
        };
        bind(client.as_raw_fd(), &path(b'c'));
        // SAFETY: **calls**: an address of its full size.
        unsafe {
            let mut address: libc::sockaddr_un = std::mem::zeroed();
            let mut len = size_of_val(&address) as u32;
            let at = &raw mut address;
            assert_eq!(libc::getsockname(listener.as_raw_fd(), at.cast(), &raw mut len), 0);
            assert_eq!(libc::connect(client.as_raw_fd(), at.cast(), len), 0);
        }
        let (stream, address) = listener.accept().unwrap();
        assert_eq!(address.as_pathname().unwrap().as_os_str().len(), 108);
        assert!(stream.peer_addr().unwrap().as_pathname() == address.as_pathname());

        let receiver = UnixDatagram::bind(folder.join("d")).unwrap();
        let sender = std::os::unix::net::UnixDatagram::unbound().unwrap();
        bind(sender.as_raw_fd(), &path(b's'));
        sender.send_to(b"hello", folder.join("d")).unwrap();
        let (len, address) = receiver.recv_from(&mut [0; 9]).unwrap();
        assert!(len == 5 && address.is_unnamed());
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Unix paths: files that are there until they are removed.
#[test]
fn paths_are_files() {
    let folder = std::env::temp_dir().join(format!("rt-net-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    run(|| {
        let path = folder.join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
        let stream = UnixStream::connect(&path).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*path));
        for stream in (&listener).into_iter().take(1) {
            (&stream.unwrap()).write_all(b"x").unwrap();
        }
        assert_eq!((&stream).read(&mut [0; 9]).unwrap(), 1);
        let to = folder.join("messages");
        let one = UnixDatagram::bind(&to).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"abc", &to).unwrap();
        assert_eq!(one.recv(&mut [0; 9]).unwrap(), 3);
    });
    std::fs::remove_dir_all(folder).unwrap();
}
