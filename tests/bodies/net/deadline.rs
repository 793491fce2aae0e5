//! Deadlines and timeouts.

use alloc::sync::Arc;
use alloc::vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::rt::net::UdpSocket;

/// TestReadTimeout, TestWriteTimeout, TestAcceptTimeout: a time that is over fails at once, a short
/// one after it, again and again; and nothing is read.
fn past_and_short_times() {
    let (listener, (one, _other)) = (listener(), tcp_pair());
    fill(&one);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for after in [Duration::ZERO, Duration::from_nanos(1), MS, 20 * MS] {
        for _ in 0..2 {
            let start = Instant::now();
            let when = Some(start + after);
            one.set_deadline(when);
            listener.set_deadline(when);
            udp.set_read_deadline(when);
            for _ in 0..2 {
                assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
                assert!(start.elapsed() >= after);
                assert_eq!(fails((&one).write(&[0; 9])), ETIMEDOUT);
                assert_eq!(fails(one.peek(&mut [0; 9])), ETIMEDOUT);
                assert_eq!(fails(listener.accept()), ETIMEDOUT);
                assert_eq!(fails(udp.recv(&mut [0; 9])), ETIMEDOUT);
                assert_eq!(fails(udp.recv_from(&mut [0; 9])), ETIMEDOUT);
            }
            assert!(start.elapsed() < PATIENCE);
        }
    }
}

/// TestReadTimeoutMustNotReturn, TestAcceptTimeoutMustNotReturn: a deadline that was taken back
/// ends nothing.
fn a_deadline_is_taken_back() {
    let (one, other) = tcp_pair();
    let (one, listener) = (Arc::new(one), Arc::new(listener()));
    one.set_read_deadline(Some(Instant::now() + 20 * MS));
    listener.set_deadline(Some(Instant::now() + 20 * MS));
    one.set_read_deadline(None);
    listener.set_deadline(None);
    let (mine, yours) = (Arc::clone(&one), Arc::clone(&listener));
    let reader = waiting(1, |_| {
        let mine = Arc::clone(&mine);
        move || (&*mine).read(&mut [0; 9]).unwrap()
    });
    let acceptor = waiting(1, |_| {
        let yours = Arc::clone(&yours);
        move || drop(yours.accept().unwrap())
    });
    one.set_read_deadline(Some(Instant::now() + 40 * MS));
    one.set_read_deadline(None); // under way, too
    thread::sleep(80 * MS);
    assert!(!reader[0].is_finished() && !acceptor[0].is_finished());
    (&other).write_all(b"x").unwrap();
    let _connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(join_all(reader), [1]);
    join_all(acceptor);
}

/// TestAcceptTimeoutMustReturn: a deadline ends a call that began without.
fn a_deadline_ends_calls_under_way() {
    let listener = Arc::new(listener());
    let acceptors = waiting(3, |_| {
        let listener = Arc::clone(&listener);
        move || fails(listener.accept())
    });
    let start = Instant::now();
    listener.set_deadline(Some(start + 30 * MS));
    assert_eq!(join_all(acceptors), [ETIMEDOUT; 3]);
    assert!(start.elapsed() >= 30 * MS);
}

/// TestReadTimeoutFluctuation, TestReadFromTimeoutFluctuation: short times, one after the other,
/// neither end early nor take for ever.
fn short_times_in_a_row() {
    let (one, _other) = tcp_pair();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..10 {
        let start = Instant::now();
        one.set_read_deadline(Some(start + 5 * MS));
        assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
        let middle = Instant::now();
        udp.set_read_deadline(Some(middle + 5 * MS));
        assert_eq!(fails(udp.recv(&mut [0; 9])), ETIMEDOUT);
        assert!(middle - start >= 5 * MS && middle.elapsed() >= 5 * MS);
        assert!(start.elapsed() < PATIENCE);
    }
}

