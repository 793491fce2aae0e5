//! `crowd TEST`: `tests/bodies/crowd.rs` in a bare program.
#![no_std]
#![no_main]

extern crate alloc;

use programs::{os, select};
use rt_main as rt;

#[path = "../../../bodies/crowd.rs"]
mod crowd;

rt::entry!(main);

fn main() -> i32 {
    select::run(crowd::ALL)
}
