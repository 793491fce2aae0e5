//! `tests/bodies/watched.rs`, bare.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/watched.rs"]
mod watched;

rt::entry!(main);

fn main() {
    watched::run();
}
