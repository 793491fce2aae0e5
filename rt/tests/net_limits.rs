//! Sockets at the limits of a machine: full queues, no more descriptors, thousands of connections.
//!
//! # Safety
//! - **calls**: plain C.
#![allow(unsafe_code, reason = "**calls**: what no safe API offers")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

use common::sockets::{MS, made_known, tcp_pair};
use common::{run, wait_until, with_procs};
use rt::net::{TcpListener, TcpStream, UdpSocket};
use rt::os::unix::net::{UnixListener, UnixStream};

/// TestNetpollBreak: who waits for descriptors until a late deadline is woken for an earlier one.
#[test]
fn a_wait_is_broken_for_an_earlier_deadline() {
    with_procs(|| {
        let (one, _other) = tcp_pair();
        one.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let one = std::sync::Arc::new(one);
        let late = std::sync::Arc::clone(&one);
        let reader = rt::thread::spawn(move || (&*late).read(&mut [0; 9]).unwrap_err());
        rt::thread::sleep(20 * MS);
        let start = Instant::now();
        rt::thread::sleep(10 * MS);
        assert!(start.elapsed() < Duration::from_secs(5));
        one.close().unwrap();
        reader.join().unwrap();
    });
}

/// A connect to a listener whose queue is full takes its time only.
#[test]
fn a_connect_takes_its_time_only() {
    with_procs(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        rt_os::sys::socket::listen(listener.as_raw_fd(), 0).unwrap();
        let queued: Vec<_> =
            std::iter::repeat_with(|| TcpStream::connect_timeout(&address, 20 * MS))
                .take_while(Result::is_ok)
                .take(10)
                .collect();
        assert!(!queued.is_empty() && queued.len() < 10);
        let start = Instant::now();
        let error = TcpStream::connect_timeout(&address, 30 * MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() >= 30 * MS);
    });
}

/// A clone of a listener that is given away has nobody wait in the kernel.
#[test]
fn a_clone_of_a_listener_is_given_away() {
    with_procs(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let given = OwnedFd::from(listener.try_clone().unwrap());
        listener.set_deadline(Some(Instant::now() + 20 * MS));
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::TimedOut);
        let given = std::net::TcpListener::from(given);
        assert_eq!(given.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(given);
        let last = TcpListener::bind("127.0.0.1:0").unwrap();
        let last = std::net::TcpListener::from(last);
        let flags = rt_os::sys::epoll::is_nonblocking(last.as_raw_fd());
        assert_eq!(flags, Ok(false), "as others expect");
    });
}

/// A connect to a Unix listener whose queue is full waits until it is not.
#[test]
fn a_unix_connect_waits_for_room() {
    use std::os::linux::net::SocketAddrExt;
    with_procs(|| {
        let name = format!("rt-test-full-{}", std::process::id());
        let name = std::os::unix::net::SocketAddr::from_abstract_name(name).unwrap();
        let listener = UnixListener::bind_addr(&name).unwrap();
        rt_os::sys::socket::listen(listener.as_raw_fd(), 0).unwrap();
        let first = UnixStream::connect_addr(&name).unwrap();
        let second = rt::thread::spawn(move || UnixStream::connect_addr(&name).unwrap());
        rt::thread::sleep(10 * MS);
        assert!(!second.is_finished());
        let accepted = listener.accept().unwrap();
        let connected = second.join().unwrap();
        drop((first, accepted, connected, listener.accept().unwrap()));
    });
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// accept says that there are too many files, and goes on when there are fewer.
#[test]
fn too_many_files() {
    let Some(output) = common::in_a_child("too_many_files") else {
        return run(accept_without_descriptors);
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn accept_without_descriptors() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (one, _other) = tcp_pair();
    let _known = made_known(one);
    let limit = descriptors() as u64 + 20;
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: **calls**: a whole limit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    let mut held = Vec::new();
    let error = loop {
        match TcpStream::connect(address) {
            Ok(stream) => held.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
    assert_eq!(listener.accept().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    assert_eq!(listener.accept().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    assert_eq!(held[0].try_clone().unwrap_err().raw_os_error(), Some(libc::EMFILE));
    held.truncate(held.len() - 2);
    drop(listener.accept().unwrap());
    drop(listener.accept().unwrap());
}

/// Ten thousand connections, one after the other, leave nothing behind.
#[test]
fn connections_leave_nothing_behind() {
    let Some(output) = common::in_a_child("connections_leave_nothing_behind") else {
        return run(short_connections);
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn short_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = rt::thread::spawn(move || {
        loop {
            let (stream, _) = listener.accept().unwrap();
            let (mut first, handled) = ([0], rt::sync::mpsc::channel());
            rt::go(move || {
                let len = (&stream).read(&mut first).unwrap();
                (&stream).write_all(&first[..len]).unwrap();
                handled.0.send(len).unwrap();
            });
            if handled.1.recv().unwrap() == 0 {
                return;
            }
        }
    });
    let connect = |count| {
        for _ in 0..count {
            let stream = TcpStream::connect(address).unwrap();
            (&stream).write_all(b"x").unwrap();
            assert_eq!((&stream).read(&mut [0; 9]).unwrap(), 1);
        }
    };
    connect(500);
    let before = (descriptors(), resident_kib());
    connect(10_000);
    wait_until(|| descriptors() <= before.0);
    let after = resident_kib();
    assert!(after < before.1 + 4096, "{} KiB grew to {after}", before.1);
    drop(TcpStream::connect(address).unwrap());
    server.join().unwrap();
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What is given to exec(2) is none of ours.
#[test]
fn descriptors_are_closed_at_exec() {
    let (one, other) = tcp_pair();
    let (unix, _peer) = UnixStream::pair().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let clone = listener.try_clone().unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let fds = [one.into_raw_fd(), other.into_raw_fd(), unix.into_raw_fd(), udp.into_raw_fd()];
    let fds = fds.into_iter().chain([listener.into_raw_fd(), clone.into_raw_fd()]);
    for fd in fds {
        assert_eq!(rt_os::sys::file::getfd(fd), Ok(libc::FD_CLOEXEC));
        rt_os::sys::file::close(fd);
    }
}
