//! Sockets: ports, in our words, of Go's tests of net and internal/poll, and what std's
//! documentation promises. Each names the test it follows, if it follows one.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`, `io` what differs.

#![allow(
    unused_imports,
    unused_mut,
    clippy::needless_borrow,
    clippy::explicit_auto_deref,
    clippy::borrow_deref_ref,
    reason = "std's streams are read by methods of a trait, those of bare programs by their own"
)]

pub(crate) mod close;
pub(crate) mod deadline;
pub(crate) mod ready;
pub(crate) mod stress;
pub(crate) mod tcp;
pub(crate) mod udp;
pub(crate) mod unix;

use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::io::{Error, Read, Write, errno};
use crate::rt::net::{TcpListener, TcpStream};
use crate::rt::thread::{self, JoinHandle};
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
/// Longer than any body waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

const EAGAIN: i32 = 11;
const EBADF: i32 = 9;
const EINVAL: i32 = 22;
const EPIPE: i32 = 32;
const ECONNRESET: i32 = 104;
const ENOTCONN: i32 = 107;
const ETIMEDOUT: i32 = 110;
const ECONNREFUSED: i32 = 111;

/// So many rounds; fewer under a sanitizer.
const fn rounds(count: usize) -> usize {
    if cfg!(any(rt_tsan, rt_asan)) { count / 20 } else { count }
}

/// A listener at a port of its own.
fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Two ends of a connection: who has connected, who has accepted.
fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = listener();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, from) = listener.accept().unwrap();
    assert_eq!(from, one.local_addr().unwrap());
    (one, other)
}

/// The error's number.
#[track_caller]
fn fails<T>(result: Result<T, Error>) -> i32 {
    errno(&result.map(drop).expect_err("it must fail"))
}

#[track_caller]
fn join_all<T>(started: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    started.into_iter().map(|one| one.join().unwrap()).collect()
}

/// Waits for what must happen.
#[track_caller]
fn wait_until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(MS / 4);
    }
}

/// Reads all until the end.
fn read_all(mut stream: &TcpStream) -> Vec<u8> {
    let (mut all, mut part) = (Vec::new(), [0; 512]);
    loop {
        match stream.read(&mut part).unwrap() {
            0 => return all,
            len => all.extend_from_slice(&part[..len]),
        }
    }
}

/// Bytes that tell where they belong.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Counts those that have begun: so a test knows that others wait, or are about to.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Starts so many and waits until all have begun and had time to wait.
fn waiting<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
    count: usize,
    mut make: impl FnMut(usize) -> F,
) -> Vec<JoinHandle<T>> {
    let before = BEGUN.load(SeqCst);
    let start = |number| {
        let f = make(number);
        thread::spawn(move || {
            BEGUN.fetch_add(1, SeqCst);
            f()
        })
    };
    let started = (0..count).map(start).collect();
    wait_until("they begin", || BEGUN.load(SeqCst) >= before + count);
    thread::sleep(10 * MS);
    started
}

/// Sends until nothing more is taken for a while: what is on its way makes room when it arrives.
fn fill(mut stream: &TcpStream) -> usize {
    stream.set_write_timeout(Some(20 * MS)).unwrap();
    let (bytes, mut sent, mut in_vain) = (vec![1; 64 << 10], 0, 0);
    while in_vain < 3 {
        match stream.write(&bytes) {
            Ok(len) => (sent, in_vain) = (sent + len, 0),
            Err(error) => {
                assert_eq!(errno(&error), ETIMEDOUT);
                in_vain += 1;
            }
        }
    }
    stream.set_write_timeout(None).unwrap();
    sent
}
