//! `tests/bodies/stalls.rs`, bare.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/stalls.rs"]
mod stalls;

rt::entry!(main);

fn main() {
    let what = rt::env::args().nth(1).and_then(|what| what.to_str().ok());
    stalls::run(what.unwrap_or(""));
}
