//! `quota`: `tests/bodies/quota.rs` in a bare program.
#![no_std]
#![no_main]

extern crate alloc;

use programs::os;
use rt_main as rt;

#[path = "../../../bodies/pretend.rs"]
mod pretend;
#[path = "../../../bodies/quota.rs"]
mod quota;

rt::entry!(main);

fn main() {
    quota::obey();
}
