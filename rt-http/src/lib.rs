#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod access;
pub mod body;
pub mod conditional;
pub mod content_type;
pub mod date;
pub mod escape;
pub mod head;
pub mod listing;
pub mod path;
pub mod range;
pub mod request;
pub mod response;
pub mod status;
