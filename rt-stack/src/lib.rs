#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]
#![cfg(not(loom))]

pub mod bounds;
mod error;
pub mod g0;
mod guard;
mod list;
pub mod pool;
mod slab;
pub mod system;
mod table;
mod trim;
mod watermark;
