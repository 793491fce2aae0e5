//! The end of the program, with a reason. Go: `throw`, `fatal`, `fatalthrow`, `startpanic_m`.
//!
//! `throw` is for a broken runtime, `fatal` for what the program did wrong; both print Go's line
//! and end with code 2. A failure while the first is being told is told as well, if it can be, and
//! ends the program at once: nothing loops.
//!
//! ```text
//!             first failure        the same thread again       and again
//!   DYING 0 ───────────────> tid ───────────────────────> tid ───────────> tid
//!   code                      2                             4               5
//!                             └─ other threads wait for the end
//! ```
//!
//! # Safety
//! - **hook**: `HOOK` is null or a `fn()` that was stored whole.
#![allow(unsafe_code, reason = "**hook**: a function in an atomic word")]

use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::print::print_to;
use crate::sys::thread::{exit_process, gettid, usleep};

/// The exit code of a failure.
pub const EXIT_FAILURE: i32 = 2;
/// The exit code of a failure while failing.
pub const EXIT_WHILE_DYING: i32 = 4;
/// The exit code when not even that could be told.
pub const EXIT_SILENT: i32 = 5;

/// The thread that ends the program: 0 before there is one. The first one stays.
static DYING: AtomicU32 = AtomicU32::new(0);
/// How many failures that thread has begun to tell. Only it uses the word. Go: `m.dying`.
static FAILURES: AtomicU32 = AtomicU32::new(0);
/// What runs between the text and the end; null: nothing. Stored at most once.
static HOOK: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Has `hook` run when the program fails, after the text and before the end, on the thread that
/// failed. The first hook stays; returns whether it is this one.
///
/// The hook may print; if it fails itself, the program ends with code 4.
pub fn set_on_throw(hook: fn()) -> bool {
    let hook = hook as *const () as *mut ();
    // Release pairs with the Acquire in `run_hook`: what the hook uses was made before.
    HOOK.compare_exchange(ptr::null_mut(), hook, Ordering::Release, Ordering::Relaxed).is_ok()
}

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
    let me = gettid();
    // Relaxed: the word guards no memory of ours, it only chooses.
    match DYING.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed) {
        Err(first) if first != me => loop {
            usleep(10_000);
        },
        _ => {}
    }
    let failures = FAILURES.load(Ordering::Relaxed);
    FAILURES.store(failures + 1, Ordering::Relaxed);
    match failures {
        0 => {
            print_to(2, text);
            run_hook();
            exit_process(EXIT_FAILURE)
        }
        1 => {
            print_to(2, format_args!("{text}panic during panic\n"));
            exit_process(EXIT_WHILE_DYING)
        }
        _ => exit_process(EXIT_SILENT),
    }
}

fn run_hook() {
    // Acquire pairs with the Release in `set_on_throw`.
    let hook = HOOK.load(Ordering::Acquire);
    if !hook.is_null() {
        // SAFETY: **hook**.
        unsafe { core::mem::transmute::<*mut (), fn()>(hook)() };
    }
}
