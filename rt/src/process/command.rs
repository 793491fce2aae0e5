//! What to start. std: `Command`.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::Child;
use crate::blocking;

/// Which of the child's three the user has chosen.
#[derive(Clone, Copy, Default)]
struct Chosen {
    stdin: bool,
    stdout: bool,
    stderr: bool,
}

/// A program to be started, and how. std: `Command`.
///
/// Starting takes the kernel some hundred µs, in which others go on. What is particular to Unix is
/// in [`CommandExt`](crate::os::unix::process::CommandExt).
pub struct Command {
    pub(crate) std: std::process::Command,
    chosen: Chosen,
}

impl Command {
    /// Starts `program`, looked up in `PATH`, with no arguments, and with this process's
    /// environment, folder and, but for [`Command::output`], standard streams.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command { std: std::process::Command::new(program), chosen: Chosen::default() }
    }

    /// One more argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// More arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// A variable of its environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Variables of its environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// It does not get this variable.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// It gets none of this process's variables.
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// The folder it starts in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Its standard input.
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdin(cfg);
        self.chosen.stdin = true;
        self
    }

    /// Its standard output.
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdout(cfg);
        self.chosen.stdout = true;
        self
    }

    /// Its standard error.
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stderr(cfg);
        self.chosen.stderr = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` and others of execve(2); fork(2); `InvalidInput` for a zero
    /// byte in an argument.
    pub fn spawn(&mut self) -> io::Result<Child> {
        blocking(|| self.std.spawn()).map(Child::from)
    }

    /// Starts it, waits until it has ended, and collects what it writes where nothing else was
    /// chosen for that. It gets an empty standard input, unless another was chosen.
    ///
    /// # Errors
    /// As [`Command::spawn`] and [`Child::wait_with_output`].
    pub fn output(&mut self) -> io::Result<Output> {
        let chosen = self.chosen;
        self.choose_rest(chosen, Stdio::null, Stdio::piped);
        let child = self.spawn();
        self.choose_rest(chosen, Stdio::inherit, Stdio::inherit); // as it was
        child?.wait_with_output()
    }

    fn choose_rest(&mut self, chosen: Chosen, stdin: fn() -> Stdio, others: fn() -> Stdio) {
        if !chosen.stdin {
            self.std.stdin(stdin());
        }
        if !chosen.stdout {
            self.std.stdout(others());
        }
        if !chosen.stderr {
            self.std.stderr(others());
        }
    }

    /// Starts it, and waits until it has ended.
    ///
    /// # Errors
    /// As [`Command::spawn`] and [`Child::wait`].
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// The program.
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.std.get_program()
    }

    /// The arguments so far.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.std.get_args()
    }

    /// The variables so far that it gets, or, with `None`, does not.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.std.get_envs()
    }

    /// The folder, if one was given.
    #[must_use]
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.std.get_current_dir()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}
