//! `world TEST`: the number of Ps, and of goroutines. Ports of Go's tests.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use programs::select;
use programs::wait::Semaphore;
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
    let mut left = runtime::num_goroutines();
    for _ in 0..1_000_000 {
        if left == 1 {
            break;
        }
        thread::yield_now();
        left = runtime::num_goroutines();
    }
    assert_eq!(left, 1);
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

/// The world is stopped a thousand times by two goroutines while others end and start again. Go:
/// `TestStopTheWorldDeadlock`.
fn resize() {
    static STOP: AtomicBool = AtomicBool::new(false);
    static STARTED: AtomicU32 = AtomicU32::new(0);
    static ENDED: AtomicU32 = AtomicU32::new(0);
    fn again() {
        if !STOP.load(SeqCst) {
            STARTED.fetch_add(1, SeqCst);
            thread::go(again);
        }
        ENDED.fetch_add(1, SeqCst);
    }
    runtime::set_procs(3).expect("three Ps");
    STARTED.fetch_add(2, SeqCst);
    thread::go(again);
    thread::go(again);
    let resizer = |from: u32| {
        thread::spawn(move || {
            for i in 0..1000 {
                let procs = 1 + (from + i) % 4;
                let old = runtime::set_procs(procs).expect("there is memory for four Ps");
                assert!((1..=4).contains(&old), "{old} Ps before");
            }
        })
    };
    let resizers = [resizer(0), resizer(2)];
    resizers.into_iter().for_each(join);
    runtime::set_procs(3).expect("three Ps");
    assert_eq!(runtime::procs(), 3);
    STOP.store(true, SeqCst);
    while ENDED.load(SeqCst) != STARTED.load(SeqCst) {
        thread::yield_now();
    }
    println!("respawned {}", STARTED.load(SeqCst));
}

fn main() -> i32 {
    select::run(&[("count", count), ("big", big), ("resize", resize)])
}
