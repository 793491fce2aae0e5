//! The frame around each workload: default sizes, warm-up, check, output.

use std::net::TcpListener;
use std::time::Duration;

use crate::args::Args;
use crate::output::{milliseconds, per, report, report_delays, unsupported};
use crate::peer::{Buffered, Peer, Served};
use crate::primes::nth_prime;
use crate::system::{Memory, cpu_time, peak_mib};

/// Does the workload that `args` names and prints what it took. Ends the process with status 3 when
/// there is no such workload or `peer` has nothing for it.
///
/// # Panics
/// When a result is wrong.
pub fn run(args: &Args, peer: &impl Peer) {
    let done = match args.workload() {
        "yield" => yields(args, peer),
        "spawn_one" => spawn_one(args, peer),
        "spawn_batch" => spawn_batch(args, peer),
        "skynet" => skynet(args, peer),
        "pingpong" => pingpong(args, peer),
        "chanbuf" => chanbuf(args, peer),
        "select" => select(args, peer),
        "mutex" => mutex(args, peer),
        "sieve" => sieve(args, peer),
        "parked" => parked(args, peer),
        "timers" => timers(args, peer),
        "hog" => hogs(args, peer),
        "blocking" => blocked(args, peer, true),
        "blocking_raw" => blocked(args, peer, false),
        "serve_echo" => peer.serve_echo(listen(args)).map(ended),
        "serve_http" => peer.serve_http(listen(args)).map(ended),
        _ => None,
    };
    if done.is_none() {
        unsupported();
    }
}

/// The socket that a server under measurement is to serve.
///
/// # Panics
/// When the port is not to be had.
pub fn listen(args: &Args) -> TcpListener {
    let port = args.get("port", 7000);
    let port = u16::try_from(port).unwrap_or_else(|_| panic!("port={port}: no port"));
    TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| panic!("port={port}: {error}"))
}

/// A server that could not go on.
fn ended(served: Served) {
    let Err(error) = served;
    panic!("serve: {error}");
}

/// A tenth of the work to warm up, then all of it.
fn warm(size: usize, work: impl Fn(usize) -> Option<Duration>) -> Option<Duration> {
    work((size / 10).max(1))?;
    work(size)
}

fn yields(args: &Args, peer: &impl Peer) -> Option<()> {
    let (tasks, turns) = (args.get("tasks", 2), args.get("n", 1_000_000));
    let took = warm(turns, |turns| peer.yields(tasks, turns))?;
    report("switch", per(took, tasks * turns), "ns");
    Some(())
}

fn spawn_one(args: &Args, peer: &impl Peer) -> Option<()> {
    let count = args.get("n", 300_000);
    let took = warm(count, |count| peer.spawn_one(count))?;
    report("task", per(took, count), "ns");
    Some(())
}

fn spawn_batch(args: &Args, peer: &impl Peer) -> Option<()> {
    let (rounds, batch) = (args.get("n", 30), args.get("batch", 10_000));
    let took = warm(rounds, |rounds| peer.spawn_batch(rounds, batch))?;
    report("task", per(took, rounds * batch), "ns");
    Some(())
}

/// Not warmed up: what a first million tasks cost belongs to it.
fn skynet(args: &Args, peer: &impl Peer) -> Option<()> {
    let leaves = args.get("n", 1_000_000) as u64;
    let (took, sum) = peer.skynet(leaves)?;
    assert_eq!(sum, leaves * (leaves - 1) / 2, "the sum of all leaves' numbers");
    report("total", milliseconds(took), "ms");
    report("peak", peak_mib(), "MiB");
    Some(())
}

fn pingpong(args: &Args, peer: &impl Peer) -> Option<()> {
    let rounds = args.get("n", 300_000);
    let took = warm(rounds, |rounds| peer.pingpong(rounds))?;
    report("roundtrip", per(took, rounds), "ns");
    Some(())
}

fn chanbuf(args: &Args, peer: &impl Peer) -> Option<()> {
    let producers = args.get("prod", 1).max(1);
    let shape = |messages: usize| Buffered {
        messages: (messages / producers).max(1) * producers,
        producers,
        consumers: args.get("cons", 1).max(1),
        capacity: args.get("cap", 128),
    };
    let messages = args.get("n", 1_000_000);
    let took = warm(messages, |messages| peer.chanbuf(shape(messages)))?;
    report("msg", per(took, shape(messages).messages), "ns");
    Some(())
}

fn select(args: &Args, peer: &impl Peer) -> Option<()> {
    // A multiple of the four senders.
    let messages = args.get("n", 1_000_000).next_multiple_of(4);
    let capacity = args.get("cap", 0);
    let took = warm(messages, |messages| peer.select(messages.next_multiple_of(4), capacity))?;
    report("msg", per(took, messages), "ns");
    Some(())
}

fn mutex(args: &Args, peer: &impl Peer) -> Option<()> {
    let (tasks, turns) = (args.get("tasks", 8), args.get("n", 200_000));
    let took = warm(turns, |turns| peer.mutex(tasks, turns))?;
    report("op", per(took, tasks * turns), "ns");
    Some(())
}

/// Not warmed up: it runs for seconds.
fn sieve(args: &Args, peer: &impl Peer) -> Option<()> {
    let count = args.get("n", 2000).max(1);
    let (took, last) = peer.sieve(count, args.get("cap", 0))?;
    assert_eq!(last, nth_prime(count), "prime number {count}");
    report("total", milliseconds(took), "ms");
    Some(())
}

fn parked(args: &Args, peer: &impl Peer) -> Option<()> {
    let tasks = args.get("n", 100_000).max(1);
    let before = Memory::now();
    let took = peer.park(tasks)?;
    let grown = Memory::now().since(&before);
    report("rss", grown.resident / tasks as f64, "B/task");
    report("sysmem", grown.with_kernel / tasks as f64, "B/task");
    report("create", per(took, tasks), "ns/task");
    Some(())
}

fn timers(args: &Args, peer: &impl Peer) -> Option<()> {
    let before = cpu_time();
    let took = peer.timers(args.get("n", 100_000), args.get("rounds", 10))?;
    report("wall", milliseconds(took), "ms");
    report("cpu", milliseconds(cpu_time() - before), "ms");
    Some(())
}

/// Not warmed up: how long it takes until the first ones give way belongs to it.
fn hogs(args: &Args, peer: &impl Peer) -> Option<()> {
    let duration = Duration::from_millis(args.get("ms", 2000) as u64);
    let delays = peer.hogs(args.get("hogs", 4), duration)?;
    report_delays("delay", &delays);
    Some(())
}

fn blocked(args: &Args, peer: &impl Peer, announced: bool) -> Option<()> {
    let done = peer.blocked(args.get("n", 100), announced)?;
    report("wall", milliseconds(done.wall), "ms");
    report_delays("tick", &done.delays);
    Some(())
}
