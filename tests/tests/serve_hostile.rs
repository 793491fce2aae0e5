//! `rt-main serve`: what it does with bad requests, and with clients that want it no good.

use std::fs::File;
use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use tests::run::Program;
use tests::server::{Server, wait_for};
use tests::setup::Setup;

/// Bytes that no socket takes at once.
const HUGE: u64 = 64 << 20;

fn server(args: &[&str]) -> Server {
    let server = Server::start(args);
    server.write("a.txt", "hello\n");
    File::create(server.path("huge")).and_then(|file| file.set_len(HUGE)).expect("it can be made");
    server
}

/// The request is refused with this status, and nothing after it is answered.
#[track_caller]
fn refused(server: &Server, request: impl AsRef<[u8]>, status: u16) {
    let mut client = server.connect();
    client.send(request.as_ref());
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    let shown = String::from_utf8_lossy(&request.as_ref()[..request.as_ref().len().min(80)]);
    let answer = client.answer();
    assert_eq!(answer.status, status, "{shown:?}");
    assert!(answer.closes(), "{shown:?}");
    client.expect_end();
}

#[test]
fn what_is_no_request() {
    let server = server(&["--quiet"]);
    let tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and some random bytes\r\n\r\n";
    refused(&server, tls_hello, 400);
    for request in [
        "GET\r\n\r\n",
        "GET /a.txt\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\r",
        "GET / FTP/1.1\r\n\r\n",
        "\r\n\r\n\0\r\n\r\n",
    ] {
        refused(&server, request, 400);
    }
    for target in ["http:///a", "http://", "http://?a"] {
        assert_eq!(server.get(target, "").status, 400, "{target}");
    }
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/9.9"] {
        refused(&server, format!("GET / {version}\r\nHost: a\r\n\r\n"), 505);
    }
    server.expect_well();
}

#[test]
fn what_could_be_understood_in_two_ways() {
    let server = server(&["--quiet"]);
    let smuggled = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    for fields in [
        "Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        "Host: a\r\nContent-Length: 5, 5\r\n",
        "Host: a\r\nContent-Length: -1\r\n",
        "Host: a\r\nContent-Length: 5 5\r\n",
        "Host: a\r\nTransfer-Encoding: chunked, identity\r\n",
        "Host: a\r\nTransfer-Encoding: x\r\n",
        "",
        "Host: a\r\nHost: b\r\n",
        "Host: a/b\r\n",
    ] {
        for method in ["GET", "POST"] {
            let request = format!("{method} / HTTP/1.1\r\n{fields}\r\n0\r\n\r\n{smuggled}");
            refused(&server, request, 400);
        }
    }
    let old =
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(&server, old, 400);
}

