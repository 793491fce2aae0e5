//! Signals as messages on plain threads, on a ground of the test's own. One test: what is done with
//! a signal is the process's.
//!
//! # Safety
//! - **handler**: does what a ground's handler may do.
#![allow(unsafe_code, reason = "**handler**: signal handlers get raw pointers")]

use rt_os::sys::signal::{Action, SigInfo, UContext, action, swap_action};
use rt_os::sys::thread::kill_self;
use rt_sync::chan::{Receiver, Sender, bounded};
use rt_sync::signal::{
    Ground, Signal, deliver, forward, ignore, ignored, notify, reset, stop, unwanted,
};

const GROUND: Ground = Ground { handler: on_signal, start_thread };

fn start_thread() {
    std::thread::spawn(|| forward());
}

unsafe extern "C" fn on_signal(number: i32, _: *mut SigInfo, _: *mut UContext) {
    if let Some(signal) = Signal::from_raw(number).filter(|signal| !deliver(*signal)) {
        unwanted(signal);
    }
}

fn send(signal: Signal) {
    kill_self(signal.as_raw()).unwrap();
}

#[test]
fn they_come_and_all_is_as_before() {
    let number = Signal::USR1.as_raw();
    swap_action(number, &Action::IGNORE).unwrap();
    let (sender, signals): (Sender<Signal>, Receiver<Signal>) = bounded(1);
    notify(&GROUND, &sender, &[Signal::USR1, Signal::KILL]);
    assert!(!ignored(Signal::USR1));
    for _ in 0..100 {
        send(Signal::USR1);
        assert_eq!(signals.recv(), Ok(Signal::USR1));
    }
    unwanted(Signal::USR1); // a handler that looked between a stop and this notify
    assert_eq!(signals.recv(), Ok(Signal::USR1));
    stop(&sender);
    assert_eq!(action(number), Ok(Action::IGNORE));
    send(Signal::USR1);
    assert!(signals.is_empty());

    ignore(&[Signal::WINCH]);
    send(Signal::WINCH);
    reset(&[]);
    assert!(action(Signal::WINCH.as_raw()).unwrap().is_like(&Action::DEFAULT));
    drop(sender);
    assert!(signals.recv().is_err(), "nobody keeps the channel");
}
