//! Sockets that futures read and write: `poll_read`, `poll_write`, `poll_write_vectored`.

mod common;

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use common::{on_a_thread_with_procs, with_procs};
use futures::future::{join, join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use rt::net::{TcpListener, TcpStream};
use rt::os::unix::net::UnixStream;
use rt::{block_on, thread};

const EBADF: i32 = 9;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

async fn read(stream: &TcpStream, buf: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| stream.poll_read(cx, buf)).await
}

async fn read_exactly(stream: &TcpStream, mut buf: &mut [u8]) {
    while !buf.is_empty() {
        let len = read(stream, buf).await.unwrap();
        assert_ne!(len, 0, "the end");
        buf = &mut buf[len..];
    }
}

async fn write_all(stream: &TcpStream, mut buf: &[u8]) {
    while !buf.is_empty() {
        buf = &buf[poll_fn(|cx| stream.poll_write(cx, buf)).await.unwrap()..];
    }
}

/// On goroutines, and on plain threads beside the runtime.
fn everywhere(f: fn()) {
    with_procs(f);
    on_a_thread_with_procs(f);
}

#[test]
fn a_future_reads_what_comes() {
    everywhere(|| {
        let (one, other) = pair();
        let writer = thread::spawn(move || {
            for byte in 0..100 {
                thread::sleep(Duration::from_micros(u64::from(byte % 4) * 100));
                (&other).write_all(&[byte]).unwrap();
            }
        });
        block_on(async {
            let mut bytes = [0; 100];
            read_exactly(&one, &mut bytes).await;
            assert!(bytes.iter().copied().eq(0..100));
            assert_eq!(read(&one, &mut bytes).await.unwrap(), 0, "the other side has ended");
            assert_eq!(read(&one, &mut []).await.unwrap(), 0);
        });
        writer.join().unwrap();
    });
}

/// More than fits in between, in both directions, by one task.
#[test]
fn a_future_reads_while_it_writes() {
    everywhere(|| {
        let (one, other) = pair();
        let sent: Vec<u8> = (0..8_000_000u32).map(|at| ((at * 7) >> 5) as u8).collect();
        let echo = thread::spawn(move || {
            let mut bytes = vec![0; 70_000];
            loop {
                match (&other).read(&mut bytes).unwrap() {
                    0 => break,
                    len => (&other).write_all(&bytes[..len]).unwrap(),
                }
            }
        });
        let mut got = vec![0; sent.len()];
        block_on(join(write_all(&one, &sent), read_exactly(&one, &mut got)));
        assert!(got == sent);
        drop(one);
        echo.join().unwrap();
    });
}

#[test]
fn several_slices_are_one_write() {
    with_procs(|| {
        let (one, other) = UnixStream::pair().unwrap();
        let parts = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two")];
        let written = block_on(poll_fn(|cx| one.poll_write_vectored(cx, &parts)));
        assert_eq!(written.unwrap(), 7);
        let mut bytes = [0; 16];
        assert_eq!(block_on(poll_fn(|cx| other.poll_read(cx, &mut bytes))).unwrap(), 7);
        assert_eq!(&bytes[..7], b"one two");
        assert_eq!(block_on(poll_fn(|cx| one.poll_write(cx, b"!"))).unwrap(), 1);
    });
}

/// By wakers that other crates make of `block_on`'s.
#[test]
fn many_in_one_task() {
    everywhere(|| {
        let pairs: Vec<_> = (0..20).map(|_| pair()).collect();
        let echo = |stream: &TcpStream| {
            let stream = stream.try_clone().unwrap();
            thread::spawn(move || {
                let mut bytes = [0; 8];
                while (&stream).read(&mut bytes).unwrap() != 0 {
                    (&stream).write_all(&bytes).unwrap();
                }
            })
        };
        let echoes: Vec<_> = pairs.iter().map(|(_, other)| echo(other)).collect();
        let ask = async |at: usize, stream: &TcpStream| {
            for turn in 0..20 {
                let (sent, mut got) = ((at * turn).to_ne_bytes(), [0; 8]);
                write_all(stream, &sent).await;
                read_exactly(stream, &mut got).await;
                assert_eq!(sent, got);
            }
        };
        block_on(join_all(pairs.iter().enumerate().map(|(at, (one, _))| ask(at, one))));
        let mut all: FuturesUnordered<_> =
            pairs.iter().enumerate().map(|(at, (one, _))| ask(at, one)).collect();
        block_on(async { while all.next().await.is_some() {} });
        drop(all);
        pairs.iter().for_each(|(one, _)| one.close().unwrap());
        echoes.into_iter().for_each(|echo| echo.join().unwrap());
    });
}

