//! The smallest bare program: what a boot costs.
#![no_std]
#![no_main]

rt_main::entry!(main);

fn main() {}
