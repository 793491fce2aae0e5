//! Signals: those that the program asks for, as messages; and what is done with the others. Go:
//! package `os/signal`, `initsig`, `sighandler`.
//!
//! ```no_run
//! use rt_main::chan::bounded;
//! use rt_main::signal::{self, Signal};
//!
//! let (sender, signals) = bounded(1);
//! signal::notify(&sender, &[Signal::INT, Signal::TERM]);
//! let signal = signals.recv().unwrap();
//! rt_main::println!("{signal}: I clean up");
//! ```
//!
//! Unasked: SIGHUP, SIGINT and SIGTERM end the program, unless it was started with them ignored;
//! SIGQUIT, SIGABRT and what the program has done wrong end it with all goroutines shown and code
//! 2; a write to standard output or error that nobody reads ends it by SIGPIPE, a write elsewhere
//! gets `EPIPE`.
//!
//! # Safety
//! - **handler**: runs on the M's signal stack; it takes no lock, and touches a word and a thread's
//!   note, or ends the program.
#![allow(unsafe_code, reason = "**handler**: signal handlers get raw pointers")]

use rt_os::errno::Errno;
use rt_os::signal::{AT_BOOT, Verdict, decide};
use rt_os::sys::signal::{SigInfo, UContext, sigaction};
use rt_os::throw::{die_from_signal, is_dying};
use rt_sync::signal::{Ground, deliver, forward, unwanted};

rt_sync::signal_names!(rt_sync::host::NoStd, GROUND);

const GROUND: Ground = Ground { handler: on_signal, start_thread };

fn start_thread() {
    // SAFETY: user code runs after the boot has filled it.
    let sched = unsafe { crate::rt0::SCHED.get() };
    rt_sched::thread::start_thread_beside(sched, |_| forward());
}

/// Handles what a bare program does otherwise than the kernel. Go: `initsig`.
pub(crate) fn install() {
    for signal in Signal::all_of(AT_BOOT) {
        // SAFETY: **handler**.
        unsafe { sigaction(signal.as_raw(), on_signal) };
    }
}

/// Go: `sighandler`.
unsafe extern "C" fn on_signal(number: i32, info: *mut SigInfo, context: *mut UContext) {
    // SAFETY: the kernel's, for the time of the handler.
    let (info, context) = unsafe { (&*info, &*context) };
    let Some(signal) = Signal::from_raw(number) else { return };
    match decide(signal, info.is_from_user(), deliver(signal)) {
        Verdict::Tell => {}
        Verdict::Fault => crate::fault::die_of_fault(signal, info, context),
        Verdict::Report => rt_sched::traceback::die_of_signal(signal, info, context),
        Verdict::Pipe => on_broken_pipe(context),
        Verdict::Again => unwanted(signal),
    }
}

/// The kernel sends SIGPIPE to the thread whose write fails, when that comes back: the registers
/// name the descriptor. Go: `epipecheck`, `sigpipe`, in the write itself.
fn on_broken_pipe(context: &UContext) {
    let (result, fd) = context.call_result();
    let is_standard = result == -(Errno::EPIPE.raw() as isize) && matches!(fd, 1 | 2);
    if is_standard && !is_dying() {
        die_from_signal(Signal::PIPE.as_raw());
    }
}
