//! `tests/bodies/dumped.rs`, bare.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/dumped.rs"]
mod dumped;

rt::entry!(main);

fn main() {
    let (count, text) = dumped::run();
    rt::println!("count {count}\n\n{text}");
}