/// TestVariousDeadlines: whoever reads what never ends is stopped by its deadline, however short.
fn various_deadlines() {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut writers = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            let mut first = [0];
            if (&stream).read(&mut first).unwrap() == 0 {
                break;
            }
            writers.push(thread::spawn(move || {
                let bytes = [7; 16 << 10];
                while (&stream).write_all(&bytes).is_ok() {}
            }));
        }
        join_all(writers);
    });
    for ns in [1, 2, 5, 50, 200, 500, 750, 1_000, 5_000, 25_000, 250_000, 500_000] {
        let stream = TcpStream::connect(address).unwrap();
        (&stream).write_all(b"x").unwrap();
        reads_until(&stream, Duration::from_nanos(ns));
    }
    for ms in [1, 5, 25, 50, 100] {
        let stream = TcpStream::connect(address).unwrap();
        (&stream).write_all(b"x").unwrap();
        reads_until(&stream, ms * MS);
    }
    drop(TcpStream::connect(address).unwrap());
    server.join().unwrap();
}

/// Reads until the time is over.
fn reads_until(mut stream: &TcpStream, time: Duration) {
    let start = Instant::now();
    stream.set_read_deadline(Some(start + time));
    let mut bytes = vec![0; 4 << 10];
    loop {
        match stream.read(&mut bytes) {
            Ok(len) => assert!(len > 0 && start.elapsed() < PATIENCE),
            Err(error) => break assert_eq!(errno(&error), ETIMEDOUT),
        }
    }
    assert!(start.elapsed() >= time);
}

/// TestReadWriteDeadlineRace: deadlines of 2 µs, set while others read and write, and a close.
fn deadlines_race_with_calls() {
    let (one, other) = tcp_pair();
    let one = Arc::new(one);
    type Call = fn(&TcpStream) -> Result<usize, Error>;
    let calls: [Call; 2] =
        [|mut stream| stream.read(&mut [0; 1]), |mut stream| stream.write(&[0; 1])];
    let callers: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let one = Arc::clone(&one);
            thread::spawn(move || {
                loop {
                    match call(&one).map_err(|error| errno(&error)) {
                        Ok(_) | Err(ETIMEDOUT) => {}
                        Err(error) => break assert_eq!(error, EBADF),
                    }
                }
            })
        })
        .collect();
    for round in 0..rounds(1000) {
        one.set_deadline(Some(Instant::now() + 2 * MS / 1000));
        if round % 16 == 0 {
            thread::yield_now();
        }
    }
    one.close().unwrap();
    join_all(callers);
    drop(other);
}

/// TestReadWriteProlongedTimeout: a deadline that moves on with each call never strikes, and
/// nothing is lost.
fn a_deadline_that_moves_on() {
    let (one, other) = tcp_pair();
    let prolong = |stream: &TcpStream| stream.set_deadline(Some(Instant::now() + PATIENCE));
    let echo = thread::spawn(move || {
        let mut bytes = [0; 64];
        loop {
            prolong(&other);
            let len = (&other).read(&mut bytes).unwrap();
            if len == 0 {
                return;
            }
            prolong(&other);
            (&other).write_all(&bytes[..len]).unwrap();
        }
    });
    let mut bytes = [0; 5];
    for round in 0..rounds(200) {
        prolong(&one);
        (&one).write_all(&[round as u8; 5]).unwrap();
        prolong(&one);
        (&one).read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, [round as u8; 5]);
    }
    drop(one);
    echo.join().unwrap();
}

/// TestConcurrentSetDeadline: many move the deadlines of many sockets earlier and earlier.
fn deadlines_set_by_many() {
    const SETTERS: usize = 8;
    let pairs: Arc<Vec<_>> = Arc::new((0..8).map(|_| tcp_pair()).collect());
    let end = Instant::now() + PATIENCE;
    let setters: Vec<_> = (0..SETTERS)
        .map(|_| {
            let pairs = Arc::clone(&pairs);
            thread::spawn(move || {
                for step in 0..rounds(100) as u32 {
                    for (one, other) in pairs.iter() {
                        one.set_read_deadline(Some(end - step * 100 * MS));
                        other.set_deadline(Some(end - step * 100 * MS));
                    }
                }
                for (one, _) in pairs.iter() {
                    one.set_read_deadline(Some(Instant::now()));
                }
            })
        })
        .collect();
    for (one, _) in pairs.iter() {
        assert_eq!(fails((&*one).read(&mut [0; 9])), ETIMEDOUT);
    }
    join_all(setters);
}

