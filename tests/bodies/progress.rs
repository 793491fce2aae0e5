//! Nothing blocks the others: goroutines that compute, or block their thread, without ever calling
//! the runtime.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use rt_os::sys::thread::usleep;

use crate::rt::chan::{Sender, after, bounded, select};
use crate::rt::runtime;
use crate::rt::thread::{self, JoinHandle};
use crate::rt::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Goroutines that call `step` again and again, until they are stopped.
struct Hogs {
    stop: Arc<AtomicBool>,
    hogs: Vec<JoinHandle<()>>,
}

impl Hogs {
    fn start(count: usize, step: fn()) -> Hogs {
        let stop = Arc::new(AtomicBool::new(false));
        let hogs = (0..count).map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    step();
                }
            })
        });
        Hogs { hogs: hogs.collect(), stop }
    }

    fn end(self) {
        self.stop.store(true, SeqCst);
        self.hogs.into_iter().for_each(|hog| hog.join().unwrap());
    }
}

/// What a goroutine needs of the others: time, new goroutines, messages.
fn live_on(rounds: usize) {
    for _ in 0..rounds {
        thread::sleep(MS);
        let (sender, receiver) = bounded(0);
        let echo = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(receiver.recv(), Ok(7));
        echo.join().unwrap();
    }
}

/// Some compute: the others live on.
fn beside_loops() {
    let hogs = Hogs::start(6, spin_loop);
    live_on(20);
    hogs.end();
}

/// More than may lose their P at once.
fn beside_many_loops() {
    let hogs = Hogs::start(30, spin_loop);
    live_on(5);
    hogs.end();
}

/// Some come into the runtime all the time, but never to wait.
fn beside_allocations() {
    let hogs = Hogs::start(6, || drop(core::hint::black_box(Vec::<u8>::with_capacity(100))));
    live_on(20);
    hogs.end();
}

/// Some ready others all the time, and never wait themselves.
fn beside_unparkers() {
    let me = thread::current();
    let hogs: Vec<_> = (0..4)
        .map(|_| {
            let (stop, me) = (Arc::new(AtomicBool::new(false)), me.clone());
            let theirs = Arc::clone(&stop);
            let handle = thread::spawn(move || {
                while !theirs.load(SeqCst) {
                    me.unpark();
                }
            });
            (stop, handle)
        })
        .collect();
    for _ in 0..200 {
        thread::park();
    }
    live_on(5);
    for (stop, handle) in hogs {
        stop.store(true, SeqCst);
        handle.join().unwrap();
    }
}

/// Some start others all the time, and wait for them only at the end.
fn beside_starters() {
    let ran = Arc::new(AtomicU32::new(0));
    let starters: Vec<_> = (0..4)
        .map(|_| {
            let ran = Arc::clone(&ran);
            thread::spawn(move || {
                let counted = |_| {
                    let ran = Arc::clone(&ran);
                    thread::spawn(move || ran.fetch_add(1, SeqCst))
                };
                let started: Vec<_> = (0..2_000).map(counted).collect();
                started.into_iter().for_each(|one| assert!(one.join().unwrap() < 8_000));
            })
        })
        .collect();
    live_on(3);
    starters.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(ran.load(SeqCst), 8_000);
}

/// Some are blocked in the kernel, which nobody was told.
fn beside_system_calls() {
    let hogs = Hogs::start(20, || usleep(20_000));
    live_on(20);
    hogs.end();
}

/// Some say that they block.
fn beside_blocking_calls() {
    let hogs = Hogs::start(20, || crate::rt::blocking(|| usleep(2_000)));
    live_on(20);
    hogs.end();
}

/// Some keep their thread.
fn beside_tied_loops() {
    let hogs: Vec<_> = (0..4)
        .map(|_| {
            let stop = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&stop);
            let handle = thread::spawn(move || {
                runtime::lock_os_thread();
                while !theirs.load(SeqCst) {
                    spin_loop();
                }
                thread::yield_now();
                thread::sleep(MS);
                runtime::unlock_os_thread();
            });
            (stop, handle)
        })
        .collect();
    live_on(10);
    for (stop, handle) in hogs {
        stop.store(true, SeqCst);
        handle.join().unwrap();
    }
}

/// The number of Ps changes while all of them are in loops, and goes back.
fn resize_beside_loops() {
    let hogs = Hogs::start(8, spin_loop);
    let before = runtime::procs();
    for round in 0..10 {
        runtime::set_procs(1 + round % 5).unwrap();
        live_on(1);
    }
    runtime::set_procs(before).unwrap();
    hogs.end();
}

