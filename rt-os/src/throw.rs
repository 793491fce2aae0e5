//! The end of the program, with a reason. Go: `throw`, `fatal`, `fatalthrow`, `startpanic_m`.
//!
//! `throw` is for a broken runtime, `fatal` for what the program did wrong; both print Go's line
//! and end with code 2. A failure while the first is being told is told as well, if it can be, and
//! ends the program at once: nothing loops.
//!
//! ```text
//!             first failure        the same thread again       and again
//!   NOBODY ────────────────> tid ───────────────────────> tid ───────────> tid
//!   code                      2                             4               5
//!                             └─ other threads wait for the end
//! ```
//!
//! # Safety
//! - **hook**: `HOOK` is `NO_HOOK` or a [`Hook`] that was stored whole.
#![allow(unsafe_code, reason = "**hook**: a function in an atomic word")]

use core::fmt;
use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use rt_asm::registers::Registers;

use crate::print::print_to;
use crate::sys::signal;
use crate::sys::thread::{exit_process, gettid, usleep};

/// The exit code of a failure.
pub const EXIT_FAILURE: i32 = 2;
/// The exit code of a failure while failing.
pub const EXIT_WHILE_DYING: i32 = 4;
/// The exit code when not even that could be told.
pub const EXIT_SILENT: i32 = 5;

/// Whose failure it is. Go: `throwType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The runtime's. Go: `throwTypeRuntime`.
    Runtime,
    /// The program's. Go: `throwTypeUser`.
    Program,
    /// The program has panicked. Go: `throwTypeNone`.
    Panic,
}

/// What the hook is told.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// Whose it is.
    pub blame: Blame,
    /// Where it happened, if not where the hook is called from.
    pub registers: Option<Registers>,
    /// The place in the source, if it is known.
    pub location: Option<&'a Location<'a>>,
    /// How the program ends, unless the hook wants it to abort.
    pub ending: Ending,
}

impl Failure<'_> {
    /// It happened here, and that is all that is known.
    #[must_use]
    pub const fn here(blame: Blame) -> Self {
        Failure { blame, registers: None, location: None, ending: Ending::Exit }
    }
}

/// How the program ends when all is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it says how to end"]
pub enum Ending {
    /// With code 2.
    Exit,
    /// By SIGABRT, so that the kernel may dump it. Go: `GOTRACEBACK=crash`.
    Abort,
}

/// Tells more about a failure, on the thread that failed.
pub type Hook = fn(&Failure<'_>) -> Ending;

/// The thread that ends the program; `NOBODY` before there is one. The first one stays.
static DYING: AtomicU32 = AtomicU32::new(NOBODY);
/// Not 0, so that the word lies with what else the boot writes: main looks at it when it returns.
const NOBODY: u32 = u32::MAX;
/// How many failures that thread has begun to tell. Only it uses the word. Go: `m.dying`.
static FAILURES: AtomicU32 = AtomicU32::new(0);
/// What runs between the text and the end; `NO_HOOK`: nothing. Stored at most once.
static HOOK: AtomicPtr<()> = AtomicPtr::new(NO_HOOK);
/// Not null, for the same reason.
const NO_HOOK: *mut () = ptr::without_provenance_mut(1);

/// Has `hook` run when the program fails, after the text and before the end, on the thread that
/// failed. The first hook stays; returns whether it is this one.
///
/// The hook may print; if it fails itself, the program ends with code 4.
pub fn set_on_throw(hook: Hook) -> bool {
    let hook = hook as *const () as *mut ();
    // Release pairs with the Acquire in `run_hook`: what the hook uses was made before.
    HOOK.compare_exchange(NO_HOOK, hook, Ordering::Release, Ordering::Relaxed).is_ok()
}

/// Ends the program for an error of the runtime: prints `fatal error: MESSAGE`, code 2.
#[cold]
pub fn throw(message: &str) -> ! {
    throw_with(format_args!(""), message)
}

/// As [`throw`], after printing `lines`, which end with a newline or are empty.
#[cold]
pub fn throw_with(lines: fmt::Arguments<'_>, message: &str) -> ! {
    die(&Failure::here(Blame::Runtime), format_args!("{lines}fatal error: {message}\n"))
}

/// Ends the program for an error of its user. Go: `fatal`.
#[cold]
pub fn fatal(message: &str) -> ! {
    die(&Failure::here(Blame::Program), format_args!("fatal error: {message}\n"))
}

/// Prints `text` to standard error, has the hook tell more, and ends the program with code 2. When
/// another thread does so already, waits for it.
#[cold]
pub fn die(failure: &Failure<'_>, text: fmt::Arguments<'_>) -> ! {
    die_telling(text, &mut || match (run_hook(failure), failure.ending) {
        (Ending::Exit, Ending::Exit) => Ending::Exit,
        _ => Ending::Abort,
    })
}

/// As [`die`], with `tell` in the place of the hook.
#[cold]
pub fn die_telling(text: fmt::Arguments<'_>, tell: &mut dyn FnMut() -> Ending) -> ! {
    let me = gettid();
    // Relaxed: the word guards no memory of ours, it only chooses.
    match DYING.compare_exchange(NOBODY, me, Ordering::Relaxed, Ordering::Relaxed) {
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
            if tell() == Ending::Abort {
                abort();
            }
            exit_process(EXIT_FAILURE)
        }
        1 => {
            print_to(2, format_args!("{text}panic during panic\n"));
            exit_process(EXIT_WHILE_DYING)
        }
        _ => exit_process(EXIT_SILENT),
    }
}

/// Does a failure end the program just now? Who would end it well waits for that. Go: `panicking`.
#[must_use]
pub fn is_dying() -> bool {
    DYING.load(Ordering::Relaxed) != NOBODY // a glimpse is all that there can be
}

fn run_hook(failure: &Failure<'_>) -> Ending {
    // Acquire pairs with the Release in `set_on_throw`.
    let hook = HOOK.load(Ordering::Acquire);
    if hook == NO_HOOK {
        return Ending::Exit;
    }
    // SAFETY: **hook**.
    unsafe { core::mem::transmute::<*mut (), Hook>(hook)(failure) }
}

/// Ends by SIGABRT, whoever handles it; returns if even that does not.
pub fn abort() {
    deadly(libc::SIGABRT);
    let _unsent = signal::raise(libc::SIGABRT);
}

/// Ends the program by a signal, so that who waits for it sees that; with 128 + its number where
/// even that does not kill: in the first process of a PID namespace. Go: `dieFromSignal`.
pub fn die_from_signal(number: i32) -> ! {
    deadly(number);
    let _unsent = signal::raise(number);
    exit_process(128 + number)
}

/// Has the kernel end the process by SIGALRM in `seconds`, if it is still there.
pub fn limit_dying(seconds: u32) {
    deadly(libc::SIGALRM);
    crate::sys::thread::alarm(seconds);
}

/// From now on the signal ends the program, on this thread at once.
fn deadly(number: i32) {
    signal::set_default(number);
    signal::unblock(number);
}