/// TestReadTimeoutUnblocksRead: a deadline in the past, set by another, ends a read at once.
fn a_past_deadline_wakes() {
    let (one, _other) = tcp_pair();
    let one = Arc::new(one);
    let readers = waiting(2, |_| {
        let one = Arc::clone(&one);
        move || fails((&*one).read(&mut [0; 9]))
    });
    one.set_read_deadline(Some(Instant::now()));
    assert_eq!(join_all(readers), [ETIMEDOUT; 2]);
}

/// std: a timeout counts for each call anew, and none of zero can be set.
fn timeouts() {
    let (one, other) = tcp_pair();
    assert_eq!(one.read_timeout().unwrap(), None);
    assert_eq!(one.write_timeout().unwrap(), None);
    assert_eq!(fails(one.set_read_timeout(Some(Duration::ZERO))), EINVAL);
    assert_eq!(fails(one.set_write_timeout(Some(Duration::ZERO))), EINVAL);
    one.set_read_timeout(Some(15 * MS)).unwrap();
    assert_eq!(one.read_timeout().unwrap(), Some(15 * MS));
    assert_eq!(one.try_clone().unwrap().read_timeout().unwrap(), Some(15 * MS));
    for _ in 0..3 {
        let start = Instant::now();
        assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
        assert!(start.elapsed() >= 15 * MS);
        (&other).write_all(b"x").unwrap();
        assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
    }
    one.set_read_timeout(None).unwrap();
    let sender = thread::spawn(move || {
        thread::sleep(30 * MS);
        (&other).write_all(b"x").unwrap();
    });
    assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
    sender.join().unwrap();
}

/// The earlier of a timeout and a deadline strikes.
fn the_earlier_time_strikes() {
    let (one, _other) = tcp_pair();
    one.set_read_timeout(Some(PATIENCE)).unwrap();
    one.set_read_deadline(Some(Instant::now() + 10 * MS));
    assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
    one.set_read_timeout(Some(10 * MS)).unwrap();
    one.set_read_deadline(Some(Instant::now() + PATIENCE));
    assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
}

/// A deadline strikes beside goroutines that compute.
fn deadlines_beside_hogs() {
    let (stop, started) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let hogs: Vec<_> = (0..4)
        .map(|_| {
            let (stop, started) = (Arc::clone(&stop), Arc::clone(&started));
            thread::spawn(move || {
                started.fetch_add(1, SeqCst);
                while !stop.load(SeqCst) {
                    core::hint::spin_loop();
                }
            })
        })
        .collect();
    wait_until("hogs run", || started.load(SeqCst) == 4);
    let (one, other) = tcp_pair();
    for _ in 0..5 {
        one.set_read_timeout(Some(MS)).unwrap();
        assert_eq!(fails((&one).read(&mut [0; 9])), ETIMEDOUT);
        one.set_read_timeout(None).unwrap();
        (&other).write_all(b"x").unwrap();
        assert_eq!((&one).read(&mut [0; 9]).unwrap(), 1);
    }
    stop.store(true, SeqCst);
    join_all(hogs);
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("past_and_short_times", past_and_short_times),
    ("a_deadline_is_taken_back", a_deadline_is_taken_back),
    ("a_deadline_ends_calls_under_way", a_deadline_ends_calls_under_way),
    ("short_times_in_a_row", short_times_in_a_row),
    ("various_deadlines", various_deadlines),
    ("deadlines_race_with_calls", deadlines_race_with_calls),
    ("a_deadline_that_moves_on", a_deadline_that_moves_on),
    ("deadlines_set_by_many", deadlines_set_by_many),
    ("a_past_deadline_wakes", a_past_deadline_wakes),
    ("timeouts", timeouts),
    ("the_earlier_time_strikes", the_earlier_time_strikes),
    ("deadlines_beside_hogs", deadlines_beside_hogs),
];
