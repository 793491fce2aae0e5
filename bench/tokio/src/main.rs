//! The workloads on tokio: `w` worker threads, or `ct=1` for the current-thread runtime.

mod channels;
mod hogs;
mod locks;
mod servers;
mod tasks;
mod waiting;

use std::future::Future;
use std::net::TcpListener;
use std::time::Duration;

use bench_common::{Args, Blocks, Buffered, Peer, Served};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

struct Tokio(Runtime);

impl Tokio {
    fn new(args: &Args) -> Tokio {
        let mut builder = match args.get("ct", 0) {
            0 => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        let runtime = builder.worker_threads(args.workers()).enable_all().build();
        Tokio(runtime.expect("a runtime"))
    }

    /// Does `work` in a task, so that the main thread only waits.
    fn in_task<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.0.block_on(async { tokio::spawn(work).await.expect("no panic") })
    }
}

impl Peer for Tokio {
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
        // tokio's own channel has one receiver.
        Some(match shape.consumers {
            1 => self.in_task(channels::one_consumer(shape)),
            _ => self.in_task(channels::many_consumers(shape)),
        })
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

    fn serve_http(&self, listener: TcpListener) -> Option<Served> {
        Some(self.in_task(servers::hello(listener)))
    }
}

/// Waits until all are done.
async fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(handles.len());
    for handle in handles {
        results.push(handle.await.expect("no panic"));
    }
    results
}

fn main() {
    let args = Args::read();
    let peer = Tokio::new(&args);
    bench_common::run(&args, &peer);
    // Tasks may be left that wait for ever.
    peer.0.shutdown_background();
}
