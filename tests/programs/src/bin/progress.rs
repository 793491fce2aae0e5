//! `progress TEST`: goroutines that compute lose their P, and no more than they must.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use rt_main::{runtime, thread};

rt_main::entry!(main);

fn join(handle: thread::JoinHandle<()>) {
    let Ok(()) = handle.join();
}

/// Who computes and allocates loses its P now and then, and has it back at once where nobody else
/// wants it: it would not lose it again otherwise.
fn p_comes_back() {
    const TIMES: u64 = 3;
    runtime::set_procs(2).expect("two Ps");
    join(thread::spawn(thread::yield_now)); // so that sysmon has been started
    let before = runtime::metrics().taken_busy;
    let end = runtime::nanotime() + 20_000_000_000;
    while runtime::metrics().taken_busy < before + TIMES {
        (0..100).for_each(|_| drop(core::hint::black_box(Vec::<u8>::with_capacity(100))));
        assert!(runtime::nanotime() < end, "its P stays away");
    }
    assert!(runtime::metrics().detached <= 1);
}

/// Goroutines that compute until they are stopped.
fn hogs(count: u64, stop: &'static AtomicBool) -> Vec<thread::JoinHandle<()>> {
    let hog = |_| {
        thread::spawn(|| {
            while !stop.load(SeqCst) {
                core::hint::spin_loop();
            }
        })
    };
    let hogs = (0..count).map(hog).collect();
    while runtime::metrics().detached < count {
        thread::sleep(Duration::from_millis(1));
    }
    hogs
}

/// Eight compute beside two Ps: each has a thread, and few more are started.
fn few_threads() {
    const HOGS: u64 = 8;
    const PS: u32 = 2;
    static STOP: AtomicBool = AtomicBool::new(false);
    runtime::set_procs(PS).expect("two Ps");
    let hogs = hogs(HOGS, &STOP);
    // One for each P, the watcher, one that waits for the time; as many as there are idle Ps, and
    // one to spare.
    let most = HOGS + 2 * u64::from(PS) + 3;
    let threads = runtime::metrics().threads;
    assert!(threads <= most, "{threads} threads, and not {most}");
    STOP.store(true, SeqCst);
    hogs.into_iter().for_each(join);
}

/// Some compute without their Ps, and no further thread may be started: there are threads for the
/// Ps all the same.
fn threads_for_all_ps() {
    const PS: u32 = 4;
    static STOP: AtomicBool = AtomicBool::new(false);
    static THERE: AtomicU32 = AtomicU32::new(0);
    runtime::set_procs(PS).expect("four Ps");
    let hogs = hogs(u64::from(PS), &STOP);
    runtime::set_max_threads(runtime::metrics().threads as u32);
    let meet = |_| {
        thread::spawn(|| {
            THERE.fetch_add(1, SeqCst);
            while THERE.load(SeqCst) < PS {
                core::hint::spin_loop();
            }
        })
    };
    let all: Vec<_> = (0..PS).map(meet).collect();
    all.into_iter().for_each(join);
    STOP.store(true, SeqCst);
    hogs.into_iter().for_each(join);
}

fn main() -> i32 {
    select::run(&[
        ("p-comes-back", p_comes_back),
        ("few-threads", few_threads),
        ("threads-for-all-ps", threads_for_all_ps),
    ])
}
