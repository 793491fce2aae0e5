//! Signals as messages. Go: package `os/signal`, in programs that another runtime starts.
//!
//! Only signals that somebody asks for are touched; when nobody does any more, what was done with
//! them before is done again. Neither the runtime nor a goroutine is needed.
//!
//! ```no_run
//! use rt::chan::bounded;
//! use rt::signal::{self, Signal};
//!
//! let (sender, signals) = bounded(1);
//! signal::notify(&sender, &[Signal::INT, Signal::TERM]);
//! println!("{}: I clean up", signals.recv().unwrap());
//! ```
//!
//! A child that is started meanwhile does with them what it would otherwise, but that it inherits
//! [`ignore`].
//!
//! # Safety
//! - **handler**: runs on the thread's signal stack, if it has one; it takes no lock, and touches a
//!   word and a thread's note, or ends the program.
#![allow(unsafe_code, reason = "**handler**: signal handlers get raw pointers")]

use rt_os::sys::signal::{Action, SigInfo, UContext};
use rt_sync::signal::{Ground, deliver, forward, set_unasked, unwanted};

rt_sync::signal_names!(crate::host::StdHost, GROUND);

const GROUND: Ground = Ground { handler: on_signal, start_thread };

/// A thread of std's, so that the runtime need not be started.
fn start_thread() {
    let thread = std::thread::Builder::new().name("rt-signals".into());
    if let Err(error) = thread.spawn(|| forward()) {
        panic!("failed to start the thread for signals: {error}");
    }
}

unsafe extern "C" fn on_signal(number: i32, _: *mut SigInfo, _: *mut UContext) {
    let Some(signal) = Signal::from_raw(number) else { return };
    if !deliver(signal) {
        unwanted(signal);
    }
}

/// From now on SIGQUIT, control-backslash at a terminal, shows all goroutines in Go's form and ends
/// the program with code 2, unless somebody asks for it. What was done with it before is forgotten.
///
/// With `GOTRACEBACK=crash` it shows all threads, and ends by SIGABRT.
pub fn dump_on_quit() {
    // SAFETY: **handler**.
    set_unasked(Signal::QUIT, unsafe { Action::call(on_quit) });
}

unsafe extern "C" fn on_quit(_: i32, info: *mut SigInfo, context: *mut UContext) {
    // SAFETY: the kernel's, for the time of the handler.
    let (info, context) = unsafe { (&*info, &*context) };
    rt_sched::traceback::die_of_signal(Signal::QUIT, info, context)
}
