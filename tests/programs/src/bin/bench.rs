//! `bench WORKLOAD k=v…`: the scheduler's workloads, with the command line and the output of the
//! peers' programs: `metric value unit` lines, exit 3 for a workload that is not here.
#![no_std]
#![no_main]

use programs::workload::{arg, join_all, spawn_one, timed, yields};
use rt_main::{env, println, runtime, thread};

rt_main::entry!(main);

/// Batches of goroutines are started, then joined.
fn spawn_batch() {
    let (n, batch) = (arg("n", 30), arg("batch", 10_000));
    let ns = timed(|| {
        for _ in 0..n {
            join_all((0..batch).map(|_| thread::spawn(|| ())).collect());
        }
    });
    println!("task {:.3} ns", ns / (n * batch) as f64);
}

/// The runtime is entered for a moment, and left.
fn entries() {
    let n = arg("n", 100_000_000);
    let mut with_p = 0;
    let ns = timed(|| {
        for _ in 0..n {
            with_p += rt_sched::park::with_current_p(|pp| u64::from(pp.is_some()));
        }
    });
    assert!(with_p <= n);
    println!("entry {:.3} ns", ns / n as f64);
}

fn main() -> i32 {
    let procs = u32::try_from(arg("w", 1)).unwrap_or(1);
    if let Err(error) = runtime::set_procs(procs) {
        println!("unsupported 0 n/a: {error}");
        return 3;
    }
    match env::args().nth(1).map(core::ffi::CStr::to_bytes) {
        Some(b"yield") => yields(),
        Some(b"spawn_one") => spawn_one(),
        Some(b"spawn_batch") => spawn_batch(),
        Some(b"entry") => entries(),
        _ => return 3,
    }
    0
}
