//! `locked TEST`: `tests/bodies/locked.rs` in a bare program.
#![no_std]
#![no_main]

extern crate alloc;

use programs::{os, select};
use rt_main as rt;

#[path = "../../../bodies/locked.rs"]
mod locked;

rt::entry!(main);

fn main() -> i32 {
    select::run(locked::ALL)
}
