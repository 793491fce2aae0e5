//! Other people's crates on goroutines (`examples`), talked to by other people's programs.

use std::io::{BufRead, BufReader, Read, Write};

use tests::hosted::on_top;
use tests::on_top::{Server, client, says};
use tests::run::Program;

fn example(name: &str) -> Program {
    Program::at(on_top(name))
}

/// The example serves at any free port, with so many Ps.
fn serves(name: &str, arguments: &[&str], procs: u32) -> Server {
    Server::start(example(name).args(arguments).procs(procs))
}

const ANYWHERE: &str = "127.0.0.1:0";

#[test]
fn websocket_clients() {
    for procs in [1, 2, 4] {
        let server = serves("websocket", &["serve", ANYWHERE], procs);
        for clients in ["1", "100"] {
            let outcome = example("websocket").args(["talk", server.address(), clients]).run();
            let echoes = 2 * clients.parse::<u32>().unwrap();
            assert_eq!(outcome.expect_ok().stdout, format!("{echoes} echoes\n"));
        }
    }
}

#[test]
fn a_page_in_a_browser_opens_a_websocket() {
    let server = serves("websocket", &["serve", ANYWHERE], 2);
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
                 --disable-background-networking --disable-component-update --disable-sync \
                 --disable-dev-shm-usage --virtual-time-budget=20000 --dump-dom";
    let mut page = String::new();
    // The browser's virtual time does not wait for sockets: on a busy machine it may be over before
    // the first answer.
    for _ in 0..10 {
        let profile = tempfile::tempdir().expect("a folder can be made");
        let profile = format!("--user-data-dir={}", profile.path().display());
        let all = flags.split_whitespace().chain([profile.as_str(), server.url()]);
        let Some(shown) = says("chromium", all) else { return };
        page = shown;
        if !page.contains("<p id=\"state\">connecting</p>") {
            break;
        }
    }
    assert!(page.contains("<p id=\"state\">echo: hello from the page</p>"), "{page}");
}

#[test]
fn tls_both_ways() {
    for procs in [1, 2, 4] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let certificate = folder.path().join("cert.pem");
        let certificate = certificate.to_str().expect("a name");
        let server = serves("tls", &["serve", ANYWHERE, certificate], procs);
        server.connect().write_all(b"this is no TLS\r\n").unwrap();
        let get = ["get", server.address(), certificate, "30"];
        let outcome = example("tls").args(get).procs(procs).run();
        assert_eq!(outcome.expect_ok().stdout, "hello over TLSv1_3\n");
    }
}

#[test]
fn tls_of_others() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let certificate = folder.path().join("cert.pem");
    let certificate = certificate.to_str().expect("a name");
    let server = serves("tls", &["serve", ANYWHERE, certificate], 2);
    let url = format!("https://localhost:{}/", server.port());
    let noproxy = ["--noproxy", "*", "-sS", "--cacert", certificate, &url, &url];
    if let Some(text) = says("curl", noproxy) {
        assert_eq!(text, "hello over TLSv1_3\nhello over TLSv1_3\n");
    }
    let Some(openssl) = client("openssl") else { return };
    let s_client = ["s_client", "-quiet", "-tls1_2", "-verify_return_error", "-CAfile"];
    let openssl = openssl.args(s_client).args([certificate, "-connect", server.address()]);
    let outcome = openssl.stdin("GET / HTTP/1.1\r\n\r\n").run();
    assert!(outcome.stdout.ends_with("hello over TLSv1_2\n"), "{}", outcome.show());
}

#[test]
fn redis_commands() {
    let server = serves("redis", &[ANYWHERE], 2);
    let no_integer = "ERR value is not an integer or out of range\n";
    let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value\n";
    let table = [
        ("PING", "PONG"),
        ("ping hello", "hello"),
        ("SET number 41", "OK"),
        ("INCR number", "42"),
        ("GET number", "42"),
        ("GET nothing", ""),
        ("SET text x", "OK"),
        ("INCR text", no_integer),
        ("TTL text", "-1"),
        ("EXPIRE text 100", "1"),
        ("TTL text", "100"),
        ("EXPIRE text 0", "1"),
        ("TTL text", "-2"),
        ("EXPIRE text 1", "0"),
        ("LPUSH list a b c", "3"),
        ("LRANGE list 0 -1", "c\nb\na"),
        ("LRANGE list -2 9", "b\na"),
        ("LRANGE list 2 1", ""),
        ("GET list", wrong_type),
        ("LPUSH number x", wrong_type),
        ("DEL number list nothing", "2"),
        ("INCR number", "1"),
    ];
    for (command, answer) in table {
        let words = ["-p", server.port()].into_iter().chain(command.split(' '));
        let Some(said) = says("redis-cli", words) else { return };
        assert_eq!(said, format!("{answer}\n"), "{command}");
    }
}

