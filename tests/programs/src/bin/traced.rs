//! `traced NAME`: a program of `tests/bodies/traced.rs`, bare. It prints its trace.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;
use rt_main::{env, eprintln, print};

#[path = "../../../bodies/traced.rs"]
mod traced;

rt::entry!(main);

fn main() -> i32 {
    let name = env::args().nth(1).and_then(|name| name.to_str().ok()).unwrap_or("");
    let Some((_, body)) = traced::ALL.iter().find(|(known, _)| *known == name) else {
        eprintln!("no program {name:?}");
        return 3;
    };
    let traced::Traced { trace, before, after } = body();
    print!("{}", trace.perfetto());
    let counts = trace.counts();
    let created = after.goroutines_created - before.goroutines_created;
    let taken = after.taken_blocked + after.taken_busy - before.taken_blocked - before.taken_busy;
    eprintln!("{} {} {} {created} {taken}", counts.created, counts.ended, counts.taken);
    0
}
