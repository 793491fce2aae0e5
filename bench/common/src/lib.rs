//! What the Rust peers share. A peer implements [`Peer`]; its `main` reads [`Args`] and calls
//! [`run`], which warms up, measures, checks the result and prints `metric value unit` lines.

mod args;
mod echo;
mod frame;
mod hogs;
mod kernel;
mod late;
mod output;
mod peer;
mod primes;
mod random;
mod system;

pub use args::Args;
pub use echo::echo;
pub use frame::{listen, run};
pub use hogs::{Tasks, blocked, hogs};
pub use kernel::{compute_until, sleep_in_the_kernel};
pub use late::{Late, NAP};
pub use output::{per, report, report_delays, unsupported};
pub use peer::{Blocks, Buffered, Peer, Served};
pub use random::Delays;
pub use system::limit_cpus;
