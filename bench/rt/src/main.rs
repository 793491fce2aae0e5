//! The workloads on rt, with `w` Ps.

mod channels;
mod hogs;
mod locks;
mod servers;
#[path = "../../../examples/src/bin/http/socket.rs"]
mod socket;
mod tasks;
mod waiting;

use std::net::TcpListener;
use std::process::exit;
use std::time::Duration;

use bench_common::{Args, Blocks, Buffered, Peer, Served};
use rt::thread::JoinHandle;

struct Rt;

impl Peer for Rt {
    fn yields(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(tasks::yields(tasks, turns))
    }

    fn spawn_one(&self, count: usize) -> Option<Duration> {
        Some(tasks::spawn_one(count))
    }

    fn spawn_batch(&self, rounds: usize, batch: usize) -> Option<Duration> {
        Some(tasks::spawn_batch(rounds, batch))
    }

    fn skynet(&self, leaves: u64) -> Option<(Duration, u64)> {
        Some(tasks::skynet(leaves))
    }

    fn pingpong(&self, rounds: usize) -> Option<Duration> {
        Some(channels::pingpong(rounds))
    }

    fn chanbuf(&self, shape: Buffered) -> Option<Duration> {
        Some(channels::chanbuf(shape))
    }

    fn select(&self, messages: usize, capacity: usize) -> Option<Duration> {
        Some(channels::select(messages, capacity))
    }

    fn mutex(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(locks::mutex(tasks, turns))
    }

    fn sieve(&self, count: usize, capacity: usize) -> Option<(Duration, u64)> {
        Some(channels::sieve(count, capacity))
    }

    fn park(&self, tasks: usize) -> Option<Duration> {
        Some(waiting::park(tasks))
    }

    fn timers(&self, tasks: usize, rounds: usize) -> Option<Duration> {
        Some(waiting::timers(tasks, rounds))
    }

    fn hogs(&self, count: usize, duration: Duration) -> Option<Vec<Duration>> {
        Some(hogs::hogs(count, duration))
    }

    fn blocked(&self, count: usize, announced: bool) -> Option<Blocks> {
        Some(hogs::blocked(count, announced))
    }

    fn serve_echo(&self, listener: TcpListener) -> Option<Served> {
        Some(servers::echo(rt::net::TcpListener::from(listener)))
    }

    fn serve_http(&self, listener: TcpListener) -> Option<Served> {
        Some(servers::hello(rt::net::TcpListener::from(listener)))
    }
}

/// Waits until all are done.
fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
}

fn main() {
    let args = Args::read();
    let config = rt::Config { procs: Some(args.workers()), ..rt::Config::default() };
    // SAFETY: no workload keeps a thread-local over a call that can park.
    unsafe {
        rt::start(config);
        rt::run(|| bench_common::run(&args, &Rt));
    }
    // Goroutines may be left that wait for ever.
    exit(0);
}
