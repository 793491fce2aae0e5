//! Goroutines and their threads: Go's LockOSThread tests, each for a process of its own.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`, and `os` asks the
//! kernel in the ways of each.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rt_os::sys::thread::gettid;

use crate::os;
use crate::rt::chan::bounded;
use crate::rt::runtime;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
/// How long an ended thread may still be seen.
const END: Duration = Duration::from_secs(5);

/// A goroutine ends tied to the first thread, or to another; the number of that thread. Those that
/// came to the wrong kind of thread keep it until one has come to the right kind.
fn end_tied(to_first: bool) -> u32 {
    let (release, released) = bounded::<()>(0);
    let mut others = Vec::new();
    let tid = loop {
        let released = released.clone();
        let (tell, told) = bounded(1);
        let tied = thread::spawn(move || {
            runtime::lock_os_thread();
            let is_right = os::is_first_thread() == to_first;
            tell.send(is_right.then(gettid)).unwrap();
            if !is_right {
                assert!(released.recv().is_err());
                runtime::unlock_os_thread();
            }
        });
        others.push(tied);
        if let Some(tid) = told.recv().unwrap() {
            break tid;
        }
        assert!(others.len() < 100, "no goroutine comes to the first thread");
    };
    drop(release);
    others.into_iter().for_each(|other| other.join().unwrap());
    tid
}

/// TestLockOSThreadExit, program LockOSThreadMain: a goroutine ends tied to the first thread, which
/// runs nothing any more, and stays.
fn exit_main() {
    runtime::set_procs(1).unwrap();
    let first = end_tied(true);
    for _ in 0..100 {
        assert_ne!(gettid(), first, "the first thread runs on");
        assert_ne!(thread::spawn(gettid).join().unwrap(), first, "the first thread is used again");
        thread::sleep(MS / 10);
    }
    assert!(os::has_thread(first), "the first thread is gone");
}

/// TestLockOSThreadExit, program LockOSThreadAlt: a goroutine ends tied to another thread, which
/// ends.
fn exit_alt() {
    runtime::lock_os_thread(); // keeps this thread to itself
    let tid = end_tied(false);
    assert_ne!(tid, gettid());
    runtime::unlock_os_thread();
    let start = Instant::now();
    while os::has_thread(tid) {
        assert!(start.elapsed() < END, "thread {tid} lives on");
        thread::sleep(MS);
    }
    // There are threads still, for those who come later.
    assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
}

/// TestLockOSThreadNesting: ties nest, and only the last untie frees.
fn nesting() {
    let counts = thread::spawn(|| {
        let mut counts = [0; 6];
        counts[0] = runtime::os_thread_locks();
        runtime::lock_os_thread();
        runtime::lock_os_thread();
        counts[1] = runtime::os_thread_locks();
        for count in &mut counts[2..] {
            runtime::unlock_os_thread(); // the last two are too many, and do nothing
            *count = runtime::os_thread_locks();
        }
        counts
    });
    assert_eq!(counts.join().unwrap(), [0, 2, 1, 0, 0, 0]);
}

/// TestLockOSThreadAvoidsStatePropagation: a tied goroutine changes its thread, and ends. No thread
/// that is started then has that change: neither from that one when it gives its P up, nor from
/// another that is tied.
fn avoid_state() {
    runtime::lock_os_thread();
    runtime::set_procs(1).unwrap();
    let before = os::folder();
    let (tell, told) = bounded(1);
    let tied = thread::spawn(move || {
        runtime::lock_os_thread();
        let changed = os::go_to_another_folder_alone();
        tell.send(changed).unwrap();
        // What it starts meanwhile is not of its kind either.
        let inner = thread::spawn(os::folder);
        let inner = inner.join().unwrap();
        (changed, os::folder(), inner)
    });
    assert!(told.recv().is_ok());
    let (changed, there, inner) = tied.join().unwrap();
    if !changed {
        return os::say("skipped: the kernel does not let a thread have a folder of its own");
    }
    assert_ne!(before, there);
    assert_eq!(inner, before, "a thread started for a tied goroutine is like its thread");
    for _ in 0..10 {
        let other = thread::spawn(|| {
            runtime::lock_os_thread(); // each has a thread for itself, and ends it
            os::folder()
        });
        assert_eq!(other.join().unwrap(), before, "a thread is like one that has ended");
    }
    runtime::unlock_os_thread();
}

/// TestLockOSThreadTemplateThreadRace: the first two that are tied, both at once, while the world
/// stops again and again.
fn template_race() {
    runtime::set_procs(4).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let stopper = thread::spawn(move || {
        while !theirs.load(SeqCst) {
            assert!(!runtime::dump().is_empty());
        }
    });
    let at = Instant::now() + 5 * MS;
    let tied = [(); 2].map(|()| {
        thread::spawn(move || {
            while Instant::now() < at {
                spin_loop();
            }
            let other = thread::spawn(|| 7);
            runtime::lock_os_thread();
            thread::yield_now();
            let seven = other.join().unwrap();
            runtime::unlock_os_thread();
            seven
        })
    });
    assert_eq!(tied.map(|one| one.join().unwrap()), [7, 7]);
    stop.store(true, SeqCst);
    stopper.join().unwrap();
}

/// TestGetgThreadSwitch: a goroutine that goes on on another thread finds itself and not what was
/// there before: nothing that leads to the thread is kept over the switch.
fn switch() {
    runtime::set_procs(1).unwrap();
    let me = runtime::current_goid();
    let mut moves = 0;
    for _ in 0..50 {
        let before = gettid();
        let shared = Arc::new((AtomicBool::new(false), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        // It comes to our thread, since there is one P, and holds it.
        let tied = thread::spawn(move || {
            let (stop, tid) = &*theirs;
            runtime::lock_os_thread();
            tid.store(gettid(), SeqCst);
            while !stop.load(SeqCst) {
                thread::yield_now();
            }
            let stayed = gettid() == tid.load(SeqCst);
            runtime::unlock_os_thread();
            stayed
        });
        let (stop, tid) = &*shared;
        while tid.load(SeqCst) == 0 {
            thread::yield_now();
        }
        assert_ne!(gettid(), tid.load(SeqCst), "it has a thread of its own");
        moves += u32::from(gettid() != before);
        assert_eq!(runtime::current_goid(), me);
        assert_eq!(runtime::os_thread_locks(), 0, "the other's thread was asked");
        stop.store(true, SeqCst);
        assert!(tied.join().unwrap(), "a tied goroutine has moved");
        assert_eq!(runtime::current_goid(), me);
    }
    assert!(moves > 0, "never moved: nothing was tried");
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("exit-main", exit_main),
    ("exit-alt", exit_alt),
    ("nesting", nesting),
    ("avoid-state", avoid_state),
    ("template-race", template_race),
    ("switch", switch),
];
