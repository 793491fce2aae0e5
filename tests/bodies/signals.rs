//! Signals as messages. Each is a program of its own: what a signal does is the process's.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use rt_os::sys::clock::nanotime;
use rt_os::sys::thread::kill_self;

use crate::rt::chan::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use crate::rt::go;
use crate::rt::signal::{Signal, ignore, ignored, notify, reset, stop};
use crate::rt::thread;
use crate::rt::time::Duration;

type Channel = (Sender<Signal>, Receiver<Signal>);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);

fn send(signal: Signal) {
    kill_self(signal.as_raw()).expect("there is such a signal");
}

/// A channel with room for `signals`, which go there.
fn asking(signals: &[Signal]) -> Channel {
    let channel = bounded(signals.len().max(1));
    notify(&channel.0, signals);
    channel
}

#[track_caller]
fn gets(from: &Receiver<Signal>, signal: Signal) {
    assert_eq!(from.recv_timeout(LONG), Ok(signal));
}

/// Nothing more will come of what was sent before: signals that came later have been told of.
#[track_caller]
fn gets_nothing(from: &Receiver<Signal>) {
    let (sender, marks) = asking(&[Signal::USR2]);
    for _ in 0..3 {
        send(Signal::USR2);
        gets(&marks, Signal::USR2);
    }
    stop(&sender);
    assert_eq!(from.try_recv(), Err(TryRecvError::Empty));
}

/// Go: `TestSignal`.
fn heard() {
    let (sender, hups) = asking(&[Signal::HUP]);
    send(Signal::HUP);
    gets(&hups, Signal::HUP);
    // All, for another channel, which has been asked for one before.
    let (all, signals) = bounded(10);
    notify(&all, &[Signal::WINCH]);
    send(Signal::WINCH);
    gets(&signals, Signal::WINCH);
    notify(&all, &[]);
    send(Signal::WINCH);
    gets(&signals, Signal::WINCH);
    send(Signal::HUP);
    gets(&hups, Signal::HUP);
    gets(&signals, Signal::HUP);
    gets_nothing(&hups);
    stop(&sender);
    stop(&all);
}

/// A channel that is full misses signals, and nobody waits for it; another gets them.
fn full() {
    let (full, one) = asking(&[Signal::USR1]);
    let (other, each) = asking(&[Signal::USR1]);
    for _ in 0..100 {
        send(Signal::USR1);
        gets(&each, Signal::USR1);
    }
    gets(&one, Signal::USR1);
    gets_nothing(&one);
    // Nobody waits for one without room either.
    let (none, nothing) = bounded(0);
    notify(&none, &[Signal::USR1]);
    send(Signal::USR1);
    gets(&each, Signal::USR1);
    assert_eq!(nothing.try_recv(), Err(TryRecvError::Empty));
    for sender in [full, other, none] {
        stop(&sender);
    }
}

/// Go: `TestStress`.
fn stress() {
    let done = Arc::new(AtomicBool::new(false));
    let (sender, signals) = asking(&[Signal::USR1]);
    // The last one may come to another thread when the first channel has stopped: unasked it kills.
    let (_last, _asked) = asking(&[Signal::USR1]);
    let theirs = Arc::clone(&done);
    let receiver = thread::spawn(move || {
        let mut count = 0u32;
        while signals.recv_timeout(LONG).is_ok() {
            count += 1;
            if theirs.load(SeqCst) {
                break;
            }
        }
        count
    });
    let end = nanotime() + 300_000_000;
    while nanotime() < end {
        send(Signal::USR1);
        thread::yield_now();
    }
    done.store(true, SeqCst);
    send(Signal::USR1);
    assert!(receiver.join().expect("it ends") > 0);
    stop(&sender);
}

/// Two signals that do nothing by default: one is given up by `give_up`, which leaves the other.
fn given_up(give_up: fn(&[Signal])) {
    let (first, winches) = asking(&[Signal::WINCH]);
    let (second, urgents) = asking(&[Signal::URG]);
    let (third, both) = asking(&[Signal::WINCH, Signal::URG]);
    send(Signal::WINCH);
    gets(&winches, Signal::WINCH);
    gets(&both, Signal::WINCH);
    give_up(&[Signal::WINCH]);
    send(Signal::WINCH);
    gets_nothing(&winches);
    gets_nothing(&both);
    send(Signal::URG);
    gets(&urgents, Signal::URG);
    gets(&both, Signal::URG);
    // It can be asked for again.
    notify(&first, &[Signal::WINCH]);
    send(Signal::WINCH);
    gets(&winches, Signal::WINCH);
    gets_nothing(&both);
    for sender in [first, second, third] {
        stop(&sender);
    }
}

/// Go: `TestReset`.
fn resets() {
    given_up(reset);
}

/// Go: `TestIgnore`.
fn ignores() {
    // What would end the program is ignored. Before there is a handler, as in `stops`.
    ignore(&[Signal::TERM, Signal::USR1]);
    let (sender, terms) = bounded(1);
    send(Signal::TERM);
    send(Signal::USR1);
    notify(&sender, &[Signal::TERM]);
    gets_nothing(&terms);
    send(Signal::TERM);
    gets(&terms, Signal::TERM);
    stop(&sender);
    given_up(ignore);
}

/// Go: `TestIgnored`.
fn is_ignored() {
    for signal in [Signal::WINCH, Signal::TERM, Signal::QUIT, Signal::TRAP] {
        assert!(!ignored(signal), "{signal:?}");
        ignore(&[signal]);
        assert!(ignored(signal), "{signal:?}");
        reset(&[signal]);
        assert!(!ignored(signal), "{signal:?}");
    }
    ignore(&[]);
    assert!(ignored(Signal::INT) && ignored(Signal::CHLD));
    reset(&[]);
    assert!(!ignored(Signal::INT) && !ignored(Signal::CHLD));
    ignore(&[Signal::SEGV, Signal::KILL]);
    assert!(!ignored(Signal::SEGV) && !ignored(Signal::KILL));
}

