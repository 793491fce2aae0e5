//! The workloads on threads of std, one for each task, with crossbeam-channel. `w` limits the CPUs.

mod channels;
mod hogs;
mod locks;
mod servers;
mod tasks;
mod waiting;

use std::net::TcpListener;
use std::process::exit;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use bench_common::{Args, Blocks, Buffered, Peer, Served, limit_cpus};

/// Small, as the other peers' tasks are; address space only, until it is touched.
const STACK_BYTES: usize = 64 << 10;

struct Threads;

impl Peer for Threads {
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
        (!announced).then(|| hogs::blocked(count))
    }

    fn serve_echo(&self, listener: TcpListener) -> Option<Served> {
        Some(servers::echo(listener))
    }
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread")
}

/// Waits until all are done.
fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
}

fn main() {
    let args = Args::read();
    limit_cpus(args.workers());
    bench_common::run(&args, &Threads);
    // Threads may be left that wait for ever.
    exit(0);
}
