//! The harness of the whole-system tests: builds the programs, runs them as processes under
//! limits, and never hangs.
#![deny(unsafe_code)]

pub mod bare;
pub mod cgroup;
pub mod dump;
pub mod expected;
pub mod hosted;
pub mod on_top;
pub mod outcome;
pub mod run;
pub mod seccomp;
pub mod server;
pub mod setup;
