//! What the tests of goroutines share.
//!
//! # Safety
//! - **contract**: no test keeps a thread-local of std over a call that parks.
#![allow(unsafe_code, reason = "**contract**: starts the runtime")]
#![allow(dead_code, reason = "not every test file uses all of it")]

pub(crate) mod sockets;

use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time: they change the number of Ps.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `f` as a goroutine.
pub(crate) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    // SAFETY: **contract**.
    unsafe { rt::run(f) }
}

/// Runs `f` as a goroutine: with one P, with two, with four.
pub(crate) fn with_procs(f: impl Fn() + Sync) {
    let _alone = alone();
    for procs in [1, 2, 4] {
        run(|| rt::runtime::set_procs(procs)).unwrap();
        run(&f);
    }
}

/// Calls `f` on this plain thread, with the runtime started: with one P, with two, with four.
pub(crate) fn on_a_thread_with_procs(f: impl Fn()) {
    let _alone = alone();
    for procs in [1, 2, 4] {
        run(|| rt::runtime::set_procs(procs)).unwrap();
        f();
    }
}

/// Calls `f` on a thread that C made, and waits for it.
pub(crate) fn on_a_thread_of_c(f: fn()) {
    extern "C" fn start(f: *mut libc::c_void) -> *mut libc::c_void {
        // SAFETY: the function below.
        let f = unsafe { std::mem::transmute::<*mut libc::c_void, fn()>(f) };
        let panicked = std::panic::catch_unwind(f).is_err();
        usize::from(panicked) as *mut libc::c_void
    }
    let mut thread = 0;
    let mut result = std::ptr::null_mut();
    let attributes = std::ptr::null();
    // SAFETY: plain C: a place for the handle, a function, its argument.
    let error = unsafe { libc::pthread_create(&raw mut thread, attributes, start, f as *mut _) };
    assert_eq!(error, 0);
    // SAFETY: the thread just made, joined once.
    assert_eq!(unsafe { libc::pthread_join(thread, &raw mut result) }, 0);
    assert!(result.is_null(), "it panicked");
}

/// In the child, `None`; else runs this one test in a process of its own, as the child.
pub(crate) fn in_a_child(test: &str) -> Option<Output> {
    if std::env::var_os("RT_TEST_CHILD").is_some() {
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    Some(child.env("RT_TEST_CHILD", "1").output().unwrap())
}

/// Limits the process's address space to `more` bytes than it has.
pub(crate) fn limit_address_space(more: u64) {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    set_address_space(pages * 4096 + more);
}

/// Takes the limit back.
pub(crate) fn unlimit_address_space() {
    set_address_space(libc::RLIM_INFINITY);
}

fn set_address_space(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a whole limit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

/// Counts its drops.
#[derive(Debug)]
pub(crate) struct Counted<'a>(pub(crate) &'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until `done`, at most ten seconds.
#[track_caller]
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if done() {
            return;
        }
        rt::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("it did not happen within ten seconds");
}

/// Takes a lot of stack, in a way that the compiler cannot undo.
pub(crate) fn recurse(depth: usize) -> usize {
    let block = std::hint::black_box([depth as u8; 1024]);
    if depth == 0 {
        return 0;
    }
    let below = recurse(depth - 1);
    below + usize::from(std::hint::black_box(&block)[depth % 1024] == depth as u8)
}
