//! `rt-main serve`: what it does with good requests.

use std::fs;
use std::os::unix::fs::symlink;

use tests::run::Program;
use tests::seccomp::Filter;
use tests::server::{Answer, Server};

/// When the files of these tests were written.
const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn server() -> Server {
    let server = Server::start(&["--quiet"]);
    server.write("a.txt", "hello\n");
    server.write("folder/index.html", "<p>index</p>");
    server.write("list/b \"<&>.bin", "0123456789");
    server.write("list/deep/c", "c");
    server.write("empty.css", "");
    server.write("large", large());
    server.write("../secret", "secret");
    server
}

fn large() -> Vec<u8> {
    (0..3_000_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect()
}

#[test]
fn files_and_their_heads() {
    let server = server();
    let answer = server.get("/a.txt", "");
    assert_eq!((answer.status, &answer.body[..]), (200, &b"hello\n"[..]));
    assert_eq!(answer.field("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.field("Content-Length"), Some("6"));
    assert_eq!(answer.field("Last-Modified"), Some(MODIFIED));
    assert_eq!(answer.field("Accept-Ranges"), Some("bytes"));
    assert!(answer.field("Date").is_some_and(|date| date.ends_with(" GMT")));
    let head = server.ask("HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    let undated = |answer: &Answer| {
        let lines = answer.head.lines().filter(|line| !line.starts_with("Date: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(undated(&head), undated(&answer));
    assert_eq!(server.get("/empty.css", "").body, b"");
    assert_eq!(server.get("/large", "").body, large());
    assert_eq!(server.get("/list/b%20%22%3C&%3E.bin?query#x", "").body, b"0123456789");
    assert_eq!(server.get("http://a/a.txt", "").body, b"hello\n");
    for target in ["/none", "/a.txt/", "/a.txt/b", "/list/none"] {
        let answer = server.get(target, "");
        assert_eq!((answer.status, answer.text().as_str()), (404, "404 Not Found\n"), "{target}");
    }
}

#[test]
fn folders() {
    let server = server();
    let index = server.get("/folder/", "");
    assert_eq!((index.status, &index.body[..]), (200, &b"<p>index</p>"[..]));
    assert_eq!(index.field("Content-Type"), Some("text/html; charset=utf-8"));
    for (target, location) in
        [("/folder", "/folder/"), ("//list?a=b", "/list/?a=b"), ("/list/../folder", "/folder/")]
    {
        let answer = server.get(target, "");
        assert_eq!((answer.status, answer.field("Location")), (301, Some(location)), "{target}");
    }
    let page = server.get("/list/", "");
    assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
    for line in [
        "<h1>/list/</h1>",
        "<li><a href=\"../\">../</a></li>",
        "<li><a href=\"b%20%22%3C%26%3E.bin\">b &#34;&#60;&#38;&#62;.bin</a></li>",
        "<li><a href=\"deep/\">deep/</a></li>",
    ] {
        assert!(page.text().lines().any(|found| found == line), "{line}\n{}", page.text());
    }
    let root = server.get("/", "");
    assert!(root.text().contains("a.txt") && !root.text().contains("../"), "{}", root.text());
    let head = server.ask("HEAD /list/ HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(head.field("Content-Length"), page.field("Content-Length"));
    fs::create_dir_all(server.path("odd/index.html")).expect("a folder can be made");
    assert!(server.get("/odd/", "").text().contains("index.html/"), "a folder is no index");
}

#[test]
fn ranges() {
    let server = server();
    for (range, part, bytes) in [
        ("bytes=0-0", "0-0", &b"h"[..]),
        ("bytes=1-", "1-5", b"ello\n"),
        ("bytes=-2", "4-5", b"o\n"),
        ("bytes=4-99", "4-5", b"o\n"),
    ] {
        let answer = server.get("/a.txt", &format!("Range: {range}\r\n"));
        let part = format!("bytes {part}/6");
        assert_eq!((answer.status, &answer.body[..]), (206, bytes), "{range}");
        assert_eq!(answer.field("Content-Range"), Some(&*part), "{range}");
    }
    for range in ["bytes=6-", "bytes=-0"] {
        let answer = server.get("/a.txt", &format!("Range: {range}\r\n"));
        assert_eq!((answer.status, answer.field("Content-Range")), (416, Some("bytes */6")));
    }
    for range in ["bytes=0-0,2-3", "bytes=2-1", "lines=1-2", "bytes"] {
        let answer = server.get("/a.txt", &format!("Range: {range}\r\n"));
        assert_eq!((answer.status, &answer.body[..]), (200, &b"hello\n"[..]), "{range}");
    }
    let answer = server.get("/large", "Range: bytes=1000-2500000\r\n");
    assert_eq!((answer.status, answer.body), (206, large()[1000..=2_500_000].to_vec()));
    let head = server.ask("HEAD /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n");
    assert_eq!((head.status, head.field("Content-Length")), (200, Some("6")));
    let tag = head.field("ETag").expect("it has one");
    for (condition, status) in [(tag, 206), ("\"x\"", 200), (MODIFIED, 206)] {
        let fields = format!("Range: bytes=0-0\r\nIf-Range: {condition}\r\n");
        assert_eq!(server.get("/a.txt", &fields).status, status, "{condition}");
    }
}

#[test]
fn conditions() {
    let server = server();
    let answer = server.get("/a.txt", "");
    let tag = answer.field("ETag").expect("it has one");
    assert!(tag.starts_with('"'), "strong, of an old file: {tag}");
    let before = "Sun, 06 Nov 1994 08:49:36 GMT";
    for (field, status) in [
        (format!("If-None-Match: {tag}"), 304),
        (format!("If-None-Match: \"x\", W/{tag}"), 304),
        ("If-None-Match: \"x\"".to_owned(), 200),
        (format!("If-Modified-Since: {MODIFIED}"), 304),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT".to_owned(), 304),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994".to_owned(), 304),
        (format!("If-Modified-Since: {before}"), 200),
        ("If-Modified-Since: never".to_owned(), 200),
        (format!("If-Unmodified-Since: {before}"), 412),
        (format!("If-Unmodified-Since: {MODIFIED}"), 200),
        (format!("If-Match: {tag}"), 200),
        ("If-Match: \"x\"".to_owned(), 412),
    ] {
        let mut client = server.connect();
        client.send(format!("GET /a.txt HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status, status, "{field}");
        if status == 304 {
            assert_eq!(answer.field("ETag"), Some(tag), "{field}");
            assert_eq!((answer.field("Content-Length"), answer.closes()), (None, false));
            client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(client.answer().status, 204, "no body was behind it");
        }
    }
    fs::write(server.path("fresh"), "x").expect("a file can be written");
    let fresh = server.get("/fresh", "");
    assert!(fresh.field("ETag").is_some_and(|tag| tag.starts_with("W/\"")), "{}", fresh.head);
}

#[test]
fn connections_are_kept_open_or_not() {
    let server = server();
    let mut client = server.connect();
    for _ in 0..100 {
        client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.answer();
        assert_eq!((answer.status, answer.closes()), (200, false));
    }
    client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(client.answer().closes());
    client.expect_end();
    let mut client = server.connect();
    client.send("GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.answer().field("Connection"), Some("keep-alive"));
    client.send("GET /a.txt HTTP/1.0\r\n\r\n");
    assert!(client.answer().closes());
    client.expect_end();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = server();
    let mut client = server.connect();
    let targets = ["/a.txt", "/none", "/large", "/folder/", "/a.txt"];
    let requests = targets.map(|target| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nGET / HT!";
    let requests = requests.concat() + body;
    client.send(requests.repeat(20));
    for _ in 0..20 {
        for (status, len) in [(200, 6), (404, 14), (200, 3_000_000), (200, 12), (200, 6), (405, 23)]
        {
            let answer = client.answer();
            assert_eq!((answer.status, answer.body.len()), (status, len), "{}", answer.head);
        }
    }
}

#[test]
fn methods() {
    let server = server();
    for method in ["POST", "PUT", "DELETE", "TRACE", "PATCH", "BREW"] {
        let answer = server.ask(format!("{method} /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((answer.status, answer.field("Allow")), (405, Some("GET, HEAD, OPTIONS")));
    }
    for target in ["*", "/a.txt"] {
        let answer = server.ask(format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!((answer.status, answer.field("Allow")), (204, Some("GET, HEAD, OPTIONS")));
        assert_eq!(answer.field("Content-Length"), None);
    }
}

/// All ways out of the root, with links followed below it (`follows`) or not at all.
fn nothing_leads_out(server: &Server, follows: bool) {
    server.write("../secret", "secret");
    server.write("in/side", "inside");
    server.write("in/index.html", "index");
    for (target, name) in [
        ("../secret", "out"),
        ("../../secret", "in/out"),
        ("..", "up"),
        ("/etc/passwd", "absolute"),
        ("/proc/self/root", "magic"),
        ("magic/etc/passwd", "twice"),
        ("loop", "loop"),
        ("in/side", "link"),
        ("in", "folder"),
        ("/in/side", "rooted"),
    ] {
        symlink(target, server.path(name)).expect("a link can be made");
    }
    for target in [
        "/out",
        "/in/out",
        "/absolute",
        "/up/secret",
        "/magic/etc/passwd",
        "/twice",
        "/loop",
        "/magic/",
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/%2e%2e%2fsecret",
        "/in/../../secret",
        "/..\\secret",
        "/%5c..%5csecret",
        "/in%00/../../secret",
        "/in/side%00.txt",
        "/..;/secret",
        "/%c0%ae%c0%ae/secret",
        "/....//secret",
        "/%252e%252e%252fsecret",
        "/../secret",
    ] {
        let answer = server.get(target, "");
        assert!([400, 404].contains(&answer.status), "{target}: {}", answer.head);
        assert!(!answer.text().contains("secret") || answer.status == 404, "{target}");
    }
    // The root is `/` to the links below it.
    let expected = if follows { 200 } else { 404 };
    for target in ["/link", "/folder/side", "/rooted", "/folder/"] {
        assert_eq!(server.get(target, "").status, expected, "{target}");
    }
    assert_eq!(server.get("/in/side", "").body, b"inside");
    assert_eq!(server.get("/in/", "").body, b"index");
}

#[test]
fn no_path_and_no_link_leads_out() {
    nothing_leads_out(&Server::start(&["--quiet"]), true);
}

#[test]
fn nor_where_the_kernel_has_no_openat2() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        let program = Program::bare("rt-main").deny(Filter::deny(libc::SYS_openat2, errno));
        nothing_leads_out(&Server::of(program, &["--quiet"]), false);
    }
}

#[test]
fn without_sendfile_files_are_copied() {
    for errno in [libc::EINVAL, libc::ENOSYS] {
        let program = Program::bare("rt-main").deny(Filter::deny(libc::SYS_sendfile, errno));
        let server = Server::of(program, &["--quiet"]);
        server.write("large", large());
        assert_eq!(server.get("/large", "").body, large());
        assert_eq!(server.get("/large", "Range: bytes=-100000\r\n").body, large()[2_900_000..]);
    }
}

#[test]
fn only_files_and_folders() {
    let server = Server::start(&["--quiet"]);
    let pipe = server.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe can be made");
    let _socket =
        std::os::unix::net::UnixListener::bind(server.path("socket")).expect("it listens");
    for target in ["/pipe", "/socket", "/pipe/", "/socket/x"] {
        assert_eq!(server.get(target, "").status, 404, "{target}");
    }
    assert!(server.get("/", "").text().contains(">pipe<"));
}
