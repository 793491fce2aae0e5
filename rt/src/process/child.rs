//! A child, and how it is waited for. std: `Child`.
//!
//! ```text
//!   goroutine                    kernel                       else (no pidfd: ENOSYS, seccomp)
//!   wait: has it ended? no
//!   pidfd_open, parks in the     the child ends: the pidfd    waitpid(2) blocks the thread,
//!   poller <-------------------- is readable                  as announced
//!   takes the status
//! ```
//!
//! Its number is its own until the status is taken, so the pidfd is the child's.

use std::fmt;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::process::{ExitStatus, Output};

use rt_os::errno::Errno;
use rt_os::sys::file::{self, Fd};
use rt_os::sys::process::pidfd_open;
use rt_sched::netpoll::Direction;
use rt_sched::netpoll::pollable::{Done, Pollable};

use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::ground::is_goroutine;
use crate::net::io_error;

/// A child process. std: `Child`.
///
/// Dropped, it runs on, and stays a zombie when it has ended: somebody should wait.
pub struct Child {
    /// The pipe that it reads from, if one was asked for.
    pub stdin: Option<ChildStdin>,
    /// The pipe with what it writes, if one was asked for.
    pub stdout: Option<ChildStdout>,
    /// The pipe with its errors, if one was asked for.
    pub stderr: Option<ChildStderr>,
    /// Without pipes.
    std: std::process::Child,
}

impl From<std::process::Child> for Child {
    fn from(mut std: std::process::Child) -> Child {
        let stdin = std.stdin.take().map(ChildStdin::from);
        let stdout = std.stdout.take().map(ChildStdout::from);
        let stderr = std.stderr.take().map(ChildStderr::from);
        Child { stdin, stdout, stderr, std }
    }
}

impl From<Child> for std::process::Child {
    fn from(mut child: Child) -> std::process::Child {
        child.std.stdin = child.stdin.map(Into::into);
        child.std.stdout = child.stdout.map(Into::into);
        child.std.stderr = child.stderr.map(Into::into);
        child.std
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish_non_exhaustive()
    }
}

/// A pidfd in the poller.
struct Watch {
    pidfd: Fd,
    pollable: Pollable,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pollable.forget(self.pidfd, false);
        file::close(self.pidfd);
    }
}

impl Child {
    /// Its number, also after its end.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.std.id()
    }

    /// Ends it by SIGKILL. Nothing happens when its end was seen already.
    ///
    /// # Errors
    /// kill(2).
    pub fn kill(&mut self) -> io::Result<()> {
        self.std.kill()
    }

    /// Waits until it has ended; closes its standard input before, so that it does not wait for
    /// more. The goroutine parks; where there is no pidfd, it blocks a thread.
    ///
    /// # Errors
    /// waitpid(2), where somebody else has waited for it.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        if let Some(status) = self.std.try_wait()? {
            return Ok(status);
        }
        match self.watch() {
            Some(watch) => self.park(&watch),
            None => crate::blocking(|| self.std.wait()),
        }
    }

    /// What to park with; `None`: the thread is to wait.
    fn watch(&self) -> Option<Watch> {
        if !is_goroutine() {
            return None;
        }
        let pidfd = pidfd_open(self.id()).ok()?;
        Some(Watch { pidfd, pollable: Pollable::new() })
    }

    fn park(&mut self, watch: &Watch) -> io::Result<ExitStatus> {
        let look = || match self.std.try_wait() {
            Ok(Some(status)) => Ok(Done::more(status)),
            Ok(None) => Err(Errno::EAGAIN),
            Err(error) => Err(Errno::from_raw(error.raw_os_error().unwrap_or(libc::ECHILD))),
        };
        watch.pollable.until_done(watch.pidfd, Direction::Read, None, look).map_err(io_error)
    }

    /// How it has ended, if it has. Its standard input stays open.
    ///
    /// # Errors
    /// waitpid(2), where somebody else has waited for it.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.std.try_wait()
    }

    /// Closes its standard input, reads all that it writes to its pipes, both at once, and waits
    /// until it has ended.
    ///
    /// # Errors
    /// read(2); as [`Child::wait`]; no memory for one more goroutine.
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        if !is_goroutine() {
            return std::process::Child::from(self).wait_with_output();
        }
        let (stdout, stderr) = match (self.stdout.take(), self.stderr.take()) {
            (Some(stdout), Some(stderr)) => both(stdout, stderr)?,
            (stdout, stderr) => (all(stdout)?, all(stderr)?),
        };
        Ok(Output { status: self.wait()?, stdout, stderr })
    }
}

/// All that comes, if there is a pipe.
fn all(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// All that comes from both: a child that waits for one to be read goes on.
fn both(stdout: ChildStdout, stderr: ChildStderr) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let errors = crate::thread::Builder::new().spawn(|| all(Some(stderr)))?;
    let stdout = all(Some(stdout))?;
    let stderr = errors.join().unwrap_or_else(|panic| resume_unwind(panic))?;
    Ok((stdout, stderr))
}
