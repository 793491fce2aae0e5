//! `tests/bodies/watched.rs` in a std program.

extern crate alloc;

use ::rt;

#[path = "../../../bodies/watched.rs"]
mod watched;

fn main() {
    hosted::run(watched::run);
}
