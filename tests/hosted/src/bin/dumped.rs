//! `tests/bodies/dumped.rs` in a std program.

extern crate alloc;

use ::rt;

#[path = "../../../bodies/dumped.rs"]
mod dumped;

fn main() {
    hosted::run(|| {
        let (count, text) = dumped::run();
        println!("count {count}\n\n{text}");
    });
}
