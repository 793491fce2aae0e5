//! Runs a program to its end, or kills it.

use std::ffi::{CString, OsStr};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::outcome::Outcome;
use crate::seccomp::Filter;
use crate::setup::{self, Setup};
use crate::{bare, hosted};

/// How long a program may take when the test does not say.
const LIMIT: Duration = Duration::from_secs(30);

/// A program that is about to run.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    command: Command,
    setups: Vec<Setup>,
    stdin: Vec<u8>,
    signal: Option<(&'static str, i32)>,
    limit: Duration,
}

impl Program {
    /// The bare program `name`.
    ///
    /// # Panics
    /// When it cannot be built.
    #[must_use]
    pub fn bare(name: &str) -> Program {
        Program::at(bare::program(name))
    }

    /// The hosted program or example `name`.
    ///
    /// # Panics
    /// When it cannot be built.
    #[must_use]
    pub fn hosted(name: &str) -> Program {
        Program::at(hosted::program(name))
    }

    /// Any program. GOMAXPROCS, GODEBUG and GOTRACEBACK of our own environment are not handed on.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Program {
        let path = path.into();
        let mut command = Command::new(&path);
        command.env_remove("GOMAXPROCS").env_remove("GODEBUG").env_remove("GOTRACEBACK");
        let (setups, stdin) = (Vec::new(), Vec::new());
        Program { path, command, setups, stdin, signal: None, limit: LIMIT }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Program {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// Sets GOMAXPROCS.
    #[must_use]
    pub fn procs(self, procs: u32) -> Program {
        self.env("GOMAXPROCS", &procs.to_string())
    }

    /// Removes every variable that is not set from here on.
    #[must_use]
    pub fn no_env(mut self) -> Program {
        self.command.env_clear();
        self
    }

    /// The folder it runs in.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Program {
        self.command.current_dir(folder.into());
        self
    }

    /// What it reads on standard input; nothing if not set.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Program {
        self.stdin = bytes.into();
        self
    }

    /// Sends it a signal when it has printed its first line, which must be this one.
    #[must_use]
    pub fn signal_after(mut self, line: &'static str, signal: i32) -> Program {
        self.signal = Some((line, signal));
        self
    }

    /// How long it may take before it is killed and the test fails.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Program {
        self.limit = limit;
        self
    }

    /// Something to be done in its process before it runs; in the order of the calls.
    #[must_use]
    pub fn setup(mut self, setup: Setup) -> Program {
        self.setups.push(setup);
        self
    }

    /// Denies it a system call.
    #[must_use]
    pub fn deny(self, filter: Filter) -> Program {
        self.setup(Setup::Deny(filter))
    }

    /// Runs it with neither arguments nor name nor environment.
    ///
    /// # Panics
    /// When its path has a zero byte.
    #[must_use]
    pub fn no_arguments(self) -> Program {
        let path = CString::new(self.path.as_os_str().as_bytes()).expect("a path has no zero byte");
        self.setup(Setup::NoArguments(path))
    }

    /// Starts it; the caller waits. Its streams are pipes.
    ///
    /// # Errors
    /// When it cannot start, or a setup fails in its process.
    pub fn spawn(&mut self) -> std::io::Result<Child> {
        setup::install(&mut self.command, std::mem::take(&mut self.setups));
        let command = &mut self.command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot start, or takes longer than the limit: it is killed then, and the message
    /// says what it has printed and where its threads stood.
    #[track_caller]
    pub fn run(self) -> Outcome {
        let shown = format!("{:.300}", format!("{:?}", self.command));
        self.try_run().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"))
    }

    /// As [`Program::run`], with the error when it cannot start.
    ///
    /// # Errors
    /// As [`Program::spawn`].
    ///
    /// # Panics
    /// When it takes longer than the limit.
    #[track_caller]
    pub fn try_run(mut self) -> std::io::Result<Outcome> {
        let start = Instant::now();
        let command = format!("{:.300}", format!("{:?}", self.command));
        let mut child = self.spawn()?;
        let mut stdin = child.stdin.take();
        let bytes = std::mem::take(&mut self.stdin);
        // A program that does not read its input closes it: that is not our error.
        let writer = thread::spawn(move || stdin.take().map(|mut pipe| pipe.write_all(&bytes)));
        let mut stdout = child.stdout.take();
        let stderr = collect(child.stderr.take());
        let mut first = String::new();
        if let Some((line, signal)) = &self.signal {
            first = first_line(stdout.as_mut());
            assert_eq!(first.trim_end(), *line, "{command}: what it says first");
            setup::kill(&child, *signal);
        }
        let stdout = collect(stdout);
        let ended = wait(&mut child, self.limit);
        let threads = if ended.is_none() { backtraces(child.id()) } else { String::new() };
        let status = ended.map_or_else(|| kill(&mut child), Ok)?;
        let _unread = writer.join();
        let [stdout, stderr] = [stdout, stderr].map(|text| text.join().unwrap_or_default());
        let stdout = first + &stdout;
        let took = start.elapsed();
        let outcome = Outcome { command, stdout, stderr, status, took };
        assert!(ended.is_some(), "killed after {:?}: {}\n{threads}", self.limit, outcome.show());
        Ok(outcome)
    }
}

fn kill(child: &mut Child) -> std::io::Result<ExitStatus> {
    child.kill()?;
    child.wait()
}

/// The first line, byte by byte: what follows stays in the pipe.
pub(crate) fn first_line(mut stream: Option<&mut impl Read>) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while byte != *b"\n" && stream.as_mut().is_some_and(|s| s.read_exact(&mut byte).is_ok()) {
        line.extend(byte);
    }
    String::from_utf8_lossy(&line).into_owned()
}

fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is worth showing.
        let _error = stream.map(|mut stream| stream.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// How it ended; `None` when it still runs after `limit`.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Where the threads of a process that hangs stand, if there is a gdb to ask.
fn backtraces(process: u32) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-ex", "thread apply all bt 20", "-p", &process.to_string()]);
    gdb.stdin(Stdio::null());
    match gdb.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => format!("no backtraces: gdb: {error}"),
    }
}
