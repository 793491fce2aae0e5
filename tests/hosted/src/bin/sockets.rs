//! Sockets: `talk`, `leave`, `wait-alone` in a goroutine; `pinned` where goroutines keep their
//! threads; `before` on plain threads, with and without the runtime.

extern crate alloc;

use ::rt;

#[path = "../../../bodies/net/std_io.rs"]
mod io;
#[path = "../../../bodies/sockets.rs"]
mod sockets;

fn main() {
    match hosted::first_argument().as_str() {
        "talk" => hosted::run(sockets::talk),
        "leave" => hosted::run(sockets::leave),
        "wait-alone" => hosted::run(sockets::wait_alone),
        "pinned" => hosted::run_pinned(|| {
            for _ in 0..3 {
                sockets::talk();
            }
        }),
        "before" => before(),
        other => panic!("what is {other}?"),
    }
    println!("done");
}

/// The same sockets are used by plain threads before the start, then by goroutines too.
fn before() {
    use io::{Read, Write};
    use rt::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut bytes = [0; 9];
        while let len @ 1.. = (&stream).read(&mut bytes).expect("bytes") {
            (&stream).write_all(&bytes[..len]).expect("room");
        }
    });
    let stream = TcpStream::connect(("localhost", address.port())).expect("a connection");
    let turn = || {
        (&stream).write_all(b"abc").expect("room");
        (&stream).read_exact(&mut [0; 3]).expect("bytes");
    };
    turn();
    hosted::run(turn);
    turn();
    hosted::run(turn);
    drop(stream);
    server.join().expect("it ends");
}
