//! After a short read the next one waits without trying first: so nothing that could be read must
//! be there without an event to come. Each way in which it could.

use alloc::sync::Arc;
use alloc::vec;

use super::*;
use crate::rt::net::{Shutdown, SocketAddr, UdpSocket};

/// Reads once, into more room than is needed.
fn short(mut stream: &TcpStream) -> usize {
    stream.read(&mut [0; 64]).unwrap()
}

/// A connection whose reader has waited once, and so is known to the poller.
fn known_pair() -> (TcpStream, TcpStream) {
    let (one, other) = tcp_pair();
    one.set_read_timeout(Some(MS)).unwrap();
    assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
    one.set_read_timeout(Some(PATIENCE)).unwrap();
    (one, other)
}

/// Turns: each read is short, and what comes next is an event.
fn turns() {
    let (one, other) = known_pair();
    for len in (1..40).chain(1..40) {
        (&other).write_all(&pattern(len)).unwrap();
        assert_eq!(short(&one), len);
    }
}

/// Reads as long as what there is, longer, and shorter.
fn reads_of_each_length() {
    let (one, other) = known_pair();
    for len in 1..20 {
        (&other).write_all(&pattern(10)).unwrap();
        let (mut bytes, mut got) = (vec![0; len], 0);
        while got < 10 {
            got += (&one).read(&mut bytes).unwrap();
        }
        assert_eq!(got, 10);
    }
}

/// The end comes with the last bytes, before them, or after the short read.
fn ends_are_seen() {
    for wait_first in [false, true] {
        let (one, other) = known_pair();
        (&other).write_all(b"last").unwrap();
        if wait_first {
            assert_eq!(short(&one), 4);
            other.shutdown(Shutdown::Write).unwrap();
        } else {
            other.shutdown(Shutdown::Write).unwrap();
            assert_eq!(short(&one), 4);
        }
        assert_eq!((short(&one), short(&one)), (0, 0));
        let (one, other) = known_pair();
        (&other).write_all(b"last").unwrap();
        drop(other);
        assert_eq!((short(&one), short(&one), short(&one)), (4, 0, 0));
    }
}

/// A reset comes after a short read.
fn resets_are_seen() {
    let (one, other) = known_pair();
    (&one).write_all(b"unread").unwrap();
    (&other).write_all(b"x").unwrap();
    assert_eq!(short(&one), 1);
    drop(other);
    let read = (&one).read(&mut [0; 64]).map_err(|error| errno(&error));
    assert_eq!(read, Err(ECONNRESET));
    assert_eq!(short(&one), 0);
}

/// A look at what is there neither takes it nor hides it.
fn peeks() {
    let (one, other) = known_pair();
    for _ in 0..3 {
        (&other).write_all(b"abcdef").unwrap();
        assert_eq!(one.peek(&mut [0; 64]).unwrap(), 6);
        assert_eq!(one.peek(&mut [0; 3]).unwrap(), 3);
        assert_eq!((&one).read(&mut [0; 2]).unwrap(), 2);
        assert_eq!(one.peek(&mut [0; 64]).unwrap(), 4);
        assert_eq!(short(&one), 4);
    }
    let peeking = Arc::new(one);
    let both = waiting(3, |_| {
        let peeking = Arc::clone(&peeking);
        move || peeking.peek(&mut [0; 64]).unwrap()
    });
    (&other).write_all(b"abc").unwrap();
    assert_eq!(join_all(both), [3, 3, 3]);
    assert_eq!(short(&peeking), 3);
}

/// TestZeroByteRead: a read of nothing returns at once, and takes no event away.
fn reads_of_nothing() {
    let (one, other) = known_pair();
    assert_eq!((&one).read(&mut []).unwrap(), 0);
    assert_eq!((&one).write(&[]).unwrap(), 0);
    (&other).write_all(b"abc").unwrap();
    assert_eq!((&one).read(&mut []).unwrap(), 0);
    assert_eq!(short(&one), 3);
    assert_eq!((&one).read(&mut []).unwrap(), 0);
    (&other).write_all(b"d").unwrap();
    assert_eq!(short(&one), 1);
}

