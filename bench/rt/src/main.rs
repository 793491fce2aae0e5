//! The workloads on rt, with `w` Ps.

mod channels;
mod locks;
mod tasks;
mod waiting;

use std::process::exit;
use std::time::Duration;

use bench_common::{Args, Buffered, Peer};
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