#[test]
fn bodies() {
    let server = server(&["--quiet"]);
    let head =
        |method: &str, fields: &str| format!("{method} / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    refused(&server, head("GET", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 411);
    refused(&server, head("POST", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 405);
    refused(&server, head("GET", "Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 501);
    refused(&server, head("GET", "Content-Length: 1048577\r\n"), 413);
    refused(&server, head("PUT", "Content-Length: 1048577\r\n"), 405);
    refused(&server, head("PUT", "Content-Length: 5\r\nExpect: 100-continue\r\n"), 405);
    refused(&server, head("GET", "Content-Length: 5\r\nExpect: 100-continue\r\n"), 200);
    refused(&server, head("PUT", "Content-Length: 5\r\nExpect: tea\r\n"), 405);
    refused(&server, head("GET", "Content-Length: 5\r\nExpect: tea\r\n"), 417);
    // A body that comes by and by is passed over.
    let mut client = server.connect();
    client.send(head("GET", "Content-Length: 1048576\r\n"));
    for _ in 0..16 {
        client.send([b'x'; 65536]);
    }
    client.send(head("GET", "Expect: 100-continue\r\n"));
    assert_eq!([client.answer().status, client.answer().status], [200, 200]);
}

#[test]
fn what_is_too_long() {
    let server = server(&["--quiet"]);
    let field = |len: usize| format!("A: {}\r\n", "x".repeat(len));
    refused(&server, format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", field(20_000)), 431);
    refused(&server, format!("GET / HTTP/1.1\r\nHost: a\r\n{}", field(1000).repeat(17)), 431);
    refused(&server, format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(100)), 431);
    refused(&server, format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(8192)), 414);
    refused(&server, format!("GET /{}", "x".repeat(30_000)), 414);
    refused(&server, "x".repeat(1 << 20), 414);
    for (request, status) in [
        (format!("HEAD / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(100)), 431),
        (format!("HEAD /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(8192)), 414),
        ("HEAD / HTTP/0.9\r\nHost: a\r\n\r\n".to_owned(), 505),
    ] {
        let mut client = server.connect();
        client.send(request);
        assert_eq!(client.next(false).expect("a head").status, status);
        client.expect_end(); // HEAD gets no body, also where it is refused
    }
    let fits = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x/../".repeat(1600));
    assert_eq!(server.ask(fits).status, 200);
    let long = server.get(&format!("/{}", "y".repeat(300)), "");
    assert_eq!((long.status, server.get(&"/y".repeat(4000), "").status), (404, 404));
    let fields = "A: b\r\n".repeat(99);
    assert_eq!(server.get("/a.txt", &fields).status, 200);
    assert_eq!(server.get("/a.txt", &field(16_000)).status, 200);
}

#[test]
fn garbage_behind_good_requests() {
    let server = server(&["--quiet"]);
    let good = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = server.connect();
    client.send(format!("{good}{good}\x01\x02 no request\r\n\r\n{good}"));
    assert_eq!(
        [client.answer().status, client.answer().status, client.answer().status],
        [200, 200, 400]
    );
    client.expect_end();
}

#[test]
fn garbage_without_an_end() {
    let server = server(&["--quiet"]);
    let tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for garbage in [&tls_hello[..], b"GET /a.txt\0"] {
        let mut client = server.connect();
        client.send(garbage);
        assert_eq!(client.answer().status, 400);
        client.expect_end();
    }
}

#[test]
fn heads_that_do_not_end() {
    let server = server(&["--header-timeout", "1000", "--idle-timeout", "60000"]);
    // Byte by byte, faster than the limit, for ever.
    let mut client = server.connect();
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n");
    let mut dribble = client.stream.try_clone().expect("it is open");
    let dribbling = thread::spawn(move || {
        for byte in b"A: b\r\n".iter().cycle() {
            if dribble.write_all(&[*byte]).is_err() {
                return; // closed
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    let answer = client.answer();
    assert_eq!((answer.status, answer.closes()), (408, true));
    client.expect_end();
    drop(client);
    dribbling.join().expect("it does not panic");
    // Nothing at all.
    server.connect().expect_end();
    // A part of the second request.
    let mut client = server.connect();
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGE");
    assert_eq!([client.answer().status, client.answer().status], [200, 408]);
    client.expect_end();
    // A body that does not come.
    let mut client = server.connect();
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxx");
    assert_eq!(client.answer().status, 200);
    client.expect_end();
    wait_for(|| server.stdout().contains("\"GET /a.txt HTTP/1.1\" 408 20\n").then_some(()));
    wait_for(|| server.stdout().contains("\"GE\" 408 ").then_some(()));
}

#[test]
fn clients_that_idle() {
    let server = server(&["--idle-timeout", "1000", "--quiet"]);
    let mut client = server.connect();
    for _ in 0..3 {
        client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.answer().status, 200);
    }
    client.expect_end();
}

/// How many descriptors of its own the server has open.
fn descriptors(server: &Server) -> usize {
    let folder = format!("/proc/{}/fd", server.id());
    std::fs::read_dir(folder).expect("it lives").count()
}

#[test]
fn clients_that_do_not_read() {
    let server = server(&["--write-timeout", "200"]);
    server.expect_well();
    let before = wait_for(|| server.stdout().contains("OPTIONS").then(|| descriptors(&server)));
    let mut clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    wait_for(|| (server.stdout().matches("GET /huge").count() == 10).then_some(()));
    wait_for(|| (descriptors(&server) <= before).then_some(()));
    let sent = server.stdout();
    let sent = sent.lines().filter(|line| line.contains("GET /huge"));
    for count in sent.map(|line| line.rsplit(' ').next().unwrap_or("")) {
        assert!(count.parse().is_ok_and(|count: u64| count < HUGE), "{count}");
    }
    for client in clients {
        assert!((client.rest().len() as u64) < HUGE);
    }
}

#[test]
fn clients_that_end_early() {
    let server = server(&["--quiet"]);
    let mut client = server.connect();
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTT");
    client.stream.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(client.answer().body, b"hello\n");
    client.expect_end();
    for part in [
        "",
        "G",
        "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
    ] {
        for _ in 0..20 {
            server.connect().send(part);
        }
    }
    server.expect_well();
}

#[test]
fn a_file_that_shrinks() {
    let server = server(&["--quiet"]);
    let mut client = server.connect();
    client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.next(false).expect("a head");
    assert_eq!(head.field("Content-Length"), Some(HUGE.to_string().as_str()));
    let file = File::options().write(true).open(server.path("huge")).expect("it is there");
    file.set_len(10).expect("it can be cut");
    let rest = client.rest();
    assert!(
        (rest.len() as u64) < HUGE && rest.iter().all(|&byte| byte == 0),
        "the end, nothing else"
    );
    assert_eq!(server.get("/huge", "").body, [0; 10]);
}

#[test]
fn many_at_once() {
    let server = server(&["--quiet"]);
    let mut clients: Vec<_> = (0..400).map(|_| server.connect()).collect();
    for _ in 0..3 {
        for client in &mut clients {
            client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for client in &mut clients {
            assert_eq!(client.answer().body, b"hello\n");
        }
    }
}

#[test]
fn without_descriptors_it_waits_for_some() {
    let program = Program::bare("rt-main").setup(Setup::Limit(libc::RLIMIT_NOFILE, 24));
    let server = Server::of(program, &["--quiet"]);
    server.write("a.txt", "hello\n");
    let request = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    wait_for(|| server.stderr().contains("serve: accept: Too many open files").then_some(()));
    // Those that it has taken get an answer, though none can open a file; that frees descriptors
    // for others, who get the file.
    for client in &mut clients {
        client.send(request);
    }
    let answers: Vec<_> = clients.iter_mut().map(|client| client.answer().status).collect();
    assert!(answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
    drop(clients);
    wait_for(|| (server.ask(request).status == 200).then_some(()));
    assert!(server.stderr().contains("again in 5 ms\n"), "{}", server.stderr());
}
