//! What the bare test programs share.
#![no_std]
#![deny(unsafe_code)]

pub mod proc;
pub mod select;
pub mod wait;