#[test]
fn a_close_ends_it() {
    everywhere(|| {
        let (one, _other) = pair();
        let one = Arc::new(one);
        let theirs = Arc::clone(&one);
        let closer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            theirs.close().unwrap();
        });
        let error = block_on(read(&one, &mut [0; 9])).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(EBADF));
        closer.join().unwrap();
    });
}

#[test]
fn a_new_deadline_is_looked_at() {
    everywhere(|| {
        let (one, other) = pair();
        let one = Arc::new(one);
        let theirs = Arc::clone(&one);
        let setter = thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            theirs.set_read_deadline(Some(Instant::now()));
        });
        let error = block_on(read(&one, &mut [0; 9])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        setter.join().unwrap();
        one.set_read_deadline(None);
        (&other).write_all(b"after").unwrap();
        assert_eq!(block_on(read(&one, &mut [0; 9])).unwrap(), 5);
    });
}

/// Goroutines that wait and a task share what comes.
#[test]
fn beside_who_waits() {
    with_procs(|| {
        let (one, other) = pair();
        let one = Arc::new(one);
        let readers: Vec<_> = (0..4)
            .map(|reader| {
                let one = Arc::clone(&one);
                thread::spawn(move || {
                    let (mut byte, mut sum) = ([0], 0);
                    let mut next = || match reader {
                        0 => block_on(read(&one, &mut byte)),
                        _ => (&*one).read(&mut byte),
                    };
                    while next().unwrap() != 0 {
                        sum += 1;
                    }
                    sum
                })
            })
            .collect();
        for len in 1..60 {
            (&other).write_all(&vec![1; len]).unwrap();
            thread::yield_now();
        }
        drop(other);
        let sum: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert_eq!(sum, (1..60).sum());
    });
}

/// A waker that waits is called where it may, and others go on meanwhile.
#[test]
fn a_waker_may_wait() {
    struct Waits(rt::chan::Receiver<()>, rt::chan::Sender<()>);
    impl Wake for Waits {
        fn wake(self: Arc<Self>) {
            self.0.recv().unwrap();
            self.1.send(()).unwrap();
        }
    }
    everywhere(|| {
        let (sender, woken) = rt::chan::bounded(1);
        let (gate, closed) = rt::chan::bounded(1);
        let waker = Waker::from(Arc::new(Waits(closed, sender)));
        let (one, other) = pair();
        let poll = |buf: &mut [u8]| one.poll_read(&mut Context::from_waker(&waker), buf);
        assert!(poll(&mut [0; 9]).is_pending());
        (&other).write_all(b"a").unwrap();
        let (two, another) = pair();
        (&another).write_all(b"others go on").unwrap();
        assert_eq!(block_on(read(&two, &mut [0; 99])).unwrap(), 12);
        assert!(woken.try_recv().is_err());
        gate.send(()).unwrap();
        woken.recv().unwrap();
        let Poll::Ready(Ok(1)) = poll(&mut [0; 9]) else { panic!("it is there") };
    });
}

/// A waker goes with its socket, or with the next.
#[test]
fn wakers_are_let_go() {
    struct Nothing;
    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }
    with_procs(|| {
        let nothing = Arc::new(Nothing);
        let (one, _other) = pair();
        for _ in 0..3 {
            let waker = Waker::from(Arc::clone(&nothing));
            assert!(one.poll_read(&mut Context::from_waker(&waker), &mut [0; 9]).is_pending());
        }
        assert_eq!(Arc::strong_count(&nothing), 2);
        drop(one);
        assert_eq!(Arc::strong_count(&nothing), 1);
    });
}
