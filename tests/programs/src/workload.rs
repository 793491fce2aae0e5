//! What the bare benchmarks share: their command line, `k=v` words behind the workload, and the
//! simplest workloads.

use alloc::vec::Vec;

use rt_main::{env, println, runtime, thread};

/// The value of `key=number` on the command line.
#[must_use]
pub fn arg(key: &str, default: u64) -> u64 {
    let words = env::args().filter_map(|word| word.to_str().ok());
    let value = words.filter_map(|word| word.strip_prefix(key)?.strip_prefix('=')).last();
    value.and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// How many ns it takes.
#[must_use]
pub fn timed(f: impl FnOnce()) -> f64 {
    let start = runtime::nanotime();
    f();
    (runtime::nanotime() - start) as f64
}

/// Waits until all have ended.
pub fn join_all(tasks: Vec<thread::JoinHandle<()>>) {
    for task in tasks {
        let Ok(()) = task.join();
    }
}

/// `tasks` goroutines yield `n` times each.
pub fn yields() {
    let (tasks, n) = (arg("tasks", 2), arg("n", 1_000_000));
    let ns = timed(|| {
        let task = |_| {
            thread::spawn(move || {
                for _ in 0..n {
                    thread::yield_now();
                }
            })
        };
        join_all((0..tasks).map(task).collect());
    });
    println!("switch {:.3} ns", ns / (tasks * n) as f64);
}

/// One goroutine after the other is started and joined.
pub fn spawn_one() {
    let n = arg("n", 300_000);
    let ns = timed(|| {
        for _ in 0..n {
            let Ok(()) = thread::spawn(|| ()).join();
        }
    });
    println!("task {:.3} ns", ns / n as f64);
}
