//! Where the kernel ends a read early, or a descriptor is shared in ways that the poller does not
//! see: nobody waits for what is there. After a short read the next one waits without trying first.
//!
//! # Safety
//! - **calls**: plain C, on descriptors and buffers that are there.
#![allow(unsafe_code, reason = "**calls**: what no safe API offers")]

mod common;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::time::Instant;

use common::sockets::{MS, PATIENCE, made_known, tcp_pair};
use common::{on_a_thread_with_procs, run, with_procs};
use rt::net::{Shutdown, TcpStream};
use rt::os::unix::net::UnixStream;

fn option(fd: i32, level: i32, name: i32, value: i32) {
    rt_os::sys::socket::set_int(fd, level, name, value).unwrap();
}

/// A read ends at urgent data; what is behind it is read too, whether the mark is seen or not.
#[test]
fn urgent_data_keeps_nobody_waiting() {
    fn urgent(stream: &TcpStream) {
        // SAFETY: **calls**.
        let sent =
            unsafe { libc::send(stream.as_raw_fd(), c"!".as_ptr().cast(), 1, libc::MSG_OOB) };
        assert_eq!(sent, 1);
    }
    with_procs(|| {
        for (inline, known) in [(0, false), (0, true), (1, false), (1, true)] {
            let (one, other) = tcp_pair();
            let one = if known { made_known(one) } else { one };
            option(one.as_raw_fd(), libc::SOL_SOCKET, libc::SO_OOBINLINE, inline);
            for _ in 0..3 {
                (&other).write_all(b"before").unwrap();
                urgent(&other);
                (&other).write_all(b"after").unwrap();
                let (wanted, mut got) = (11 + inline as usize, 0);
                while got < wanted {
                    got += (&one).read(&mut [0; 64]).unwrap();
                }
                assert_eq!(got, wanted);
                urgent(&other); // alone
                (&other).write_all(b"x").unwrap();
                let mut got = 0;
                while got < 1 + inline as usize {
                    got += (&one).read(&mut [0; 64]).unwrap();
                }
            }
            drop(other);
            assert_eq!((&one).read(&mut [0; 9]).unwrap(), 0);
        }
    });
}

/// A call takes 1024 slices at most: what is behind those, or has room, is not waited for.
#[test]
fn more_slices_than_a_call_takes() {
    const COUNT: usize = 2000;
    with_procs(|| {
        let (one, other) = tcp_pair();
        let (one, mut other) = (made_known(one), made_known(other));
        let reader = rt::thread::spawn(move || {
            let (mut bytes, mut got) = ([0; COUNT], 0);
            while got < COUNT {
                let mut slices: Vec<_> = bytes.chunks_mut(1).map(IoSliceMut::new).collect();
                got += (&one).read_vectored(&mut slices).unwrap();
            }
            one
        });
        rt::thread::sleep(MS); // it waits
        other.write_all(&[1; COUNT]).unwrap();
        let one = reader.join().unwrap();
        other.set_nonblocking(true).unwrap();
        while other.write(&[1; 1 << 12]).is_ok() {}
        other.set_nonblocking(false).unwrap();
        other.set_write_timeout(PATIENCE).unwrap();
        let slices = vec![IoSlice::new(b"x"); COUNT];
        let writer = rt::thread::spawn(move || {
            let mut left = COUNT;
            while left > 0 {
                left -= (&other).write_vectored(&slices[..left]).unwrap();
            }
        });
        rt::thread::sleep(MS);
        while (&one).read(&mut [0; 1 << 12]).unwrap() != 0 {}
        writer.join().unwrap();
    });
}

/// std lets one read messages as a stream is read: a short one says nothing of the next.
#[test]
fn messages_that_are_read_as_a_stream() {
    with_procs(|| {
        for vectored in [false, true] {
            let mut fds = [0; 2];
            // SAFETY: **calls**: room for two.
            let made = unsafe {
                libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, &raw mut fds[0])
            };
            assert_eq!(made, 0);
            // SAFETY: **calls**: new descriptors.
            let [mut one, mut other] = fds.map(|fd| unsafe { UnixStream::from_raw_fd(fd) });
            one.set_read_timeout(Some(MS)).unwrap();
            assert_eq!(one.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
            one.set_read_timeout(PATIENCE).unwrap();
            for message in [&b"one"[..], b"two", b"3"] {
                other.write_all(message).unwrap();
            }
            let mut bytes = [0; 64];
            let lens = [(); 3].map(|()| match vectored {
                true => one.read_vectored(&mut [IoSliceMut::new(&mut bytes)]).unwrap(),
                false => one.read(&mut bytes).unwrap(),
            });
            assert_eq!(lens, [3, 3, 1]);
        }
    });
}

