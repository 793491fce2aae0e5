//! `world TEST`: the number of Ps, and of goroutines. Ports of Go's tests.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use programs::select;
use programs::wait::Semaphore;
use rt_main::time::{Duration, Instant};
use rt_main::{println, runtime, thread};

rt_main::entry!(main);

fn join(handle: thread::JoinHandle<()>) {
    let Ok(()) = handle.join();
}

/// Goroutines that come and go are counted. Go: `TestNumGoroutine`.
fn count() {
    const MANY: u64 = 1000;
    static GO: Semaphore = Semaphore::new(0);
    static HERE: Semaphore = Semaphore::new(0);
    assert_eq!(runtime::num_goroutines(), 1);
    let tasks = [(); MANY as usize].map(|()| {
        thread::spawn(|| {
            HERE.release();
            GO.acquire();
        })
    });
    assert_eq!(runtime::num_goroutines(), 1 + MANY);
    (0..MANY).for_each(|_| HERE.acquire());
    assert_eq!(runtime::num_goroutines(), 1 + MANY);
    (0..MANY).for_each(|_| {
        GO.release();
    });
    tasks.into_iter().for_each(join);
    // The last of them may still be on its way out.
    let start = Instant::now();
    while runtime::num_goroutines() > 1 && start.elapsed() < Duration::from_secs(20) {
        thread::yield_now();
    }
    assert_eq!(runtime::num_goroutines(), 1);
}

/// As many Ps as the environment says, far more than CPUs. Go: `TestBigGOMAXPROCS`.
fn big() {
    static SUM: AtomicU32 = AtomicU32::new(0);
    for _ in 0..100 {
        let tasks = [(); 10].map(|()| {
            thread::spawn(|| {
                thread::yield_now();
                SUM.fetch_add(1, SeqCst);
            })
        });
        tasks.into_iter().for_each(join);
    }
    assert_eq!(SUM.load(SeqCst), 1000);
    println!("procs {}", runtime::procs());
}

fn main() -> i32 {
    select::run(&[("count", count), ("big", big)])
}
