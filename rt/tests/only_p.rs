//! One P, and nobody was spawned from it yet: whoever computes or blocks there keeps nobody
//! waiting. A process for each, since the first goroutine that stands in a queue changes that.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the body in a process of its own, as the first goroutine on one P.
#[track_caller]
fn first(test: &str, body: fn()) {
    if std::env::var_os("RT_TEST_CHILD").is_some() {
        return start::run(body);
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    let output = child.env("RT_TEST_CHILD", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

mod start {
    //! # Safety
    //! - **contract**: nobody keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(crate) fn run(body: fn()) {
        // SAFETY: **contract**.
        unsafe { rt::start(rt::Config { procs: Some(1), ..rt::Config::default() }) };
        // SAFETY: **contract**.
        unsafe { rt::run(body) }
    }
}

static DONE: AtomicBool = AtomicBool::new(false);

fn done() {
    DONE.store(true, Ordering::SeqCst);
}

/// Computes until somebody is done.
fn compute() {
    let start = Instant::now();
    while !DONE.load(Ordering::SeqCst) {
        assert!(start.elapsed() < PATIENCE, "nobody else runs");
        std::hint::spin_loop();
    }
}

#[test]
fn a_timer_beside_who_computes() {
    first("a_timer_beside_who_computes", || {
        let _timer = rt::time::after_func(MS, done);
        compute();
    });
}

#[test]
fn one_from_elsewhere_beside_who_computes() {
    first("one_from_elsewhere_beside_who_computes", || {
        let elsewhere = std::thread::spawn(|| rt::go(done));
        compute();
        elsewhere.join().unwrap();
    });
}

#[test]
fn one_from_elsewhere_beside_who_blocks() {
    first("one_from_elsewhere_beside_who_blocks", || {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(|| {
            sleep(5 * MS); // the only goroutine blocks
            rt::go(move || sender.send(()).unwrap());
        });
        rt::blocking(|| receiver.recv_timeout(PATIENCE)).expect("the other runs");
    });
}

/// Who only yields sees to it that descriptors are looked at, though nobody else is in a queue.
#[test]
fn a_descriptor_beside_who_only_yields() {
    first("a_descriptor_beside_who_only_yields", || {
        use std::io::{Read, Write};
        static SENT: AtomicBool = AtomicBool::new(false);
        static TURNS: AtomicU32 = AtomicU32::new(0);
        for _ in 0..10 {
            let (one, mut other) = rt::os::unix::net::UnixStream::pair().unwrap();
            let reader = rt::thread::spawn(move || {
                let len = (&one).read(&mut [0]).unwrap();
                done();
                len
            });
            let writer = std::thread::spawn(move || {
                sleep(10 * MS); // the other waits
                other.write_all(b"x").unwrap();
                SENT.store(true, Ordering::SeqCst);
            });
            while !DONE.swap(false, Ordering::SeqCst) {
                TURNS.fetch_add(u32::from(SENT.load(Ordering::SeqCst)), Ordering::SeqCst);
                rt::thread::yield_now();
            }
            writer.join().unwrap();
            assert_eq!(reader.join().unwrap(), 1);
            SENT.store(false, Ordering::SeqCst);
        }
        let turns = TURNS.load(Ordering::SeqCst);
        assert!(turns < 10_000, "{turns} turns until what is there is read");
    });
}
