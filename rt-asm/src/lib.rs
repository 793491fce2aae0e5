#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

pub mod cpu;
pub mod entry;
pub mod mem;
pub mod registers;
pub mod signal;
pub mod switch;
pub mod syscall;
pub mod thread;
pub mod tls;
pub mod valgrind;
