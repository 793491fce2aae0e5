//! `locked TEST`: goroutines and their threads. Ports of Go's LockOSThread tests.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use programs::{proc, select};
use rt_main::{println, runtime, thread};
use rt_os::sys::thread::{getpid, gettid};

rt_main::entry!(main);

/// How long an ended thread may still be seen, in ms.
const END_MS: u32 = 5_000;

fn join<T>(handle: thread::JoinHandle<T>) -> T {
    let Ok(value) = handle.join();
    value
}

/// A goroutine ends tied to the main thread: that thread runs nothing any more, and stays, since it
/// is the process. Go: `TestLockOSThreadExit`, program `LockOSThreadMain`.
fn exit_main() {
    runtime::set_procs(1).expect("one P");
    // Whoever is tied there ends; the other is told to try again.
    let mut tries = 0;
    while !join(thread::spawn(|| {
        runtime::lock_os_thread();
        let main = gettid() == getpid();
        if !main {
            runtime::unlock_os_thread();
        }
        main
    })) {
        tries += 1;
        assert!(tries < 1000, "no goroutine comes to the main thread");
        thread::yield_now();
    }
    for _ in 0..100 {
        assert_ne!(gettid(), getpid(), "the main thread runs on");
        assert_ne!(join(thread::spawn(gettid)), getpid(), "the main thread is used again");
        thread::sleep(Duration::from_micros(100));
    }
    assert!(proc::has_thread(getpid()), "the main thread is gone");
}

/// A goroutine ends tied to another thread: the thread ends. Go: `TestLockOSThreadExit`, program
/// `LockOSThreadAlt`.
fn exit_alt() {
    runtime::lock_os_thread(); // keeps the main thread to itself
    let tid = join(thread::spawn(|| {
        runtime::lock_os_thread();
        gettid()
    }));
    assert_ne!(tid, getpid());
    runtime::unlock_os_thread();
    let mut waited_ms = 0;
    while proc::has_thread(tid) {
        assert!(waited_ms < END_MS, "thread {tid} lives on");
        thread::sleep(Duration::from_millis(1));
        waited_ms += 1;
    }
    // There are threads still, for those who come later.
    assert_eq!(join(thread::spawn(|| 7)), 7);
}

/// Ties nest, and only the last untie frees. Go: `TestLockOSThreadNesting`.
fn nesting() {
    join(thread::spawn(|| {
        assert_eq!(runtime::os_thread_locks(), 0);
        runtime::lock_os_thread();
        runtime::lock_os_thread();
        assert_eq!(runtime::os_thread_locks(), 2);
        runtime::unlock_os_thread();
        assert_eq!(runtime::os_thread_locks(), 1);
        runtime::unlock_os_thread();
        assert_eq!(runtime::os_thread_locks(), 0);
        runtime::unlock_os_thread(); // one too many does nothing
        assert_eq!(runtime::os_thread_locks(), 0);
    }));
}

/// A goroutine that goes on on another thread finds itself and not what was there before: nothing
/// that leads to the thread is kept over the switch. Go: `TestGetgThreadSwitch`.
fn switch() {
    static STOP: AtomicBool = AtomicBool::new(false);
    static TIED: AtomicU32 = AtomicU32::new(0);
    runtime::set_procs(1).expect("one P");
    let me = runtime::current_goid();
    let mut moves = 0;
    for _ in 0..50 {
        let before = gettid();
        STOP.store(false, SeqCst);
        TIED.store(0, SeqCst);
        // It comes to our thread, since there is one P, and holds it.
        let tied = thread::spawn(|| {
            runtime::lock_os_thread();
            TIED.store(gettid(), SeqCst);
            while !STOP.load(SeqCst) {
                thread::yield_now();
            }
            assert_eq!(gettid(), TIED.load(SeqCst));
            runtime::unlock_os_thread();
        });
        while TIED.load(SeqCst) == 0 {
            thread::yield_now();
        }
        assert_ne!(gettid(), TIED.load(SeqCst), "it has a thread of its own");
        moves += u32::from(gettid() != before);
        assert_eq!(runtime::current_goid(), me);
        assert_eq!(runtime::os_thread_locks(), 0, "the other's thread was asked");
        STOP.store(true, SeqCst);
        join(tied);
        assert_eq!(runtime::current_goid(), me);
    }
    assert!(moves > 0, "never moved: nothing was tried");
    println!("moves {moves}");
}

fn main() -> i32 {
    select::run(&[
        ("exit-main", exit_main),
        ("exit-alt", exit_alt),
        ("nesting", nesting),
        ("switch", switch),
    ])
}