#[test]
fn redis_pipelines() {
    let server = serves("redis", &[ANYWHERE], 2);
    let mut stream = server.connect();
    // Commands in lines, one in pieces, and several at once.
    let asked =
        b"PING\r\n\r\n  set  k v \r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\nincr k2\r\n";
    let answered = b"+PONG\r\n+OK\r\n$1\r\nv\r\n+PONG\r\n:1\r\n";
    for cut in 0..asked.len() {
        stream.write_all(b"DEL k2\r\n").unwrap();
        let mut removed = [0; 4];
        stream.read_exact(&mut removed).unwrap();
        stream.write_all(&asked[..cut]).unwrap();
        std::thread::yield_now();
        stream.write_all(&asked[cut..]).unwrap();
        let mut got = vec![0; answered.len()];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(got, answered, "{}", String::from_utf8_lossy(&got));
    }
    for clients in ["1", "50"] {
        for pipelined in ["1", "16"] {
            let arguments = ["-p", server.port(), "-c", clients, "-P", pipelined];
            let rest = ["-n", "4000", "-t", "ping,set,get,incr,lpush,lrange_100", "--csv"];
            let Some(said) = says("redis-benchmark", arguments.iter().chain(&rest)) else { return };
            assert_eq!(said.lines().filter(|line| line.starts_with('"')).count(), 9, "{said}");
        }
    }
}

#[test]
fn http_for_curl() {
    for procs in [1, 2, 4] {
        let server = serves("http", &[ANYWHERE], procs);
        let url = |path: &str| format!("{}{path}", server.url());
        let curl =
            |arguments: &[&str]| says("curl", ["--noproxy", "*", "-sS"].iter().chain(arguments));
        let Some(text) = curl(&[&url("/"), &url("/slow"), &url("/"), "-w", "%{num_connects}\n"])
        else {
            return;
        };
        assert_eq!(text, "hello\n1\nhello\n0\nhello\n0\n", "one connection for all");
        assert_eq!(curl(&["-w", "%{http_code}", &url("/nowhere")]).unwrap(), "not here\n404");
        assert_eq!(curl(&["-d", "some text", &url("/echo")]).unwrap(), "some text");
        // More than fits in between, both ways at once.
        let large = "0123456789abcdef".repeat(200_000);
        let post = ["--noproxy", "*", "-sS", "--data-binary", "@-"];
        for (path, answer) in [("/length", "3200000\n"), ("/echo", large.as_str())] {
            let curl = client("curl").expect("as before").args(post).arg(url(path));
            let outcome = curl.stdin(large.as_str()).run().expect_ok();
            assert!(outcome.stdout == answer, "{path}: {} bytes", outcome.stdout.len());
        }
    }
}

#[test]
fn http_in_pieces_and_at_once() {
    let server = serves("http", &[ANYWHERE], 2);
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    // Three requests in one write; the last in two.
    let stream = server.connect();
    (&stream).write_all([get, get, &get[..9]].concat().as_bytes()).unwrap();
    (&stream).write_all(&get.as_bytes()[9..]).unwrap();
    let answers = BufReader::new(&stream).lines().map(|line| line.expect("in time"));
    assert_eq!(answers.filter(|line| line == "hello").take(3).count(), 3);
    // One who goes while it is worked for, and one who does not speak HTTP.
    let gone = server.connect();
    (&gone).write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    drop(gone);
    let mut mute = server.connect();
    mute.write_all(b"\x16\x03\x01 what?\r\n\r\n").unwrap();
    let mut text = String::new();
    mute.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
}

/// Both sides have a goroutine for each connection, and few threads.
#[test]
fn http_for_many_requests_at_once() {
    for procs in [1, 2] {
        let server = serves("http", &[ANYWHERE], procs);
        for (path, count) in [("/", "200"), ("/slow", "200")] {
            let url = format!("{}{path}", server.url());
            let mut fetch = example("fetch").args([&url, count]).procs(procs);
            let mut child = fetch.spawn().expect("it starts");
            let tasks = format!("/proc/{}/task", child.id());
            let mut threads = 0;
            while child.try_wait().expect("a child can be waited for").is_none() {
                threads = threads.max(std::fs::read_dir(&tasks).map_or(0, Iterator::count));
                std::thread::yield_now();
            }
            let mut said = String::new();
            child.stdout.take().expect("a pipe").read_to_string(&mut said).unwrap();
            assert_eq!(said, "200 answers: hello\n");
            assert!(threads < 20, "{threads} threads for 200 requests");
        }
    }
}
