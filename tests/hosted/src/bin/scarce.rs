//! `scarce TEST`: `tests/bodies/scarce.rs` in a std program.

extern crate alloc;

use ::rt;
use hosted::os;

#[path = "../../../bodies/scarce.rs"]
mod scarce;

fn main() {
    os::keep_room_in_the_heap();
    hosted::select(scarce::ALL);
}
