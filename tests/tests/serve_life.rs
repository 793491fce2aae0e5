//! `rt-main serve`: how it begins and ends, what it logs, and that others understand it.

use std::fs::File;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;

use tests::run::Program;
use tests::server::{Client, Server, wait_for};
use tests::setup::Setup;

/// Bytes that no socket takes at once.
const HUGE: u64 = 64 << 20;
const REQUEST: &str = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";

fn server(args: &[&str]) -> Server {
    let server = Server::start(args);
    server.write("a.txt", "hello\n");
    File::create(server.path("huge")).and_then(|file| file.set_len(HUGE)).expect("it can be made");
    server
}

/// A client that has the head of a long answer, and not yet its body.
fn in_the_midst(server: &Server) -> Client {
    let mut client = server.connect();
    client.send(format!("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n{REQUEST}"));
    assert_eq!(client.next(false).expect("a head").status, 200);
    client
}

#[test]
fn it_ends_when_answers_are_done() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut server = server(&["--grace", "60000", "--quiet"]);
        let (mut idle, mut half) = (server.connect(), server.connect());
        idle.send(REQUEST);
        assert_eq!(idle.answer().body, b"hello\n");
        half.send("GET /a.txt HT");
        let silent = server.connect();
        let client = in_the_midst(&server);
        server.signal(signal);
        for mut client in [idle, half, silent] {
            client.expect_end();
        }
        wait_for(|| TcpStream::connect(server.address).is_err().then_some(()));
        // What was under way goes on, and what is behind it is the last.
        let rest = client.rest();
        let (huge, last) = rest.split_at(HUGE as usize);
        assert!(huge.iter().all(|&byte| byte == 0));
        let last = String::from_utf8_lossy(last);
        assert!(last.starts_with("HTTP/1.1 200 OK\r\n"), "{last}");
        assert!(last.contains("\r\nConnection: close\r\n") && last.ends_with("hello\n"), "{last}");
        assert_eq!(server.end().code(), Some(0));
    }
}

/// What comes behind the last request does not have the kernel cut its answer.
#[test]
fn the_last_answer_arrives_whole() {
    for stops in [false, true] {
        let mut server = server(&["--grace", "60000", "--quiet"]);
        let mut client = server.connect();
        let close = if stops { "" } else { "Connection: close\r\n" };
        client.send(format!("GET /huge HTTP/1.1\r\nHost: a\r\n{close}\r\n"));
        assert_eq!(client.next(false).expect("a head").status, 200);
        client.send(REQUEST);
        if stops {
            server.signal(libc::SIGTERM);
            wait_for(|| TcpStream::connect(server.address).is_err().then_some(()));
        }
        let rest = client.rest();
        assert_eq!(rest.len(), HUGE as usize, "stops: {stops}");
        if !stops {
            server.signal(libc::SIGTERM); // the second one would end it at once
        }
        assert_eq!(server.end().code(), Some(0));
    }
}

#[test]
fn it_does_not_wait_for_ever() {
    let mut server = server(&["--grace", "200", "--quiet"]);
    let client = in_the_midst(&server);
    server.signal(libc::SIGTERM);
    assert_eq!(server.end().code(), Some(0));
    assert!((client.rest().len() as u64) < HUGE);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = server(&["--grace", "600000", "--quiet"]);
    let _client = in_the_midst(&server);
    server.signal(libc::SIGTERM);
    wait_for(|| TcpStream::connect(server.address).is_err().then_some(()));
    server.signal(libc::SIGTERM);
    assert_eq!(server.end().signal(), Some(libc::SIGTERM));
}

