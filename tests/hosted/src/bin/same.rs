//! `tests/bodies/same.rs` in a std program.
//!
//! # Safety
//! - **contract**: no program here keeps a thread-local over a call that parks.
#![allow(unsafe_code, reason = "**contract**: starts the runtime")]

use ::rt;

#[path = "../../../bodies/same.rs"]
mod same;

fn main() {
    assert_eq!(hosted::first_argument(), "threads");
    // SAFETY: **contract**.
    unsafe { rt::start(rt::Config { max_threads: 10, ..rt::Config::default() }) };
    hosted::run(same::threads);
}
