//! Child processes, waited for without a thread. std: `std::process`, name for name.
//!
//! ```
//! use rt::process::{Command, Stdio};
//! use std::io::Write;
//!
//! # fn main() -> std::io::Result<()> {
//! // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
//! unsafe {
//!     rt::run(|| {
//!         let mut child =
//!             Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//!         child.stdin.take().unwrap().write_all(b"two\none\n")?;
//!         let output = child.wait_with_output()?;
//!         assert_eq!(output.stdout, b"one\ntwo\n");
//!         Ok(())
//!     })
//! }
//! # }
//! ```
//!
//! Waits park the goroutine on a pidfd, reads and writes of a child's pipes on the pipe; a plain
//! thread is blocked. Children are started by std, with std's signal mask and dispositions, while
//! others go on. A child, and each end of a pipe, becomes std's by `into`, and std's ours.
//!
//! An end that is ours has O_NONBLOCK as long as it is: who uses its descriptor elsewhere sees it.
//! The child's end has it not.

mod child;
mod command;
mod pipes;

pub use child::Child;
pub use command::Command;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
pub use std::process::*;
