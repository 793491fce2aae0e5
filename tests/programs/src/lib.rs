//! What the bare test programs share.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

pub mod os;
pub mod proc;
pub mod select;
pub mod wait;
pub mod workload;
