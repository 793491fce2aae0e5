//! Ports of Go's tests on goroutines of a std program, at 1, 2 and 4 Ps. Bare programs run the same
//! bodies, but those that unwind; plain threads run them in rt-sync, but those of goroutines.

extern crate alloc;

use ::rt;

#[macro_use]
#[path = "common/bodies.rs"]
mod bodies;
mod common;
#[path = "../../tests/bodies/order.rs"]
mod order;
#[path = "../../tests/bodies/progress.rs"]
mod progress;
#[path = "../../tests/bodies/stops.rs"]
mod stops;
#[path = "../../tests/bodies/sync/mod.rs"]
mod sync;
#[path = "../../tests/bodies/time.rs"]
mod time;
#[path = "../../tests/bodies/turns.rs"]
mod turns;
#[path = "../../tests/bodies/unwind.rs"]
mod unwind;

tests! {
    chan: sync::chan::ALL;
    select: sync::select::ALL;
    mutex: sync::mutex::ALL;
    rwlock: sync::rwlock::ALL;
    condvar: sync::condvar::ALL;
    once: sync::once::ALL;
    mpsc: sync::mpsc::ALL;
    semaphore: sync::semaphore::ALL;
    wait_group: sync::wait_group::ALL;
    scope: sync::scope::ALL;
    time_and_timers: time::ALL;
    order_of_goroutines: order::ALL;
    nothing_blocks_the_others: progress::ALL;
    everybody_gets_a_turn: turns::ALL;
    the_world_stops: stops::ALL;
    unwinding: unwind::ALL;
}
