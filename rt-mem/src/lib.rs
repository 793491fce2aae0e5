#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(not(loom))]
mod arena;
#[cfg(not(loom))]
pub mod global;
#[cfg(not(loom))]
pub mod heap;
#[cfg(not(loom))]
mod huge;
#[cfg(not(loom))]
pub mod local;
#[cfg(not(loom))]
mod page_bits;
#[cfg(not(loom))]
pub mod page_heap;
#[cfg_attr(loom, allow(dead_code, reason = "only the model uses it"))]
mod remote;
#[cfg(not(loom))]
mod ring;
#[cfg(not(loom))]
pub mod size_class;
#[cfg(not(loom))]
pub mod source;
#[cfg(not(loom))]
mod span;
