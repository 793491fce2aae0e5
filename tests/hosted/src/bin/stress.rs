//! `stress [SECONDS] [SEED]`: `tests/bodies/stress.rs` in a std program. Exit 1 when somebody is
//! lost.

extern crate alloc;

use std::process::ExitCode;

use ::rt;

#[path = "../../../bodies/stress.rs"]
mod stress;
#[path = "../../../programs/src/wait.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is public in bare programs, which use all of it")]
mod wait;

fn main() -> ExitCode {
    let number = |at| std::env::args().nth(at).and_then(|text| text.parse().ok());
    let seconds = number(1).unwrap_or(10);
    let seed = number(2).unwrap_or_else(rt_os::sys::clock::nanotime);
    println!("stress {seconds} s, seed {seed}");
    match hosted::run(move || stress::run(seconds, seed, None)) {
        Ok(text) => print!("{text}"),
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
