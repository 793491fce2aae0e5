#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "lines")]
extern crate alloc;

pub mod exe;
pub mod hidden;
#[cfg(feature = "lines")]
mod lines;
pub mod program;
pub mod symbols;
pub mod walk;