/// Handles of one socket take turns; each has its own idea of whether there is something.
fn clones_read_in_turn() {
    let (one, other) = known_pair();
    let clone = one.try_clone().unwrap();
    clone.set_read_timeout(Some(MS)).unwrap();
    assert_eq!(fails((&clone).read(&mut [0; 9])), ETIMEDOUT);
    clone.set_read_timeout(Some(PATIENCE)).unwrap();
    for round in 0..8 {
        (&other).write_all(b"abcdef").unwrap();
        let (first, second) = if round % 2 == 0 { (&one, &clone) } else { (&clone, &one) };
        assert_eq!((&*first).read(&mut [0; 2]).unwrap(), 2);
        assert_eq!(short(second), 4);
    }
    // Each waits, and one of them gets it.
    let sockets = [one, clone].map(Arc::new);
    let readers = waiting(2, |number| {
        let socket = Arc::clone(&sockets[number]);
        move || short(&socket)
    });
    (&other).write_all(b"a").unwrap();
    wait_until("one of them reads", || readers.iter().any(JoinHandle::is_finished));
    (&other).write_all(b"b").unwrap();
    assert_eq!(join_all(readers), [1, 1]);
}

/// Calls that do not wait, in between.
fn calls_that_do_not_wait() {
    let (one, other) = known_pair();
    for _ in 0..3 {
        one.set_nonblocking(true).unwrap();
        assert_eq!(fails((&one).read(&mut [0; 9])), EAGAIN);
        (&other).write_all(b"abcdef").unwrap();
        wait_until("it is there", || one.peek(&mut [0; 9]).is_ok());
        assert_eq!((&one).read(&mut [0; 2]).unwrap(), 2);
        one.set_nonblocking(false).unwrap();
        assert_eq!(short(&one), 4);
        (&other).write_all(b"g").unwrap();
        assert_eq!(short(&one), 1);
    }
}

/// Two and more readers of one socket: each byte is read once, none is left behind.
fn many_readers() {
    const READERS: usize = 4;
    let (one, other) = known_pair();
    let one = Arc::new(one);
    let readers = waiting(READERS, |number| {
        let one = Arc::clone(&one);
        move || {
            let (mut bytes, mut sum) = (vec![0; 1 + 7 * number], 0);
            loop {
                match (&*one).read(&mut bytes).unwrap() {
                    0 => return sum,
                    len => sum += bytes[..len].iter().map(|b| usize::from(*b)).sum::<usize>(),
                }
            }
        }
    });
    let mut sent = 0;
    for round in 0..rounds(400) {
        let bytes = pattern(1 + round % 61);
        sent += bytes.iter().map(|b| usize::from(*b)).sum::<usize>();
        (&other).write_all(&bytes).unwrap();
        if round % 5 == 0 {
            thread::yield_now();
        }
    }
    drop(other);
    assert_eq!(join_all(readers).iter().sum::<usize>(), sent);
}

/// TestMutexStress: two readers and two writers on each end lose nothing.
fn readers_and_writers_on_both_ends() {
    let (one, other) = tcp_pair();
    let ends = [Arc::new(one), Arc::new(other)];
    let total = rounds(200) * 1000;
    let mut started = Vec::new();
    for end in &ends {
        for _ in 0..2 {
            let (to, from) = (Arc::clone(end), Arc::clone(end));
            started.push(thread::spawn(move || {
                for _ in 0..total / 1000 {
                    (&*to).write_all(&[1; 1000]).unwrap();
                }
                0
            }));
            started.push(thread::spawn(move || {
                let (mut bytes, mut count) = ([0; 777], 0);
                while let len @ 1.. = (&*from).read(&mut bytes).unwrap() {
                    count += len;
                }
                count
            }));
        }
    }
    let (readers, writers): (Vec<_>, Vec<_>) =
        started.into_iter().enumerate().partition(|(at, _)| at % 2 == 1);
    join_all(writers.into_iter().map(|(_, writer)| writer));
    ends.iter().for_each(|end| end.shutdown(Shutdown::Write).unwrap());
    let counts = join_all(readers.into_iter().map(|(_, reader)| reader));
    assert_eq!(counts.iter().sum::<usize>(), 4 * total);
}

