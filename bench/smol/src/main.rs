//! The workloads on smol: an executor with `w` threads, async-channel, async-lock.

mod channels;
mod hogs;
mod locks;
mod servers;
mod tasks;
mod waiting;

use std::future::Future;
use std::net::TcpListener;
use std::process::exit;
use std::thread;
use std::time::Duration;

use bench_common::{Args, Blocks, Buffered, Peer, Served};
use smol::{Executor, Task, future};

static EXECUTOR: Executor<'static> = Executor::new();

struct Smol;

impl Smol {
    /// Starts all workers but the main thread, which is one as long as it waits for a task.
    fn start(workers: usize) -> Smol {
        for _ in 1..workers {
            thread::spawn(|| smol::block_on(EXECUTOR.run(future::pending::<()>())));
        }
        Smol
    }

    /// Does `work` in a task.
    fn in_task<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        smol::block_on(EXECUTOR.run(spawn(work)))
    }
}

impl Peer for Smol {
    fn yields(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(self.in_task(tasks::yields(tasks, turns)))
    }

    fn spawn_one(&self, count: usize) -> Option<Duration> {
        Some(self.in_task(tasks::spawn_one(count)))
    }

    fn spawn_batch(&self, rounds: usize, batch: usize) -> Option<Duration> {
        Some(self.in_task(tasks::spawn_batch(rounds, batch)))
    }

    fn skynet(&self, leaves: u64) -> Option<(Duration, u64)> {
        Some(self.in_task(tasks::skynet(leaves)))
    }

    fn pingpong(&self, rounds: usize) -> Option<Duration> {
        Some(self.in_task(channels::pingpong(rounds)))
    }

    fn chanbuf(&self, shape: Buffered) -> Option<Duration> {
        Some(self.in_task(channels::chanbuf(shape)))
    }

    fn select(&self, messages: usize, capacity: usize) -> Option<Duration> {
        Some(self.in_task(channels::select(messages, capacity)))
    }

    fn mutex(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(self.in_task(locks::mutex(tasks, turns)))
    }

    fn sieve(&self, count: usize, capacity: usize) -> Option<(Duration, u64)> {
        Some(self.in_task(channels::sieve(count, capacity)))
    }

    fn park(&self, tasks: usize) -> Option<Duration> {
        Some(self.in_task(waiting::park(tasks)))
    }

    fn timers(&self, tasks: usize, rounds: usize) -> Option<Duration> {
        Some(self.in_task(waiting::timers(tasks, rounds)))
    }

    fn hogs(&self, count: usize, duration: Duration) -> Option<Vec<Duration>> {
        Some(self.in_task(hogs::hogs(count, duration)))
    }

    fn blocked(&self, count: usize, announced: bool) -> Option<Blocks> {
        Some(self.in_task(hogs::blocked(count, announced)))
    }

    fn serve_echo(&self, listener: TcpListener) -> Option<Served> {
        Some(self.in_task(servers::echo(listener)))
    }
}

fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Task<T> {
    EXECUTOR.spawn(work)
}

/// Waits until all are done.
async fn join_all<T>(tasks: Vec<Task<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await);
    }
    results
}

fn main() {
    let args = Args::read();
    bench_common::run(&args, &Smol::start(args.workers()));
    // Workers and tasks may be left that wait for ever.
    exit(0);
}
