//! What became of a process.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// What a process left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The command, for messages.
    pub command: String,
    /// Its standard output; bytes that are no text are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
    /// How it ended.
    pub status: ExitStatus,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The exit code; `None` when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// All of it, for the message of a failed test.
    #[must_use]
    pub fn show(&self) -> String {
        let Outcome { command, stdout, stderr, status, took } = self;
        format!("{command}: {status} after {took:?}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }

    /// It ended with this code.
    ///
    /// # Panics
    /// When it did not; the message has all that it said.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Outcome {
        assert_eq!(self.code(), Some(code), "{}", self.show());
        self
    }

    /// It ended with code 0 and said nothing on standard error.
    ///
    /// # Panics
    /// As [`Outcome::expect_code`].
    #[track_caller]
    pub fn expect_ok(self) -> Outcome {
        let outcome = self.expect_code(0);
        assert_eq!(outcome.stderr, "", "{}", outcome.show());
        outcome
    }

    /// It ended with code 2, its standard error beginning with `text`.
    ///
    /// # Panics
    /// As [`Outcome::expect_code`].
    #[track_caller]
    pub fn expect_fatal(self, text: &str) -> Outcome {
        let outcome = self.expect_code(2);
        assert!(outcome.stderr.starts_with(text), "not {text:?}:\n{}", outcome.show());
        outcome
    }

    /// The value of a line `name value…` of standard output, spaces around it removed.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.stdout.lines().map(str::trim_start);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::trim)
    }
}
