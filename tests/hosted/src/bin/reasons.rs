//! `tests/bodies/reasons.rs` in a std program.

extern crate alloc;

use ::rt;

#[path = "../../../bodies/reasons.rs"]
mod reasons;

fn main() {
    println!("{}", hosted::run(reasons::run));
}
