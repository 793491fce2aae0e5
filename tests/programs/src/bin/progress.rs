//! `progress TEST`: goroutines that get their turn. Ports of Go's scheduler tests.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use programs::wait::Semaphore;
use rt_main::{runtime, thread};

rt_main::entry!(main);

fn join(handle: thread::JoinHandle<()>) {
    let Ok(()) = handle.join();
}

/// P goroutines count together, each waiting for its turn without ever yielding: all P must run at
/// once, each on a P. Ten times. Go: `TestGoroutineParallelism`.
fn parallel() {
    const P: u32 = 4;
    const ROUNDS: u32 = 10;
    const STEPS: u32 = 3;
    static DONE: Semaphore = Semaphore::new(0);
    static TURN: AtomicU32 = AtomicU32::new(0);
    runtime::set_procs(P).expect("four Ps");
    for _ in 0..ROUNDS {
        TURN.store(0, SeqCst);
        for p in 0..P {
            thread::go(move || {
                for step in 0..STEPS {
                    while TURN.load(SeqCst) != P * step + p {
                        core::hint::spin_loop();
                    }
                    TURN.store(P * step + p + 1, SeqCst);
                }
                DONE.release();
            });
        }
        (0..P).for_each(|_| DONE.acquire());
        assert_eq!(TURN.load(SeqCst), P * STEPS);
    }
}

/// A goroutine that only yields does not keep one that slept from its turn. Go:
/// `testYieldProgress`.
fn yield_progress(locked: bool) {
    static STOP: AtomicBool = AtomicBool::new(false);
    let yielder = thread::spawn(move || {
        if locked {
            runtime::lock_os_thread();
        }
        while !STOP.load(SeqCst) {
            thread::yield_now();
        }
    });
    thread::sleep(Duration::from_millis(10));
    STOP.store(true, SeqCst);
    join(yielder);
}

/// Go: `TestYieldProgress`.
fn progress() {
    yield_progress(false);
}

/// Go: `TestYieldLockedProgress`.
fn locked_progress() {
    yield_progress(true);
}

/// A goroutine yields and sleeps while tied to its thread; it stays there. Go: `TestYieldLocked`.
fn yield_locked() {
    let tied = thread::spawn(|| {
        runtime::lock_os_thread();
        let tid = rt_os::sys::thread::gettid();
        for _ in 0..10 {
            thread::yield_now();
            assert_eq!(rt_os::sys::thread::gettid(), tid);
            thread::sleep(Duration::from_millis(1));
            assert_eq!(rt_os::sys::thread::gettid(), tid);
        }
        // It ends tied: its thread ends with it.
    });
    join(tied);
}

/// A tied goroutine and a free one hand turns to each other. Go: `TestBlockLocked`.
fn block_locked() {
    const TURNS: u32 = 1000;
    static THERE: Semaphore = Semaphore::new(0);
    static BACK: Semaphore = Semaphore::new(0);
    let tied = thread::spawn(|| {
        runtime::lock_os_thread();
        let tid = rt_os::sys::thread::gettid();
        for _ in 0..TURNS {
            THERE.release();
            BACK.acquire();
            assert_eq!(rt_os::sys::thread::gettid(), tid);
        }
        runtime::unlock_os_thread();
    });
    for _ in 0..TURNS {
        THERE.acquire();
        BACK.release();
    }
    join(tied);
}

fn main() -> i32 {
    select::run(&[
        ("parallel", parallel),
        ("yield", progress),
        ("yield-locked", locked_progress),
        ("stay-locked", yield_locked),
        ("block-locked", block_locked),
    ])
}