/// Go: `TestSignalIgnoreSIGTRAP`.
fn ignores_trap() {
    ignore(&[Signal::TRAP]);
    send(Signal::TRAP);
}

/// Go: `TestStop`, for signals that do nothing by default.
fn stops() {
    // The kernel keeps what a thread in a handler blocks, so this comes before there is any.
    let three = [Signal::WINCH, Signal::URG, Signal::CHLD];
    three.into_iter().for_each(send);
    for signal in three {
        let (sender, signals) = bounded(1);
        notify(&sender, &[signal]);
        gets_nothing(&signals);
        send(signal);
        gets(&signals, signal);
        stop(&sender);
        send(signal);
        gets_nothing(&signals);
        stop(&sender); // once more: nothing
    }
}

/// SIGHUP comes when nobody has asked for it yet. Go: `TestNohup`.
fn hup_before() {
    send(Signal::HUP);
    hup_after();
}

/// SIGHUP comes, and once more when nobody asks for it any more. Go: `TestNohup`.
fn hup_after() {
    let (sender, hups) = asking(&[Signal::HUP]);
    send(Signal::HUP);
    gets(&hups, Signal::HUP);
    stop(&sender);
    send(Signal::HUP);
    gets_nothing(&hups);
}

/// Go: `TestDetectNohup`.
fn hup_is_ignored() {
    assert!(ignored(Signal::HUP));
}

fn hup_is_not_ignored() {
    assert!(!ignored(Signal::HUP));
}

/// Go: `TestSIGCONT`.
fn continues() {
    let (sender, signals) = asking(&[Signal::CONT]);
    send(Signal::CONT);
    gets(&signals, Signal::CONT);
    stop(&sender);
}

/// A signal meets a stop: it is told of, or ends the program. Go: `TestAtomicStop`.
fn stops_at_once() {
    for _ in 0..20 {
        let (sender, signals) = asking(&[Signal::INT]);
        let stopper = thread::spawn(move || {
            stop(&sender);
            sender
        });
        send(Signal::INT);
        let told = signals.recv_timeout(LONG);
        assert_ne!(told, Err(RecvTimeoutError::Timeout), "lost");
        drop(stopper.join());
    }
}

/// Asked for, sent and stopped from many goroutines at once.
fn crowd() {
    let crowd: [_; 4] = core::array::from_fn(|_| {
        thread::spawn(|| {
            for _ in 0..200 {
                let (sender, signals) = asking(&[Signal::WINCH, Signal::URG]);
                send(Signal::WINCH);
                gets(&signals, Signal::WINCH);
                stop(&sender);
            }
        })
    });
    for one in crowd {
        one.join().expect("it ends");
    }
}

/// Signals in the midst of clock reads, and of everything else. Go: `TestVDSO`.
fn clock() {
    let (sender, signals) = asking(&[Signal::USR1]);
    go(move || while signals.recv().is_ok() {});
    let readers: [_; 2] = core::array::from_fn(|_| {
        thread::spawn(|| {
            let (end, mut before) = (nanotime() + 300_000_000, 0);
            while before < end {
                let now = nanotime();
                assert!(now >= before, "the clock goes back");
                before = now;
            }
        })
    });
    let end = nanotime() + 300_000_000;
    while nanotime() < end {
        send(Signal::USR1);
    }
    for reader in readers {
        reader.join().expect("it ends");
    }
    stop(&sender);
}

/// A signal does not cut a sleep short. Go: `TestSleep`.
fn sleep() {
    let (sender, signals) = asking(&[Signal::USR1]);
    let start = nanotime();
    let sleeper = thread::spawn(|| thread::sleep(Duration::from_millis(100)));
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(10));
        send(Signal::USR1);
        gets(&signals, Signal::USR1);
    }
    sleeper.join().expect("it ends");
    assert!(nanotime() - start >= 100_000_000);
    stop(&sender);
}

/// Waits for SIGTERM and nothing else: that is no deadlock.
fn waits() {
    let (_sender, signals) = asking(&[Signal::TERM]);
    crate::say("waits");
    assert_eq!(signals.recv(), Ok(Signal::TERM));
}

/// Is to be killed while it waits.
fn sleeps() {
    go(|| thread::sleep(Duration::from_secs(3600)));
    thread::sleep(Duration::from_millis(50));
    crate::say("waits");
    thread::sleep(Duration::from_secs(3600));
}

/// SIGQUIT is told of while somebody asks for it, and then is what it was.
fn quit_asked() {
    let (sender, quits) = asking(&[Signal::QUIT]);
    send(Signal::QUIT);
    gets(&quits, Signal::QUIT);
    stop(&sender);
    send(Signal::QUIT);
    thread::sleep(LONG);
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("heard", heard),
    ("full", full),
    ("stress", stress),
    ("resets", resets),
    ("ignores", ignores),
    ("is-ignored", is_ignored),
    ("ignores-trap", ignores_trap),
    ("stops", stops),
    ("hup-before", hup_before),
    ("hup-after", hup_after),
    ("hup-is-ignored", hup_is_ignored),
    ("hup-is-not-ignored", hup_is_not_ignored),
    ("continues", continues),
    ("stops-at-once", stops_at_once),
    ("crowd", crowd),
    ("clock", clock),
    ("sleep", sleep),
    ("waits", waits),
    ("sleeps", sleeps),
    ("quit-asked", quit_asked),
];
