//! What the Rust peers share. A peer implements [`Peer`]; its `main` reads [`Args`] and calls
//! [`run`], which warms up, measures, checks the result and prints `metric value unit` lines.

mod args;
mod frame;
mod output;
mod peer;
mod primes;
mod random;
mod system;

pub use args::Args;
pub use frame::run;
pub use peer::{Buffered, Peer};
pub use random::Delays;
pub use system::limit_cpus;
