//! `trace_bench WORKLOAD k=v…`: what a trace costs while it is on: workloads with `trace=1`, and
//! without. Output as in `bench`.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use programs::workload::{arg, join_all, spawn_one, timed, yields};
use rt_main::chan::bounded;
use rt_main::{env, println, runtime, thread};

rt_main::entry!(main);

/// Two goroutines send a number to and fro, over channels without a buffer.
fn pingpong() {
    let n = arg("n", 300_000);
    let ((ping, pings), (pong, pongs)) = (bounded(0), bounded(0));
    let ns = timed(|| {
        let partner = thread::spawn(move || pings.iter().for_each(|i: u64| pong.send(i).unwrap()));
        for i in 0..n {
            ping.send(i).unwrap();
            assert_eq!(pongs.recv(), Ok(i));
        }
        drop(ping);
        let Ok(()) = partner.join();
    });
    println!("round {:.3} ns", ns / n as f64);
}

/// Goroutines compute for `us` µs, more or less, then yield.
fn work() {
    let (tasks, n, us) = (arg("tasks", 8), arg("n", 20_000), arg("us", 5));
    let ns = timed(|| {
        let task = |seed| {
            thread::spawn(move || {
                let mut word: u64 = seed;
                for _ in 0..n {
                    for _ in 0..us * 1300 {
                        word = core::hint::black_box(word.wrapping_mul(6_364_136_223_846_793_005));
                    }
                    thread::yield_now();
                }
            })
        };
        join_all((0..tasks).map(task).collect());
    });
    println!("turn {:.3} ns", ns / (tasks * n) as f64);
}

/// A tree of goroutines, ten below each, sums its leaves up.
fn skynet() {
    fn node(first: u64, leaves: u64) -> u64 {
        if leaves == 1 {
            return first;
        }
        let child = |i| thread::spawn(move || node(first + i * leaves / 10, leaves / 10));
        let children: Vec<_> = (0..10).map(child).collect();
        children.into_iter().map(|task| task.join().unwrap()).sum()
    }
    let leaves = 100_000;
    let ns = timed(|| assert_eq!(node(0, leaves), (0..leaves).sum()));
    println!("leaf {:.3} ns", ns / leaves as f64);
}

fn main() -> i32 {
    let procs = u32::try_from(arg("w", 1)).unwrap_or(1);
    runtime::set_procs(procs).expect("so many Ps");
    let traced = arg("trace", 0) != 0;
    if traced {
        runtime::trace::start(runtime::trace::Options::default()).expect("a goroutine begins it");
    }
    match env::args().nth(1).map(core::ffi::CStr::to_bytes) {
        Some(b"yield") => yields(),
        Some(b"spawn_one") => spawn_one(),
        Some(b"pingpong") => pingpong(),
        Some(b"work") => work(),
        Some(b"skynet") => skynet(),
        _ => return 3,
    }
    if traced {
        let trace = runtime::trace::stop().expect("it is on");
        println!("lost {} events", trace.lost());
    }
    0
}
