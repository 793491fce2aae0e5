//! What a Go program does with each signal, as data, and what follows from it, as pure functions.
//! Go: `sigtable`, `sigInstallGoHandler`, `sighandler`.

use super::Signal;

/// What a program does with a signal that it has not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// Ends by it, as the kernel does by default. Go: `_SigKill`.
    Kill,
    /// Shows all goroutines and ends with code 2. Go: `_SigThrow`.
    Throw,
    /// One that the kernel made is the program's fault; another is as `Throw`. Go: `_SigPanic`.
    Fault,
    /// The failed write tells. Go: `sigpipe`.
    Pipe,
    /// What the kernel does: nothing, or a stop. Go: `_SigIgn`, `_SigDefault`.
    Kernel,
    /// Go catches it and does nothing; here the kernel's default stands, which ends the program. To
    /// catch these 39 would cost a boot 5 µs, for signals that are sent to who expects them.
    Dropped,
    /// It cannot be caught, or a libc's threads use it. Go: 0, `_SigSetStack`.
    Nobodys,
}

/// A signal's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) text: Option<&'static str>,
    pub(super) unasked: Unasked,
    pub(super) is_notifiable: bool,
}

const fn named(text: &'static str, unasked: Unasked, is_notifiable: bool) -> Row {
    Row { text: Some(text), unasked, is_notifiable }
}

const NOTIFY: bool = true;
const NOT: bool = false;

/// Numbers 1 to 31.
const ROWS: [Row; 31] = {
    use Unasked::{Dropped, Fault, Kernel, Kill, Nobodys, Pipe, Throw};
    [
        named("SIGHUP: terminal line hangup", Kill, NOTIFY),
        named("SIGINT: interrupt", Kill, NOTIFY),
        named("SIGQUIT: quit", Throw, NOTIFY),
        named("SIGILL: illegal instruction", Throw, NOT),
        named("SIGTRAP: trace trap", Throw, NOT),
        named("SIGABRT: abort", Throw, NOTIFY),
        named("SIGBUS: bus error", Fault, NOT),
        named("SIGFPE: floating-point exception", Fault, NOT),
        named("SIGKILL: kill", Nobodys, NOT),
        named("SIGUSR1: user-defined signal 1", Dropped, NOTIFY),
        named("SIGSEGV: segmentation violation", Fault, NOT),
        named("SIGUSR2: user-defined signal 2", Dropped, NOTIFY),
        named("SIGPIPE: write to broken pipe", Pipe, NOTIFY),
        named("SIGALRM: alarm clock", Dropped, NOTIFY),
        named("SIGTERM: termination", Kill, NOTIFY),
        named("SIGSTKFLT: stack fault", Throw, NOT),
        named("SIGCHLD: child status has changed", Kernel, NOTIFY),
        named("SIGCONT: continue", Kernel, NOTIFY),
        named("SIGSTOP: stop, unblockable", Nobodys, NOT),
        named("SIGTSTP: keyboard stop", Kernel, NOTIFY),
        named("SIGTTIN: background read from tty", Kernel, NOTIFY),
        named("SIGTTOU: background write to tty", Kernel, NOTIFY),
        named("SIGURG: urgent condition on socket", Kernel, NOTIFY),
        named("SIGXCPU: cpu limit exceeded", Dropped, NOTIFY),
        named("SIGXFSZ: file size limit exceeded", Dropped, NOTIFY),
        named("SIGVTALRM: virtual alarm clock", Dropped, NOTIFY),
        named("SIGPROF: profiling alarm clock", Dropped, NOTIFY),
        named("SIGWINCH: window size change", Kernel, NOTIFY),
        named("SIGIO: i/o now possible", Dropped, NOTIFY),
        named("SIGPWR: power failure restart", Dropped, NOTIFY),
        named("SIGSYS: bad system call", Throw, NOT),
    ]
};

/// What a program prints of numbers 1 to 31. Apart from the rest, since few programs do. Go:
/// `syscall.signals`.
static SAYS: [&str; 31] = [
    "hangup",
    "interrupt",
    "quit",
    "illegal instruction",
    "trace/breakpoint trap",
    "aborted",
    "bus error",
    "floating point exception",
    "killed",
    "user defined signal 1",
    "segmentation fault",
    "user defined signal 2",
    "broken pipe",
    "alarm clock",
    "terminated",
    "stack fault",
    "child exited",
    "continued",
    "stopped (signal)",
    "stopped",
    "stopped (tty input)",
    "stopped (tty output)",
    "urgent I/O condition",
    "CPU time limit exceeded",
    "file size limit exceeded",
    "virtual timer expired",
    "profiling timer expired",
    "window changed",
    "I/O possible",
    "power failure",
    "bad system call",
];

