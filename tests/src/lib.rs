//! The harness of the whole-system tests: builds the programs, runs them as processes under
//! limits, and never hangs.
#![deny(unsafe_code)]

pub mod bare;
pub mod hosted;
pub mod outcome;
pub mod run;
pub mod seccomp;
pub mod setup;
