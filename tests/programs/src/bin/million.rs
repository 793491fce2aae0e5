//! `million alive N` parks N goroutines at once; `million turn N` starts N, one after the other.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use programs::wait::Semaphore;
use programs::{proc, select};
use rt_main::{println, runtime, thread};

rt_main::entry!(main);

/// What the process occupies, page tables included, in bytes.
fn memory() -> u64 {
    (proc::status("VmRSS") + proc::status("VmPTE")) << 10
}

/// N goroutines wait at once, are woken, and joined.
fn alive() {
    static GATE: Semaphore = Semaphore::new(0);
    static WOKEN: AtomicU64 = AtomicU64::new(0);
    let count: u64 = select::number(2, 1_000_000);
    let mut tasks = Vec::with_capacity(count as usize);
    let before = memory();
    for _ in 0..count {
        tasks.push(thread::spawn(|| {
            GATE.acquire();
            WOKEN.fetch_add(1, SeqCst);
        }));
    }
    while (GATE.waiting() as u64) < count {
        thread::yield_now();
    }
    assert_eq!(runtime::num_goroutines(), count + 1);
    assert_eq!(WOKEN.load(SeqCst), 0, "nobody has woken them");
    let each = (memory() - before) as f64 / count as f64;
    println!("alive {count}");
    println!("bytes-each {each:.0}");
    for _ in 0..count {
        assert!(GATE.release(), "one of them did not wait");
    }
    for task in tasks {
        let Ok(()) = task.join();
    }
    println!("woken {}", WOKEN.load(SeqCst));
}

/// N goroutines in turn use what the first few did.
fn turn() {
    const FIRST: u64 = 10_000;
    let count: u64 = select::number(2, 10_000_000);
    let start = |count: u64| {
        for i in 0..count {
            let Ok(back) = thread::spawn(move || i).join();
            assert_eq!(back, i);
        }
    };
    start(FIRST);
    let before = memory();
    start(count);
    println!("turns {count}");
    println!("growth {}", memory().saturating_sub(before));
}

fn main() -> i32 {
    select::run(&[("alive", alive), ("turn", turn)])
}
