//! `tree N`: N goroutines that start each other as a binary tree.

use rt_main::{eprintln, println, runtime, thread};

use super::{Outcome, number};

pub(crate) fn run(args: impl Iterator<Item = &'static [u8]>) -> Outcome {
    let count = number(args)?;
    let joined = grow(count);
    if joined != count {
        eprintln!("tree: {joined} of {count} goroutines came back");
        return Ok(1);
    }
    println!("{joined} goroutines started and joined on {} Ps", runtime::procs());
    Ok(0)
}

/// Starts a tree of `count` goroutines and returns how many ended.
fn grow(count: u64) -> u64 {
    if count == 0 {
        return 0;
    }
    let node = thread::spawn(move || {
        let left = (count - 1) / 2;
        let right = count - 1 - left;
        // The left half runs beside the right one.
        let left = (left > 0).then(|| thread::spawn(move || grow(left)));
        let right = grow(right);
        1 + right + left.map_or(0, |left| left.join().unwrap_or(0))
    });
    node.join().unwrap_or(0)
}
