//! Ends: of a socket, of a direction, of the other side.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::*;
use crate::rt::net::{Shutdown, UdpSocket};

/// TestCloseUnblocksRead, TestMutexCloseUnblock: a close wakes all who wait.
fn close_wakes_readers() {
    let (one, other) = tcp_pair();
    let one = Arc::new(one);
    let readers = waiting(4, |_| {
        let one = Arc::clone(&one);
        move || fails((&*one).read(&mut [0; 9]))
    });
    one.close().unwrap();
    assert_eq!(join_all(readers), [EBADF; 4]);
    assert_eq!((&other).read(&mut [0; 9]).unwrap(), 0, "the other side sees the end");
}

/// TestCloseUnblocksReadUDP.
fn close_wakes_receivers() {
    let udp = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let receivers = waiting(2, |_| {
        let udp = Arc::clone(&udp);
        move || fails(udp.recv_from(&mut [0; 9]))
    });
    udp.close().unwrap();
    assert_eq!(join_all(receivers), [EBADF; 2]);
}

/// A close wakes a writer whose other side reads nothing.
fn close_wakes_writers() {
    let (one, _other) = tcp_pair();
    let one = Arc::new(one);
    fill(&one);
    let writers = waiting(2, |_| {
        let one = Arc::clone(&one);
        move || fails((&*one).write_all(&[0; 1 << 20]))
    });
    one.close().unwrap();
    assert_eq!(join_all(writers), [EBADF; 2]);
}

/// TestListenerClose: a close wakes who accepts, and nobody connects any more.
fn a_listener_closes() {
    let listener = Arc::new(listener());
    let address = listener.local_addr().unwrap();
    let acceptors = waiting(3, |_| {
        let listener = Arc::clone(&listener);
        move || fails(listener.accept())
    });
    listener.close().unwrap();
    assert_eq!(fails(listener.close()), EBADF);
    assert_eq!(join_all(acceptors), [EBADF; 3]);
    assert_eq!(fails(listener.accept()), EBADF);
    assert_eq!(fails(TcpStream::connect(address)), ECONNREFUSED);
}

/// TestConnClose, TestMutexClose: after a close everything is refused, also a second one.
fn all_is_refused_after_a_close() {
    let (one, _other) = tcp_pair();
    one.close().unwrap();
    assert_eq!(fails(one.close()), EBADF);
    assert_eq!(fails((&one).read(&mut [0; 9])), EBADF);
    assert_eq!(fails((&one).write(b"x")), EBADF);
    assert_eq!(fails(one.peek(&mut [0; 9])), EBADF);
    one.set_nonblocking(true).unwrap();
    assert_eq!(fails((&one).read(&mut [0; 9])), EBADF);
    assert_eq!(fails((&one).write(b"x")), EBADF);
}

/// The other handles of a socket go on when one is closed, or dropped.
fn clones_go_on() {
    let (one, other) = tcp_pair();
    let clone = one.try_clone().unwrap();
    let third = clone.try_clone().unwrap();
    one.close().unwrap();
    assert_eq!(fails((&one).write(b"x")), EBADF);
    (&clone).write_all(b"1").unwrap();
    drop(clone);
    drop(one);
    (&third).write_all(b"2").unwrap();
    drop(third);
    assert_eq!(read_all(&other), b"12");
}

/// TestCloseWrite: the other side reads all, then the end, and can still send.
fn half_closed() {
    let (one, other) = tcp_pair();
    let sender = thread::spawn(move || {
        (&one).write_all(&pattern(300_000)).unwrap();
        one.shutdown(Shutdown::Write).unwrap();
        assert_eq!(fails((&one).write(b"x")), EPIPE);
        assert_eq!(read_all(&one), b"thanks");
    });
    assert_eq!(read_all(&other), pattern(300_000));
    assert_eq!((&other).read(&mut [0; 9]).unwrap(), 0, "the end stays");
    (&other).write_all(b"thanks").unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    sender.join().unwrap();
}

/// TestCloseRead: who ends its reading reads the end at once, also one who waits.
fn shutdown_wakes_the_reader() {
    let (one, other) = tcp_pair();
    let one = Arc::new(one);
    let readers = waiting(2, |_| {
        let one = Arc::clone(&one);
        move || (&*one).read(&mut [0; 9]).unwrap()
    });
    one.shutdown(Shutdown::Read).unwrap();
    assert_eq!(join_all(readers), [0, 0]);
    assert_eq!((&*one).read(&mut [0; 9]).unwrap(), 0);
    (&*one).write_all(b"still").unwrap();
    one.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&other), b"still");
}

/// Who ends its writing cannot write, also one who waits for room.
fn shutdown_wakes_the_writer() {
    let (one, _other) = tcp_pair();
    let one = Arc::new(one);
    fill(&one);
    let writer = waiting(1, |_| {
        let one = Arc::clone(&one);
        move || fails((&*one).write_all(&[0; 1 << 20]))
    });
    one.shutdown(Shutdown::Write).unwrap();
    assert_eq!(join_all(writer), [EPIPE]);
}

/// The other side's reset wakes a reader and a writer, and each later call tells.
fn a_reset_wakes_all() {
    let (one, other) = tcp_pair();
    let one = Arc::new(one);
    fill(&one);
    let reader = waiting(1, |_| {
        let one = Arc::clone(&one);
        move || (&*one).read(&mut [0; 9]).map_err(|error| errno(&error))
    });
    let writer = waiting(1, |_| {
        let one = Arc::clone(&one);
        move || fails((&*one).write_all(&[0; 1 << 20]))
    });
    drop(other); // what it has not read makes it a reset
    let (read, wrote) = (join_all(reader), join_all(writer));
    assert!(matches!(read[0], Ok(0) | Err(ECONNRESET)), "{read:?}");
    assert!(matches!(wrote[0], EPIPE | ECONNRESET), "{wrote:?}");
    assert!(matches!((&*one).read(&mut [0; 9]).map_err(|e| errno(&e)), Ok(0) | Err(ECONNRESET)));
    assert!(matches!(fails((&*one).write(b"x")), EPIPE | ECONNRESET));
}

/// TestFileCloseRace: descriptors are used again at once, and nobody is told what was another's.
fn numbers_are_used_again() {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let churn = thread::spawn(move || {
        while !theirs.load(SeqCst) {
            let (one, other) = tcp_pair();
            one.set_read_timeout(Some(MS / 10)).unwrap();
            assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
            (&other).write_all(b"churn").unwrap();
        }
    });
    for round in 0..rounds(100) {
        let (one, other) = tcp_pair();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4];
            (&other).read_exact(&mut bytes).unwrap();
            (u32::from_ne_bytes(bytes), (&other).read(&mut [0; 9]).unwrap())
        });
        thread::yield_now();
        (&one).write_all(&(round as u32).to_ne_bytes()).unwrap();
        drop(one);
        assert_eq!(reader.join().unwrap(), (round as u32, 0));
    }
    stop.store(true, SeqCst);
    churn.join().unwrap();
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("close_wakes_readers", close_wakes_readers),
    ("close_wakes_receivers", close_wakes_receivers),
    ("close_wakes_writers", close_wakes_writers),
    ("a_listener_closes", a_listener_closes),
    ("all_is_refused_after_a_close", all_is_refused_after_a_close),
    ("clones_go_on", clones_go_on),
    ("half_closed", half_closed),
    ("shutdown_wakes_the_reader", shutdown_wakes_the_reader),
    ("shutdown_wakes_the_writer", shutdown_wakes_the_writer),
    ("a_reset_wakes_all", a_reset_wakes_all),
    ("numbers_are_used_again", numbers_are_used_again),
];
