//! Input and output. std: `std::io`, all of it; standard streams and pipes are our own.
//!
//! ```
//! use rt::io::{self, Write};
//!
//! # // SAFETY: nothing here keeps a thread-local.
//! # unsafe {
//! # rt::run(|| {
//! let mut out = io::stdout().lock();
//! writeln!(out, "first")?;
//! rt::thread::yield_now(); // a lock of std's must not be held here
//! writeln!(out, "second")?; // nobody's line of `rt::io` is in between
//! # std::io::Result::Ok(())
//! # })
//! # }.unwrap();
//! ```
//!
//! std's [`StdinLock`](std::io::StdinLock) and [`StdoutLock`](std::io::StdoutLock) belong to a
//! thread, which a goroutine may leave while it holds one. Those here belong to the goroutine, or
//! to the plain thread. What they guard goes through std's own streams, a call at a time: so its
//! buffer is shared with `println!`, what was said first comes first, and std writes the rest at
//! the program's end. `println!` knows nothing of our locks: its lines may stand between the calls
//! of who holds one.
//!
//! All of it announces that it may block ([`rt::blocking`](crate::blocking)): 2 ns. Standard input
//! is read by a thread that waits, since others have its file too and may not want it nonblocking.
//!
//! [`IsTerminal`] is std's to implement: [`Stdin`], [`Stdout`] and [`Stderr`] have its method.

pub(crate) mod end;
mod out;
mod owned;
mod pipe;
mod stdin;

pub use out::{Stderr, StderrLock, Stdout, StdoutLock, stderr, stdout};
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use std::io::*;
pub use stdin::{Stdin, StdinLock, stdin};