/// What a program prints of a number.
pub(super) fn says(number: u8) -> Option<&'static str> {
    SAYS.get(usize::from(number) - 1).copied()
}

/// The row of a number from 1 to 64.
pub(super) const fn row(number: u8) -> Row {
    if number as usize <= ROWS.len() {
        return ROWS[number as usize - 1];
    }
    let unasked = if number <= 34 { Unasked::Nobodys } else { Unasked::Dropped };
    Row { text: None, unasked, is_notifiable: number > 34 }
}

/// The signals that a bare program handles from its boot on: where it does otherwise than the
/// kernel. All else is left as the parent has set it, so an ignored SIGHUP stays ignored. Each one
/// costs a system call of 120 ns. Go: `initsig`, which asks for and sets 57.
pub const AT_BOOT: u64 = sets().1;

/// Those that a program may ask for, and [`AT_BOOT`].
pub(super) const fn sets() -> (u64, u64) {
    let (mut notifiable, mut at_boot, mut number) = (0, 0, 1);
    while number <= 64 {
        let (Row { unasked, is_notifiable, .. }, bit) = (row(number), 1 << (number - 1));
        if is_notifiable {
            notifiable |= bit;
        }
        if matches!(unasked, Unasked::Throw | Unasked::Fault | Unasked::Pipe) {
            at_boot |= bit;
        }
        number += 1;
    }
    (notifiable, at_boot)
}

/// What a handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it says what a signal means"]
pub enum Verdict {
    /// Somebody has asked for it.
    Tell,
    /// The program's fault: it ends with a text.
    Fault,
    /// Shows all goroutines, and ends with code 2.
    Report,
    /// A write has failed: by which descriptor?
    Pipe,
    /// Nobody asks for it any more: whatever is done with it now shall be.
    Again,
}

/// What to do with a signal that has come to a handler. Pure. Go: `sighandler`.
pub const fn decide(signal: Signal, is_from_user: bool, is_wanted: bool) -> Verdict {
    match signal.unasked() {
        _ if is_wanted => Verdict::Tell,
        Unasked::Fault if !is_from_user => Verdict::Fault,
        Unasked::Fault | Unasked::Throw => Verdict::Report,
        Unasked::Pipe => Verdict::Pipe,
        _ => Verdict::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_signal() {
        for (signal, text) in [
            (Signal::HUP, "SIGHUP: terminal line hangup"),
            (Signal::QUIT, "SIGQUIT: quit"),
            (Signal::SEGV, "SIGSEGV: segmentation violation"),
            (Signal::STKFLT, "SIGSTKFLT: stack fault"),
            (Signal::WINCH, "SIGWINCH: window size change"),
            (Signal::SYS, "SIGSYS: bad system call"),
        ] {
            assert_eq!(signal.text(), Some(text));
        }
    }

    #[test]
    fn the_boot_handles_what_the_kernel_would_do_otherwise() {
        let numbers = Signal::all_of(AT_BOOT).map(Signal::as_raw);
        let [ill, trap, abrt, bus, fpe] = [4, 5, 6, 7, 8];
        let [quit, segv, pipe, stkflt, sys] = [3, 11, 13, 16, 31];
        assert!(numbers.eq([quit, ill, trap, abrt, bus, fpe, segv, pipe, stkflt, sys]));
    }

    #[test]
    fn the_table() {
        use Verdict::{Again, Fault, Pipe, Report, Tell};
        let (user, kernel) = (true, false);
        for (signal, from, wanted, verdict) in [
            (Signal::INT, user, true, Tell),
            (Signal::INT, kernel, true, Tell),
            (Signal::INT, user, false, Again),
            (Signal::QUIT, kernel, true, Tell),
            (Signal::QUIT, kernel, false, Report),
            (Signal::ABRT, user, false, Report),
            (Signal::TRAP, kernel, false, Report),
            (Signal::SEGV, kernel, false, Fault),
            (Signal::SEGV, user, false, Report),
            (Signal::FPE, kernel, false, Fault),
            (Signal::PIPE, user, false, Pipe),
            (Signal::PIPE, user, true, Tell),
            (Signal::CHLD, kernel, false, Again),
            (Signal::USR1, user, false, Again),
        ] {
            assert_eq!(decide(signal, from, wanted), verdict, "{signal:?} {from} {wanted}");
        }
    }
}