/// A read of a Unix stream ends where descriptors came with the bytes, or another's credentials.
#[test]
fn descriptors_in_between_keep_nobody_waiting() {
    with_procs(|| {
        for vectored in [false, true] {
            let (one, other) = UnixStream::pair().unwrap();
            one.set_read_timeout(Some(MS)).unwrap();
            assert_eq!((&one).read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
            one.set_read_timeout(PATIENCE).unwrap();
            for _ in 0..3 {
                send_with_descriptor(&other, b"with");
                (&other).write_all(b"without").unwrap();
                let (mut bytes, mut got) = ([0; 64], 0);
                while got < 11 {
                    got += if vectored {
                        (&one).read_vectored(&mut [IoSliceMut::new(&mut bytes)]).unwrap()
                    } else {
                        (&one).read(&mut bytes).unwrap()
                    };
                }
            }
            option(one.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PASSCRED, 1);
            (&other).write_all(b"a").unwrap();
            assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
            (&other).write_all(b"b").unwrap();
            assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
        }
    });
}

/// SCM_RIGHTS, unix(7): descriptor 0 goes along.
fn send_with_descriptor(stream: &UnixStream, bytes: &[u8]) {
    let mut slice =
        libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut space = [0u64; 8];
    // SAFETY: **calls**: zero is a message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (&raw mut slice, 1);
    message.msg_control = space.as_mut_ptr().cast();
    // SAFETY: **calls**: arithmetic.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(4) } as usize;
    // SAFETY: **calls**: the space is there.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(4) as usize;
        libc::CMSG_DATA(header).cast::<i32>().write(0);
        assert!(libc::sendmsg(stream.as_raw_fd(), &raw const message, 0) > 0);
    }
}

/// With a low-water mark nothing is reported below it; the end is.
#[test]
fn low_water_marks() {
    with_procs(|| {
        let (one, other) = tcp_pair();
        let one = made_known(one);
        option(one.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, 10);
        let writer = rt::thread::spawn(move || {
            for part in [&b"12345"[..], b"67890", b"123"] {
                (&other).write_all(part).unwrap();
                rt::thread::sleep(2 * MS);
            }
        });
        let mut got = 0;
        while let len @ 1.. = (&one).read(&mut [0; 64]).unwrap() {
            got += len;
        }
        assert_eq!(got, 13);
        writer.join().unwrap();
    });
}

/// A descriptor that was registered, lives on elsewhere, and comes back under its old number.
#[test]
fn a_number_comes_back_with_its_file() {
    run(|| {
        let (one, other) = UnixStream::pair().unwrap();
        one.set_read_timeout(Some(MS)).unwrap();
        assert_eq!((&one).read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
        // SAFETY: **calls**: numbers of ours; the socket is not told.
        let (number, again) = unsafe {
            let number = raw(&one);
            let elsewhere = libc::dup(number);
            drop(one);
            let again = libc::dup2(elsewhere, number);
            libc::close(elsewhere);
            (number, again)
        };
        assert_eq!(number, again);
        // SAFETY: **calls**: it is ours.
        let one = unsafe { UnixStream::from_raw_fd(number) };
        one.set_read_timeout(PATIENCE).unwrap();
        let reader = rt::thread::spawn(move || (&one).read(&mut [0; 9]).unwrap());
        rt::thread::sleep(5 * MS);
        (&other).write_all(b"abc").unwrap();
        assert_eq!(reader.join().unwrap(), 3);
    });
}

/// The number, without asking for it.
fn raw(stream: &UnixStream) -> i32 {
    let text = format!("{stream:?}");
    let digits = text.rsplit("fd: ").next().unwrap().trim_end_matches(" }");
    digits.parse().unwrap()
}

/// Goroutines and plain threads wait for one socket; all of it is read, all of them end.
#[test]
fn threads_and_goroutines_share_a_socket() {
    on_a_thread_with_procs(|| {
        let (one, other) = tcp_pair();
        let one = std::sync::Arc::new(one);
        let read = |one: std::sync::Arc<TcpStream>| {
            let mut count = 0;
            while let len @ 1.. = (&*one).read(&mut [0; 7]).unwrap() {
                count += len;
            }
            count
        };
        let plain: Vec<_> = (0..2)
            .map(|_| std::sync::Arc::clone(&one))
            .map(|one| std::thread::spawn(move || read(one)))
            .collect();
        let goroutines: Vec<_> = (0..2)
            .map(|_| std::sync::Arc::clone(&one))
            .map(|one| rt::thread::spawn(move || read(one)))
            .collect();
        for _ in 0..200 {
            (&other).write_all(&[1; 31]).unwrap();
        }
        other.shutdown(Shutdown::Write).unwrap();
        let mut sum: usize = plain.into_iter().map(|one| one.join().unwrap()).sum();
        sum += goroutines.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
        assert_eq!(sum, 200 * 31);
    });
}

#[test]
fn in_a_blocking_call() {
    with_procs(|| {
        let (one, other) = tcp_pair();
        let writer = rt::thread::spawn(move || {
            rt::thread::sleep(2 * MS);
            (&other).write_all(b"abc").unwrap();
        });
        assert_eq!(rt::blocking(|| (&one).read(&mut [0; 9])).unwrap(), 3);
        writer.join().unwrap();
    });
}

/// A close wakes a plain thread, and a deadline does within a moment.
#[test]
fn a_plain_thread_is_woken() {
    let (one, _other) = tcp_pair();
    let one = std::sync::Arc::new(one);
    let read = |one: &std::sync::Arc<TcpStream>| {
        let one = std::sync::Arc::clone(one);
        std::thread::spawn(move || (&*one).read(&mut [0; 9]).unwrap_err())
    };
    let reader = read(&one);
    std::thread::sleep(10 * MS);
    one.set_read_deadline(Some(Instant::now()));
    assert_eq!(reader.join().unwrap().kind(), ErrorKind::TimedOut);
    one.set_read_deadline(None);
    let reader = read(&one);
    std::thread::sleep(10 * MS);
    one.close().unwrap();
    assert_eq!(reader.join().unwrap().raw_os_error(), Some(libc::EBADF));
}
