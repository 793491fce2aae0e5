//! The end of the program, with a reason. Go: `throw`, `fatal`, `fatalthrow`.
//!
//! `throw` is for a broken runtime, `fatal` for what the program did wrong; both print Go's line
//! and end with code 2. A second failure while the first is being told ends at once, so nothing
//! loops.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::sys::thread::{exit_process, usleep};

/// The exit code of a failure.
pub const EXIT_FAILURE: i32 = 2;
/// The exit code of a failure while failing. Go: 4.
const EXIT_WHILE_DYING: i32 = 4;

/// The thread that ends the program: 0 before there is one. The first `swap` wins.
static DYING: AtomicU32 = AtomicU32::new(0);

/// Ends the program for an error of the runtime: prints `fatal error: MESSAGE`, code 2.
#[cold]
pub fn throw(message: &str) -> ! {
    throw_with(format_args!(""), message)
}

/// As [`throw`], after printing `lines`, which end with a newline or are empty.
#[cold]
pub fn throw_with(lines: fmt::Arguments<'_>, message: &str) -> ! {
    die_with(format_args!("{lines}fatal error: {message}\n"))
}

/// Ends the program for an error of its user. Go: `fatal`.
#[cold]
pub fn fatal(message: &str) -> ! {
    throw(message)
}

/// Prints `text` to standard error and ends the program with code 2. When another thread does so
/// already, waits for it.
#[cold]
pub fn die_with(text: fmt::Arguments<'_>) -> ! {
    let me = crate::sys::thread::gettid();
    match DYING.swap(me, Ordering::AcqRel) {
        0 => {
            crate::print::print_to(2, text);
            exit_process(EXIT_FAILURE)
        }
        other if other == me => exit_process(EXIT_WHILE_DYING),
        other => loop {
            DYING.store(other, Ordering::Relaxed);
            usleep(10_000);
        },
    }
}
