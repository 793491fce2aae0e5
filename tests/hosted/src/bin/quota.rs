//! `quota [CPUS]`: `tests/bodies/quota.rs` in a std program, with so many CPUs from the start.

extern crate alloc;

use ::rt;
use hosted::os;

#[path = "../../../bodies/pretend.rs"]
mod pretend;
#[path = "../../../bodies/quota.rs"]
mod quota;

fn main() {
    if let Some(count) = std::env::args().nth(1) {
        assert!(pretend::cpus(count.parse().expect("a number")));
    }
    hosted::run(quota::obey);
}
