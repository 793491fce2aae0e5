//! `crowd TEST`: `tests/bodies/crowd.rs` in a std program.

extern crate alloc;

use ::rt;
use hosted::os;

#[path = "../../../bodies/crowd.rs"]
mod crowd;

fn main() {
    hosted::select(crowd::ALL);
}
