//! For debuggers: goroutines that wait.

use ::rt;

#[path = "../../../bodies/waits.rs"]
mod waits;

fn main() {
    println!("sum {}", hosted::run(waits::wait_beside_others));
}
