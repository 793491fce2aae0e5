#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(all(test, loom))]
extern crate std;

pub mod atomic;
pub mod futex;
#[cfg(all(test, loom))]
mod loom_models;
pub mod mutex;
pub mod note;
pub mod park;
pub mod rank;
