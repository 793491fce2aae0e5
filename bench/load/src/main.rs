//! `bench-load echo|http [key=number …] PROGRAM`: starts `PROGRAM serve_echo port=N …`, keeps one
//! request under way on each of `conns` connections, and prints how long it takes for an answer.
//! `bench-load serve_echo|serve_http port=N` is the least server: one thread and an epoll set.

mod client;
mod least;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio, exit};
use std::time::Duration;

use bench_common::{Args, listen, per, report, report_delays, unsupported};
use client::{Echo, Http, Load, Protocol};

/// A server, which ends with the one who started it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _status = self.0.wait();
    }
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let is_client = words.first().is_some_and(|word| word == "echo" || word == "http");
    let program = words.pop_if(|word| is_client && !word.contains('='));
    let args = Args::parse(words.iter().cloned()).unwrap_or_else(|error| usage(&error));
    match (args.workload(), program) {
        ("echo", Some(program)) => drive(&args, &words, &program, Echo(args.get("size", 64))),
        ("http", Some(program)) => drive(&args, &words, &program, Http),
        ("serve_echo", None) => least::serve(listen(&args), least::echo),
        ("serve_http", None) => least::serve(listen(&args), least::hello),
        ("echo" | "http", None) => usage("which program?"),
        _ => unsupported(),
    }
}

fn usage(error: &str) -> ! {
    eprintln!("{error}\nusage: echo|http [key=number ...] PROGRAM | serve_echo|serve_http port=N");
    exit(2)
}

/// Starts the server and measures it.
fn drive(args: &Args, words: &[String], program: &str, protocol: impl Protocol) {
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(format!("serve_{}", args.workload())).args(&words[1..]).arg(format!("port={port}"));
    command.stdout(Stdio::null());
    let mut server = Server(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")));
    let load = Load {
        port,
        connections: args.get("conns", 64),
        warm: Duration::from_millis(args.get("warm", 300) as u64),
        measured: Duration::from_millis(args.get("ms", 1500) as u64),
    };
    let Some(streams) = load.connect(|| server.0.try_wait().is_ok_and(|status| status.is_some()))
    else {
        unsupported()
    };
    let done = load.run(streams, protocol);
    report("answer", per(done.took, done.delays.len()), "ns");
    report_delays("delay", &done.delays);
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("a bound socket has an address").port()
}