/// TestPreemption: goroutines that wait for each other without ever calling the runtime.
fn they_wait_for_each_other_in_loops() {
    const TURNS: u32 = 5;
    let turn = Arc::new(AtomicU32::new(0));
    let both = [0, 1].map(|me| {
        let turn = Arc::clone(&turn);
        thread::spawn(move || {
            for _ in 0..TURNS {
                while turn.load(SeqCst) % 2 != me {
                    spin_loop();
                }
                turn.fetch_add(1, SeqCst);
            }
        })
    });
    both.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(turn.load(SeqCst), 2 * TURNS);
}

/// TestPreemptionAfterSyscall: who is in short system calls most of the time gives way too.
fn short_system_calls_give_way() {
    for step in [(|| usleep(10)) as fn(), || usleep(100), || usleep(1_000)] {
        let hogs = Hogs::start(8, step);
        let begun = Arc::new(AtomicU32::new(0));
        for _ in 0..10 {
            let theirs = Arc::clone(&begun);
            thread::spawn(move || theirs.fetch_add(1, SeqCst)).join().unwrap();
        }
        assert_eq!(begun.load(SeqCst), 10);
        hogs.end();
    }
}

fn ping_pong(out: &Sender<u32>, turns: &AtomicU32, work: u32, message: u32) {
    for _ in 0..work {
        spin_loop();
    }
    turns.fetch_add(1, SeqCst);
    let _ = out.send(message + 1);
}

/// TestPingPongHog: a pair that works long for each message, beside one that works shortly, get
/// about the same time.
fn pairs_share_the_time() {
    let stop = Arc::new(AtomicBool::new(false));
    let pairs = [50_000, 50].map(|work| {
        let turns = Arc::new(AtomicU32::new(0));
        let (first, second) = (bounded(1), bounded(1));
        first.0.send(0).unwrap();
        let sides = [(first.1, second.0), (second.1, first.0)].map(|(inbox, out)| {
            let (stop, turns) = (Arc::clone(&stop), Arc::clone(&turns));
            thread::spawn(move || {
                while let Ok(message) = inbox.recv() {
                    if stop.load(SeqCst) {
                        return;
                    }
                    ping_pong(&out, &turns, work, message);
                }
            })
        });
        (turns, sides)
    });
    while pairs[0].0.load(SeqCst) < 300 {
        thread::sleep(10 * MS);
    }
    stop.store(true, SeqCst);
    let [(long, sides), (short, others)] = pairs;
    sides.into_iter().chain(others).for_each(|side| side.join().unwrap());
    assert!(short.load(SeqCst) > long.load(SeqCst), "the short pair was starved");
}

/// TestTimerFairness: two goroutines keep a P busy with messages; a timer fires all the same.
fn a_timer_fires_beside_a_busy_pair() {
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = bounded(0);
    let ends = Arc::clone(&stop);
    let sends = thread::spawn(move || {
        while !ends.load(SeqCst) {
            sender.send(()).unwrap();
        }
    });
    let receives = thread::spawn(move || receiver.iter().count());
    for _ in 0..10 {
        thread::sleep(MS);
    }
    stop.store(true, SeqCst);
    sends.join().unwrap();
    assert!(receives.join().unwrap() > 0);
}

/// TestTimerFairness2: the same, where each of the two waits for its own timer besides, and is in a
/// short system call every time.
fn a_timer_fires_beside_a_pair_in_system_calls() {
    let (sender, receiver) = bounded(0);
    let both = [(); 2].map(|()| {
        let (sender, receiver) = (sender.clone(), receiver.clone());
        thread::spawn(move || {
            let timer = after(20 * MS);
            loop {
                let _nothing = rt_os::sys::file::read(0, &mut []);
                select! {
                    send(sender, ()) -> sent => sent.unwrap(),
                    recv(receiver) -> got => got.unwrap(),
                    recv(timer) -> _ => return,
                }
            }
        })
    });
    both.into_iter().for_each(|one| one.join().unwrap());
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("beside loops", beside_loops),
    ("beside many loops", beside_many_loops),
    ("beside allocations", beside_allocations),
    ("beside unparkers", beside_unparkers),
    ("beside starters", beside_starters),
    ("beside system calls", beside_system_calls),
    ("beside blocking calls", beside_blocking_calls),
    ("beside tied loops", beside_tied_loops),
    ("resize beside loops", resize_beside_loops),
    ("they wait for each other in loops", they_wait_for_each_other_in_loops),
    ("short system calls give way", short_system_calls_give_way),
    ("pairs share the time", pairs_share_the_time),
    ("a timer fires beside a busy pair", a_timer_fires_beside_a_busy_pair),
    ("a timer fires beside a pair in system calls", a_timer_fires_beside_a_pair_in_system_calls),
];
