#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod boot;
pub mod chan;
mod fault;
pub mod fs;
pub mod future;
mod go;
mod ground;
pub mod host;
pub mod io;
pub mod net;
pub mod os;
pub mod process;
pub mod runtime;
pub mod signal;
pub mod sync;
pub mod thread;
pub mod time;

pub use boot::{Config, run, start, try_start};
pub use future::block_on;
pub use go::{blocking, go};