/// The end comes with the last bytes: who reads those short takes it from nobody who waits.
fn all_readers_see_the_end() {
    const READERS: usize = 3;
    for _ in 0..rounds(400) {
        let (one, other) = tcp_pair();
        one.set_read_timeout(Some(PATIENCE)).unwrap();
        let one = Arc::new(one);
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let one = Arc::clone(&one);
                thread::spawn(move || {
                    let (mut bytes, mut count) = ([0; 100], 0);
                    while let len @ 1.. = (&*one).read(&mut bytes).unwrap() {
                        count += len;
                    }
                    count
                })
            })
            .collect();
        for _ in 0..READERS {
            (&other).write_all(&[1; 10]).unwrap();
            thread::yield_now();
        }
        drop(other);
        assert_eq!(join_all(readers).iter().sum::<usize>(), 10 * READERS);
    }
}

/// Messages of no bytes are messages, and say nothing of the next one.
fn empty_messages() {
    let (one, address) = udp();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        for message in [&b""[..], b"abc", b"", b"", b"d"] {
            other.send_to(message, address).unwrap();
        }
        wait_until("the first", || one.peek(&mut [0; 9]).unwrap() == 0);
        let lens = [0; 5].map(|_: i32| one.recv(&mut [0; 64]).unwrap());
        assert_eq!(lens, [0, 3, 0, 0, 1]);
    }
}

fn udp() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(MS)).unwrap();
    assert_eq!(fails(socket.recv(&mut [0; 9])), ETIMEDOUT);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A message that is cut, and one for whom the room is none at all.
fn messages_are_cut() {
    let (one, address) = udp();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    for message in [&b"abcdef"[..], b"ghi", b"j"] {
        other.send_to(message, address).unwrap();
    }
    let mut bytes = [0; 2];
    assert_eq!((one.recv(&mut bytes).unwrap(), &bytes), (2, b"ab"));
    assert_eq!(one.recv(&mut []).unwrap(), 0);
    assert_eq!((one.recv(&mut bytes).unwrap(), bytes[0]), (1, b'j'));
}

/// A writer that has filled the room goes on when there is some, whoever reads how much at a time.
fn writers_go_on() {
    for part in [100, 5000, 1 << 20] {
        let (one, other) = tcp_pair();
        let sent = fill(&one);
        let writer = thread::spawn(move || (&one).write_all(&pattern(1 << 20)).unwrap());
        let (mut bytes, mut got) = (vec![0; part], 0);
        while let len @ 1.. = (&other).read(&mut bytes).unwrap() {
            got += len;
        }
        writer.join().unwrap();
        assert_eq!(got, sent + (1 << 20));
    }
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("turns", turns),
    ("reads_of_each_length", reads_of_each_length),
    ("ends_are_seen", ends_are_seen),
    ("resets_are_seen", resets_are_seen),
    ("peeks", peeks),
    ("reads_of_nothing", reads_of_nothing),
    ("clones_read_in_turn", clones_read_in_turn),
    ("calls_that_do_not_wait", calls_that_do_not_wait),
    ("many_readers", many_readers),
    ("readers_and_writers_on_both_ends", readers_and_writers_on_both_ends),
    ("all_readers_see_the_end", all_readers_see_the_end),
    ("empty_messages", empty_messages),
    ("messages_are_cut", messages_are_cut),
    ("writers_go_on", writers_go_on),
];
