//! `rt-main serve` with ten thousand connections that idle. One test: it raises the limit on
//! descriptors, for itself and for the server.

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tests::server::{Client, Server, wait_for};

const MANY: u64 = 10_000;
/// The most that a connection may take which idles, page tables included.
const BYTES_MAX: u64 = 8 << 10;

/// The memory of a process with its page tables, in bytes.
fn memory_bytes(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    };
    field("VmRSS:") + field("VmPTE:")
}

#[test]
fn who_idles_is_small() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("it may be raised so far");
    let count = MANY.min(hard - 200);
    let server = Server::start(&["--quiet", "--idle-timeout", "600000"]);
    server.write("a.txt", "hello\n");
    let before = memory_bytes(server.id());
    let mut clients: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.answer().body, b"hello\n");
    }
    wait_for(|| (memory_bytes(server.id()) - before <= count * BYTES_MAX).then_some(()));
    // They are all well, and so are others.
    for client in clients.iter_mut().step_by(97) {
        client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.answer().body, b"hello\n");
    }
    server.expect_well();
    drop(clients);
    server.expect_well();
}
