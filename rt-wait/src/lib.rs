#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

pub mod atomic;
pub mod futex;
pub mod mutex;
pub mod note;
pub mod park;
pub mod rank;
