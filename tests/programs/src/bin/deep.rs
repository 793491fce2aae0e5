//! For debuggers: a goroutine some calls deep.
#![no_std]
#![no_main]

use core::hint::black_box;

use rt_main::{println, thread};

rt_main::entry!(main);

/// Where the debugger stops.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn stop_here(depth: u32) -> u32 {
    black_box(depth)
}

/// Calls itself until it is `left` deeper.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn descend(left: u32) -> u32 {
    if left == 0 {
        return black_box(stop_here(left)) + left; // not a jump
    }
    let below = descend(left - 1);
    black_box(below + 1) // after the call, so that there is a frame to come back to
}

fn main() {
    let Ok(depth) = thread::spawn(|| descend(3)).join();
    println!("depth {depth}");
}
