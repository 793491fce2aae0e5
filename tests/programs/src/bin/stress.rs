//! `stress [SECONDS] [SEED]`: `tests/bodies/stress.rs`, bare. Exit 1 when somebody is lost.
#![no_std]
#![no_main]

extern crate alloc;

use programs::{select, wait};
use rt_main as rt;
use rt_main::{eprintln, print, println, runtime};

#[path = "../../../bodies/stress.rs"]
mod stress;

rt_main::entry!(main);

fn main() -> i32 {
    let seconds: u64 = select::number(1, 10);
    let seed: u64 = select::number(2, runtime::nanotime());
    println!("stress {seconds} s, seed {seed}, {} Ps", runtime::procs());
    match stress::run(seconds, seed, Some(runtime::goexit)) {
        Ok(text) => print!("{text}"),
        Err(text) => {
            eprintln!("{text}");
            return 1;
        }
    }
    0
}
