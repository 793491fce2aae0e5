//! The workloads on may, with `w` workers. `pool=N` keeps that many coroutines for reuse.

mod bounded;
mod channels;
mod hogs;
mod locks;
mod servers;
mod tasks;
mod waiting;

use std::net::TcpListener;
use std::process::exit;
use std::time::Duration;

use bench_common::{Args, Blocks, Buffered, Peer, Served};
use may::coroutine::{Builder, JoinHandle, spawn as may_spawn};

struct May;

impl May {
    fn configure(args: &Args) -> May {
        // 0 leaves may's default.
        may::config().set_workers(args.workers()).set_pool_capacity(args.get("pool", 0));
        May
    }

    /// Does `work` in a coroutine.
    fn in_task<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let builder = Builder::new().stack_size(0x4000);
        // SAFETY: no workload touches thread-locals, and this stack has room for what it calls.
        let handle = unsafe { builder.spawn(work) };
        handle.expect("a coroutine").join().expect("no panic")
    }
}

impl Peer for May {
    fn yields(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(self.in_task(move || tasks::yields(tasks, turns)))
    }

    fn spawn_one(&self, count: usize) -> Option<Duration> {
        Some(self.in_task(move || tasks::spawn_one(count)))
    }

    fn spawn_batch(&self, rounds: usize, batch: usize) -> Option<Duration> {
        Some(self.in_task(move || tasks::spawn_batch(rounds, batch)))
    }

    fn skynet(&self, leaves: u64) -> Option<(Duration, u64)> {
        Some(self.in_task(move || tasks::skynet(leaves)))
    }

    fn pingpong(&self, rounds: usize) -> Option<Duration> {
        Some(self.in_task(move || channels::pingpong(rounds)))
    }

    fn chanbuf(&self, shape: Buffered) -> Option<Duration> {
        Some(self.in_task(move || channels::chanbuf(shape)))
    }

    fn select(&self, messages: usize, capacity: usize) -> Option<Duration> {
        Some(self.in_task(move || channels::select(messages, capacity)))
    }

    fn mutex(&self, tasks: usize, turns: usize) -> Option<Duration> {
        Some(self.in_task(move || locks::mutex(tasks, turns)))
    }

    fn sieve(&self, count: usize, capacity: usize) -> Option<(Duration, u64)> {
        Some(self.in_task(move || channels::sieve(count, capacity)))
    }

    fn park(&self, tasks: usize) -> Option<Duration> {
        Some(self.in_task(move || waiting::park(tasks)))
    }

    fn timers(&self, tasks: usize, rounds: usize) -> Option<Duration> {
        Some(self.in_task(move || waiting::timers(tasks, rounds)))
    }

    fn hogs(&self, count: usize, duration: Duration) -> Option<Vec<Duration>> {
        Some(self.in_task(move || hogs::hogs(count, duration)))
    }

    fn blocked(&self, count: usize, announced: bool) -> Option<Blocks> {
        (!announced).then(|| self.in_task(move || hogs::blocked(count)))
    }

    fn serve_echo(&self, listener: TcpListener) -> Option<Served> {
        let address = listener.local_addr().expect("a bound socket has an address");
        drop(listener);
        let listener = may::net::TcpListener::bind(address).expect("a port just left");
        Some(self.in_task(move || servers::echo(listener)))
    }
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    // SAFETY: no workload touches thread-locals, and none calls deeply.
    unsafe { may_spawn(work) }
}

/// Waits until all are done.
fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
}

fn main() {
    let args = Args::read();
    bench_common::run(&args, &May::configure(&args));
    // Coroutines may be left that wait for ever.
    exit(0);
}
