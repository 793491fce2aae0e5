//! Processes as Unix has them. std: `std::os::unix::process`.
//!
//! # Safety
//! - **hook**: the caller of `pre_exec` knows what a child of a program with threads may do.
#![allow(unsafe_code, reason = "**hook**: std's `pre_exec`")]

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as Std;

use crate::process::Command;

pub use std::os::unix::process::{ExitStatusExt, parent_id};

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::process::Command {}
}

/// What Unix has to say of a command. std: `CommandExt`, which nobody else may implement.
pub trait CommandExt: sealed::Sealed {
    /// The child's user.
    fn uid(&mut self, id: u32) -> &mut Command;

    /// The child's group.
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Calls `f` in the child, before it executes its program; an error of it is what `spawn` says.
    /// No goroutine runs there: what waits would block the child for ever.
    ///
    /// # Safety
    /// As for std's: the child is a copy with one thread. `f` may do only what a signal handler
    /// may: no allocation, no lock, nothing of this crate.
    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static;

    /// As [`CommandExt::pre_exec`], from before it was unsafe.
    ///
    /// # Safety
    /// As for [`CommandExt::pre_exec`].
    #[deprecated(note = "should be unsafe, use `pre_exec` instead")]
    unsafe fn before_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's.
        unsafe { self.pre_exec(f) }
    }

    /// Executes the program in this process, whose goroutines and threads end, nothing dropped;
    /// returns the error if it cannot.
    fn exec(&mut self) -> io::Error;

    /// The first of the arguments, which is else the program's name.
    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command;

    /// The child's process group; 0: one of its own.
    fn process_group(&mut self, pgroup: i32) -> &mut Command;
}

impl CommandExt for Command {
    fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: **hook**.
        unsafe { self.std.pre_exec(f) };
        self
    }

    fn exec(&mut self) -> io::Error {
        self.std.exec()
    }

    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg0(arg);
        self
    }

    fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.std.process_group(pgroup);
        self
    }
}
