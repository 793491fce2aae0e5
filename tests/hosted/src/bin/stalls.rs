//! `tests/bodies/stalls.rs` in a std program, and C code.
//!
//! # Safety
//! - **contract**: no program here keeps a thread-local over a call that parks.
#![allow(unsafe_code, reason = "**contract**: starts the runtime; calls the C library")]

extern crate alloc;

use std::time::Duration;

use ::rt;

#[path = "../../../bodies/stalls.rs"]
mod stalls;

#[inline(never)]
fn calls_c() {
    for _ in 0..100 {
        // SAFETY: it waits for nothing, for 10 ms.
        let _none = unsafe { libc::poll(std::ptr::null_mut(), 0, 10) };
    }
}

fn main() {
    let what = hosted::first_argument();
    if let Some(limit) = std::env::var_os("STALL_REPORT_MS") {
        let ms = limit.to_str().and_then(|ms| ms.parse().ok()).expect("a number");
        let stall_report = Some(Duration::from_millis(ms));
        let config = rt::Config { stall_report, ..rt::Config::default() };
        // SAFETY: **contract**.
        if let Err(error) = unsafe { rt::try_start(config) } {
            println!("refused: {error}");
            return;
        }
    }
    match what.as_str() {
        "c" => hosted::run(|| rt::thread::spawn(calls_c).join().unwrap()),
        _ => hosted::run(|| stalls::run(&what)),
    }
}
