//! `signals WAY`: `tests/bodies/signals.rs` in a std program, and what only std programs do.

extern crate alloc;

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use ::rt;
use hosted::run;
use rt::chan::bounded;
use rt::signal::{Signal, dump_on_quit, notify, stop};

#[path = "../../../bodies/signals.rs"]
mod signals;

fn say(text: &str) {
    println!("{text}");
}

/// How often the old handler was called.
static CALLED: AtomicU32 = AtomicU32::new(0);

mod old {
    //! # Safety
    //! - **handler**: adds to a word.
    #![allow(unsafe_code, reason = "**handler**: as C code installs one")]

    extern "C" fn on_signal(_: i32) {
        super::CALLED.fetch_add(1, super::SeqCst);
    }

    pub(super) fn install(number: i32) {
        // SAFETY: **handler**.
        unsafe { libc::signal(number, on_signal as *const () as usize) };
    }

    pub(super) fn raise(number: i32) {
        // SAFETY: to this thread, which is no M.
        unsafe { libc::raise(number) };
    }
}

/// A handler from before is called before and after, not while somebody asks. Without a runtime.
fn chained() {
    old::install(libc::SIGUSR1);
    old::raise(libc::SIGUSR1);
    let (sender, signals) = bounded(1);
    notify(&sender, &[Signal::USR1]);
    old::raise(libc::SIGUSR1);
    assert_eq!(signals.recv(), Ok(Signal::USR1));
    assert_eq!(CALLED.load(SeqCst), 1);
    stop(&sender);
    old::raise(libc::SIGUSR1);
    assert_eq!(CALLED.load(SeqCst), 2);
    // One that was installed meanwhile stays.
    notify(&sender, &[Signal::USR2]);
    old::install(libc::SIGUSR2);
    stop(&sender);
    old::raise(libc::SIGUSR2);
    assert_eq!(CALLED.load(SeqCst), 3);
}

/// Children do what they do. Go: `TestSignalDuringExec`.
fn children() {
    let (sender, signals) = bounded(1);
    notify(&sender, &[Signal::INT, Signal::TERM]);
    for name in ["INT", "TERM"] {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} $$")]).status();
        let status = status.expect("there is a shell");
        assert!(std::os::unix::process::ExitStatusExt::signal(&status).is_some(), "{status}");
    }
    assert!(signals.is_empty());
    stop(&sender);
}

fn main() {
    let way = hosted::first_argument();
    match &*way {
        "chained" => chained(),
        "children" => run(children),
        "dumps" => {
            dump_on_quit();
            run(|| body("sleeps")());
        }
        "dumps-asked" => {
            dump_on_quit();
            run(|| body("quit-asked")());
        }
        "asked-dumps" => run(|| {
            let (sender, _quits) = bounded(1);
            notify(&sender, &[Signal::QUIT]);
            dump_on_quit();
            stop(&sender);
            body("quit-asked")();
        }),
        way => run(|| body(way)()),
    }
}

fn body(way: &str) -> fn() {
    signals::ALL.iter().find(|(name, _)| *name == way).expect("there is such a way").1
}
