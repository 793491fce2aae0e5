#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

pub mod args;
pub mod cgroup;
pub mod errno;
pub mod init;
pub mod parse;
pub mod print;
pub mod random;
pub mod signal;
pub mod sys;
pub mod throw;
pub mod time;
