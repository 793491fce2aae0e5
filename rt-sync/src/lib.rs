#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod aliases;
pub mod chan;
pub mod host;
mod queue;
#[cfg(not(loom))]
pub mod signal;
#[cfg(all(test, shuttle))]
mod simulation;
pub mod sync;
mod wait;
