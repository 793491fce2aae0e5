//! `tests/bodies/reasons.rs`, bare.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/reasons.rs"]
mod reasons;

rt::entry!(main);

fn main() {
    rt::println!("{}", reasons::run());
}
