//! `traced NAME`: a program of `tests/bodies/traced.rs` in a std program. It prints its trace.

extern crate alloc;

use ::rt;

#[path = "../../../bodies/traced.rs"]
mod traced;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let body = traced::ALL.iter().find(|(known, _)| *known == name);
    let (_, body) = body.unwrap_or_else(|| panic!("no program {name:?}"));
    let traced::Traced { trace, before, after } = hosted::run(body);
    print!("{}", trace.perfetto());
    let counts = trace.counts();
    let created = after.goroutines_created - before.goroutines_created;
    let taken = after.taken_blocked + after.taken_busy - before.taken_blocked - before.taken_busy;
    eprintln!("{} {} {} {created} {taken}", counts.created, counts.ended, counts.taken);
}
