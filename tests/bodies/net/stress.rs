//! Many connections at once, and one after the other.

use alloc::sync::Arc;
use core::sync::atomic::AtomicBool;

use super::*;

/// Serves each connection by a goroutine that sends back what comes, until a connection that ends
/// at once.
fn echo() -> (crate::rt::net::SocketAddr, JoinHandle<usize>) {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut served = Vec::new();
        loop {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let mut first = [0];
            if (&stream).read(&mut first).unwrap() == 0 {
                return join_all(served).iter().sum();
            }
            served.push(thread::spawn(move || {
                let (mut bytes, mut count) = ([0; 1024], 0);
                while let len @ 1.. = (&stream).read(&mut bytes).unwrap() {
                    (&stream).write_all(&bytes[..len]).unwrap();
                    count += len;
                }
                count
            }));
        }
    });
    (address, server)
}

fn dial(address: crate::rt::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    (&stream).write_all(b"x").unwrap();
    stream
}

/// Sends and gets back so many messages.
fn talk(mut stream: &TcpStream, count: usize, len: usize) {
    let (sent, mut got) = (pattern(len), alloc::vec![0; len]);
    for _ in 0..count {
        stream.write_all(&sent).unwrap();
        stream.read_exact(&mut got).unwrap();
        assert_eq!(got, sent);
    }
}

/// TestTCPStress: messages go forth and back on many connections.
fn many_connections() {
    const CONNECTIONS: usize = 20;
    let (address, server) = echo();
    let count = rounds(60);
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| thread::spawn(move || talk(&dial(address), count, 1 + 97 * number)))
        .collect();
    join_all(clients);
    drop(TcpStream::connect(address).unwrap());
    let bytes: usize = (0..CONNECTIONS).map(|number| count * (1 + 97 * number)).sum();
    assert_eq!(server.join().unwrap(), bytes);
}

/// Clients that answer at once do not go before the others: in the long run all have about as many
/// turns. A short while says little: those whose thread waits for its CPU wait too.
fn turns_are_fair() {
    const CONNECTIONS: usize = 16;
    let (address, server) = echo();
    let stop = Arc::new(AtomicBool::new(false));
    let turns: Arc<[AtomicUsize]> = (0..CONNECTIONS).map(|_| AtomicUsize::new(0)).collect();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (stop, turns) = (Arc::clone(&stop), Arc::clone(&turns));
            thread::spawn(move || {
                let stream = dial(address);
                while !stop.load(SeqCst) {
                    talk(&stream, 1, 64);
                    turns[number].fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    let counts = || -> Vec<usize> { turns.iter().map(|turns| turns.load(SeqCst)).collect() };
    let are_fair = |counts: &[usize]| {
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        *most <= 4 * least + 100
    };
    let start = Instant::now();
    loop {
        thread::sleep(600 * MS); // longer than a thread waits for its CPU
        let counts = counts();
        if are_fair(&counts) {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{counts:?}");
    }
    stop.store(true, SeqCst);
    join_all(clients);
    drop(TcpStream::connect(address).unwrap());
    assert_eq!(server.join().unwrap(), 64 * counts().iter().sum::<usize>());
}

/// Messages beside goroutines that compute.
fn beside_hogs() {
    let stop = Arc::new(AtomicBool::new(false));
    let hogs: Vec<_> = (0..3)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    core::hint::spin_loop();
                }
            })
        })
        .collect();
    let (address, server) = echo();
    let clients: Vec<_> =
        (0..4).map(|_| thread::spawn(move || talk(&dial(address), 20, 100))).collect();
    join_all(clients);
    drop(TcpStream::connect(address).unwrap());
    assert_eq!(server.join().unwrap(), 4 * 20 * 100);
    stop.store(true, SeqCst);
    join_all(hogs);
}

/// Who computes after a read has waited for descriptors until then: somebody else must now.
fn beside_who_computes_after_a_read() {
    let (began, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let ((ours, theirs), (our_other, their_other)) = (tcp_pair(), tcp_pair());
    let first = {
        let (began, done) = (Arc::clone(&began), Arc::clone(&done));
        thread::spawn(move || {
            let len = (&theirs).read(&mut [0]).unwrap();
            began.store(true, SeqCst);
            while !done.load(SeqCst) {
                core::hint::spin_loop();
            }
            len
        })
    };
    let second = thread::spawn(move || {
        let len = (&their_other).read(&mut [0]).unwrap();
        done.store(true, SeqCst);
        len
    });
    (&ours).write_all(b"x").unwrap();
    wait_until("the first has begun", || began.load(SeqCst));
    (&our_other).write_all(b"x").unwrap();
    assert_eq!((first.join().unwrap(), second.join().unwrap()), (1, 1));
}

/// Short connections, one after the other.
fn short_connections() {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let count = rounds(1000);
    let server = thread::spawn(move || {
        for stream in listener.incoming().take(count) {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 5];
            stream.read_exact(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        }
    });
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hello").unwrap();
        let mut bytes = [0; 9];
        assert_eq!(stream.read(&mut bytes).unwrap(), 5);
        assert_eq!(stream.read(&mut bytes).unwrap(), 0);
    }
    server.join().unwrap();
}

/// Goroutines are started and end by the thousand while some wait for sockets.
fn beside_many_goroutines() {
    let (address, server) = echo();
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let crowd = thread::spawn(move || {
        while !theirs.load(SeqCst) {
            join_all((0..50).map(|_| thread::spawn(thread::yield_now)));
        }
    });
    let clients: Vec<_> =
        (0..4).map(|_| thread::spawn(move || talk(&dial(address), rounds(100), 64))).collect();
    join_all(clients);
    drop(TcpStream::connect(address).unwrap());
    assert_eq!(server.join().unwrap(), 4 * rounds(100) * 64);
    stop.store(true, SeqCst);
    crowd.join().unwrap();
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("many_connections", many_connections),
    ("turns_are_fair", turns_are_fair),
    ("beside_hogs", beside_hogs),
    ("beside_who_computes_after_a_read", beside_who_computes_after_a_read),
    ("short_connections", short_connections),
    ("beside_many_goroutines", beside_many_goroutines),
];