#[test]
fn requests_are_logged() {
    let mut server = server(&[]);
    let mut client = server.connect();
    client.send(REQUEST);
    client.send("GET /none\" HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.send("HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n\x1b[2J\r\n\r\n");
    client.rest();
    server.signal(libc::SIGTERM);
    assert_eq!(server.end().code(), Some(0));
    let log = wait_for(|| Some(server.stdout()).filter(|log| log.lines().count() == 6));
    let expected = [
        "\"GET /a.txt HTTP/1.1\" 200 6",
        "\"GET /none\\\" HTTP/1.0\" 404 14",
        "\"HEAD /a.txt HTTP/1.1\" 200 -",
        "\"OPTIONS * HTTP/1.1\" 204 -",
        "\"GET /a.txt HTTP/1.1\" 206 2",
        "\"\\x1b[2J\" 400 16",
    ];
    for (line, expected) in log.lines().zip(expected) {
        let (start, end) = line.split_once("] ").expect("a date");
        assert!(start.starts_with("127.0.0.1 - - [") && start.ends_with(" +0000"), "{line}");
        assert_eq!(end, expected);
    }
}

#[test]
fn lines_stay_whole() {
    let mut server = server(&[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            let mut client = server.connect();
            scope.spawn(move || {
                client.send(REQUEST.repeat(200));
                (0..200).for_each(|_| assert_eq!(client.answer().status, 200));
            });
        }
    });
    server.signal(libc::SIGTERM);
    assert_eq!(server.end().code(), Some(0));
    let log = wait_for(|| Some(server.stdout()).filter(|log| log.lines().count() == 1600));
    assert!(log.lines().all(|line| line.ends_with("\"GET /a.txt HTTP/1.1\" 200 6")));
}

#[test]
fn nobody_needs_to_read_what_it_says() {
    for (setup, error) in [(Setup::BrokenPipe(1), "EPIPE"), (Setup::FullDisk(1), "ENOSPC")] {
        let mut server = Server::of(Program::bare("rt-main").setup(setup), &[]);
        for _ in 0..50 {
            server.ask(REQUEST);
        }
        server.signal(libc::SIGTERM);
        assert_eq!(server.end().code(), Some(0));
        let told = server.stderr();
        let mut told = told.lines().skip(1);
        assert!(told.next().is_some_and(|line| line.starts_with("serve: access log: ")), "{error}");
        assert_eq!(told.next(), Some("serve: 50 lines of the access log are lost"), "{error}");
        assert_eq!(told.next(), None);
    }
    // Quiet, it says one line.
    let mut server = Server::start(&["--quiet"]);
    server.expect_well();
    server.signal(libc::SIGTERM);
    assert_eq!(server.end().code(), Some(0));
    assert_eq!((server.stdout().as_str(), server.stderr().lines().count()), ("", 1));
}

#[test]
fn words_that_make_no_sense() {
    for (args, text) in [
        (&["--port", "80"][..], "serve: what is `--port`?\n"),
        (&["folder"], "serve: what is `folder`?\n"),
        (&["--quiet=yes"], "serve: what is `--quiet=yes`?\n"),
        (&["--root"], "serve: --root wants a value\n"),
        (&["--listen", "8080"], "serve: --listen: `8080` is no address such as 127.0.0.1:8080\n"),
        (&["--listen=::1:80"], "serve: --listen: `::1:80` is no address such as 127.0.0.1:8080\n"),
        (&["--listen="], "serve: --listen: `` is no address such as 127.0.0.1:8080\n"),
        (&["--listen", "1.2.3.4:65536"], "serve: --listen: `1.2.3.4:65536` is no address"),
        (&["--grace", "soon"], "serve: --grace: `soon` is no time in ms, at least 1\n"),
        (&["--idle-timeout=0"], "serve: --idle-timeout: `0` is no time in ms, at least 1\n"),
    ] {
        let program = Program::bare("rt-main").arg("serve").args(args);
        let outcome = program.run().expect_code(2);
        assert!(outcome.stderr.starts_with(text), "{}", outcome.show());
    }
}

#[test]
fn what_cannot_be_had_is_named() {
    let other = Server::start(&["--quiet"]);
    let taken = other.address.to_string();
    for (args, text) in [
        (
            &["--root", "/no/such/folder"][..],
            "serve: --root: /no/such/folder: No such file or directory\n",
        ),
        (&["--root", "/dev/null"], "serve: --root: /dev/null: Not a directory\n"),
        (&["--listen", &taken], &format!("serve: --listen: {taken}: Address already in use\n")),
        (&["--listen", "no.such.host:80"], "serve: --listen: no.such.host:80: No route to host\n"),
    ] {
        let outcome = Program::bare("rt-main").arg("serve").args(args).run().expect_code(1);
        assert_eq!(outcome.stderr, text, "{}", outcome.show());
    }
}

#[test]
fn by_ipv6() {
    let Ok(_has_it) = std::net::TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: no IPv6 here");
        return;
    };
    let server = server(&["--listen", "[::1]:0"]);
    assert!(server.address.is_ipv6());
    assert_eq!(server.ask(REQUEST).body, b"hello\n");
    wait_for(|| server.stdout().starts_with("::1 - - [").then_some(()));
}

/// Runs curl, which must succeed; what it has printed. `None`: there is no curl.
fn curl(args: &[&str]) -> Option<String> {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(args).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {args:?}: {}: {errors}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn curl_understands_it() {
    let server = server(&["--quiet"]);
    server.write("d/index.html", "index");
    server.write("digits", "0123456789");
    let url = |target: &str| format!("http://{}{target}", server.address);
    let Some(text) = curl(&[&url("/a.txt")]) else {
        eprintln!("skipped: no curl");
        return;
    };
    assert_eq!(text, "hello\n");
    let run = |args: &[&str]| curl(args).expect("it was there before");
    assert!(run(&["-I", &url("/a.txt")]).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(run(&["-r", "2-4", &url("/digits")]), "234");
    assert_eq!(run(&["-L", &url("/d")]), "index");
    assert_eq!(run(&["--http1.0", &url("/digits")]), "0123456789");
    let shown = "%{http_code} %{num_connects} %{size_download}\n";
    let (text, digits) = (url("/a.txt"), url("/digits"));
    let three = run(&["-o", "/dev/null", "-o", "/dev/null", "-w", shown, &text, &digits]);
    assert_eq!(three, "200 1 6\n200 0 10\n", "one connection");
    let upload = ["-T", "/proc/self/exe", "-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(run(&[&upload[..], &[&text]].concat()), "405");
    let data = ["-d", "a=b", "-o", "/dev/null", "-w", "%{http_code}", &text];
    assert_eq!(run(&data), "405");
    let huge = ["-o", "/dev/null", "-w", "%{size_download}", &url("/huge")];
    assert_eq!(run(&huge), HUGE.to_string());
    let since = ["-z", "Sun, 06 Nov 1994 08:49:37 GMT", "-w", "%{http_code}", &text];
    assert_eq!(run(&since), "304");
}
