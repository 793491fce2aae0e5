//! For debuggers: goroutines that wait.
#![no_std]
#![no_main]

use rt_main as rt;

#[path = "../../../bodies/waits.rs"]
mod waits;

rt::entry!(main);

fn main() {
    rt::println!("sum {}", waits::wait_beside_others());
}
