//! `locked TEST`: `tests/bodies/locked.rs` in a std program.

extern crate alloc;

use ::rt;
use hosted::os;

#[path = "../../../bodies/locked.rs"]
mod locked;

fn main() {
    hosted::select(locked::ALL);
}
