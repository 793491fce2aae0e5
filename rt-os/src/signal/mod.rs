//! Signals as a program sees them: their names, and what a Go program does with each. Go:
//! `syscall.Signal`, `sigtable`.

mod registers;
mod table;

pub use table::{AT_BOOT, Unasked, Verdict, decide};

use core::fmt::{self, Debug, Display, Formatter};

use table::Row;

/// A signal: 1 to 64. Prints as Go's, `interrupt`; its `Debug` is its name, `SIGINT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

macro_rules! signals {
    ($($name:ident = $number:literal, $doc:literal;)*) => {
        #[allow(missing_docs, reason = "named by what they tell")]
        impl Signal {
            $(#[doc = $doc] pub const $name: Signal = Signal($number);)*
        }
    };
}

signals! {
    HUP = 1, "The terminal is gone.";
    INT = 2, "Control-C.";
    QUIT = 3, "Control-backslash: the goroutines, and the end.";
    ILL = 4, "An instruction that there is not.";
    TRAP = 5, "A breakpoint.";
    ABRT = 6, "abort(3).";
    BUS = 7, "Memory that could not be had.";
    FPE = 8, "A division by zero.";
    KILL = 9, "The end; cannot be caught.";
    USR1 = 10, "For the program's own use.";
    SEGV = 11, "An address where nothing is.";
    USR2 = 12, "For the program's own use.";
    PIPE = 13, "A write that nobody will read.";
    ALRM = 14, "alarm(2).";
    TERM = 15, "A polite request to end.";
    STKFLT = 16, "Unused.";
    CHLD = 17, "A child has ended or stopped.";
    CONT = 18, "It goes on after a stop.";
    STOP = 19, "A stop; cannot be caught.";
    TSTP = 20, "Control-Z.";
    TTIN = 21, "A read from the terminal, in the background.";
    TTOU = 22, "A write to the terminal, in the background.";
    URG = 23, "Urgent data on a socket.";
    XCPU = 24, "The limit of CPU time.";
    XFSZ = 25, "The limit of a file's size.";
    VTALRM = 26, "A timer of the process's own time.";
    PROF = 27, "A profiler's timer.";
    WINCH = 28, "The terminal has another size.";
    IO = 29, "Input is there.";
    PWR = 30, "The power fails.";
    SYS = 31, "A system call that is not allowed.";
}

impl Signal {
    /// The signal of this number.
    #[must_use]
    pub const fn from_raw(number: i32) -> Option<Signal> {
        if 1 <= number && number <= 64 { Some(Signal(number as u8)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0 as i32
    }

    /// Its bit in a set.
    #[must_use]
    pub const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }

    /// All signals of a set, upwards.
    pub fn all_of(mut set: u64) -> impl Iterator<Item = Signal> {
        core::iter::from_fn(move || {
            let lowest = set.trailing_zeros();
            set &= set.checked_sub(1)?;
            Some(Signal(lowest as u8 + 1))
        })
    }

    const fn row(self) -> Row {
        table::row(self.0)
    }

    /// What a program does with it that has not asked for it.
    #[must_use]
    pub const fn unasked(self) -> Unasked {
        self.row().unasked
    }

    /// May a program ask for it? Not for what cannot be caught, nor for its own faults.
    #[must_use]
    pub const fn is_notifiable(self) -> bool {
        self.row().is_notifiable
    }

    /// As the runtime tells of it: `SIGQUIT: quit`; `None`: it has no name.
    #[must_use]
    pub const fn text(self) -> Option<&'static str> {
        self.row().text
    }
}

/// The signals that a program may ask for.
pub const NOTIFIABLE: u64 = table::sets().0;

impl Display for Signal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match table::says(self.0) {
            Some(says) => f.pad(says),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl Debug for Signal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.text().and_then(|text| text.split(':').next()) {
            Some(name) => f.pad(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn numbers_are_the_kernels() {
        for (signal, number) in [
            (Signal::HUP, libc::SIGHUP),
            (Signal::KILL, libc::SIGKILL),
            (Signal::SEGV, libc::SIGSEGV),
            (Signal::STKFLT, libc::SIGSTKFLT),
            (Signal::WINCH, libc::SIGWINCH),
            (Signal::SYS, libc::SIGSYS),
        ] {
            assert_eq!(signal.as_raw(), number);
            assert_eq!(Signal::from_raw(number), Some(signal));
        }
        for number in [-1, 0, 65, i32::MAX] {
            assert_eq!(Signal::from_raw(number), None);
        }
        assert!(Signal::all_of(u64::MAX).count() == 64 && Signal::all_of(0).next().is_none());
    }

    #[test]
    fn they_print_as_gos() {
        for (signal, says, name) in [
            (Signal::INT, "interrupt", "SIGINT"),
            (Signal::TERM, "terminated", "SIGTERM"),
            (Signal::HUP, "hangup", "SIGHUP"),
            (Signal::USR1, "user defined signal 1", "SIGUSR1"),
            (Signal::SYS, "bad system call", "SIGSYS"),
            (Signal(40), "signal 40", "signal 40"),
        ] {
            assert_eq!((&*format!("{signal}"), &*format!("{signal:?}")), (says, name));
        }
        assert_eq!(format!("{:>10}", Signal::QUIT), "      quit");
    }

    #[test]
    fn faults_and_what_cannot_be_caught_are_not_asked_for() {
        let left_out = Signal::all_of(!NOTIFIABLE).map(|signal| signal.as_raw());
        let expected = [4, 5, 7, 8, 9, 11, 16, 19, 31, 32, 33, 34];
        assert!(left_out.eq(expected));
    }
}
