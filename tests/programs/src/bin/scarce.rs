//! `scarce TEST`: `tests/bodies/scarce.rs` in a bare program.
#![no_std]
#![no_main]

extern crate alloc;

use programs::{os, select};
use rt_main as rt;

#[path = "../../../bodies/scarce.rs"]
mod scarce;

rt::entry!(main);

fn main() -> i32 {
    select::run(scarce::ALL)
}
