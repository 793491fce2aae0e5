//! `signals WAY`: `tests/bodies/signals.rs`, bare, and what only bare programs do.
#![no_std]
#![no_main]

extern crate alloc;

use programs::select;
use rt_main as rt;
use rt_main::chan::bounded;
use rt_main::fs;
use rt_main::signal::{self, Signal};
use rt_main::{Errno, eprintln};

#[path = "../../../bodies/signals.rs"]
mod signals;

rt::entry!(main);

fn say(text: &str) {
    rt::println!("{text}");
}

/// Sends the signal of the second argument to itself, and waits for the end. Go:
/// `TestSignalExitStatus`.
fn sends() {
    let number = select::number(2, 0);
    rt_os::sys::thread::kill_self(number).expect("there is such a signal");
    rt::thread::sleep(rt::time::Duration::from_secs(10));
}

/// Writes to the descriptor of the second argument, which nobody reads. Go: `TestStdPipe`.
fn writes() {
    assert_eq!(fs::write(select::number(2, 1), b"text\n"), Err(Errno::EPIPE));
    eprintln!("EPIPE");
}

fn writes_asked() {
    let (sender, pipes) = bounded(1);
    signal::notify(&sender, &[Signal::PIPE]);
    writes();
    assert_eq!(pipes.recv(), Ok(Signal::PIPE));
}

fn writes_ignored() {
    signal::ignore(&[Signal::PIPE]);
    writes();
}

fn main() -> i32 {
    let mut list = alloc::vec::Vec::from(signals::ALL);
    list.extend([
        ("sends", sends as fn()),
        ("writes", writes),
        ("writes-asked", writes_asked),
        ("writes-ignored", writes_ignored),
    ]);
    select::run(&list)
}
