#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]
#![cfg(not(loom))]

pub mod bounds;
pub mod g0;
mod guard;
pub mod pool;
mod slab;
pub mod system;
