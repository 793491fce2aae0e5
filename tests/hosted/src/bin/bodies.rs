//! The bodies that hosted and bare programs share, one after the other, at 1, 2 and 4 Ps: without
//! the test harness, whose own threads would be in a sanitizer's way.

extern crate alloc;

use ::rt;
use hosted::run;

#[path = "../../../bodies/order.rs"]
mod order;
#[path = "../../../bodies/sync/mod.rs"]
mod sync;
#[path = "../../../bodies/time.rs"]
mod time;

type Body = (&'static str, fn());

/// Each file's.
const ALL: &[&[Body]] = &[
    sync::chan::ALL,
    sync::select::ALL,
    sync::mutex::ALL,
    sync::rwlock::ALL,
    sync::condvar::ALL,
    sync::once::ALL,
    sync::mpsc::ALL,
    sync::semaphore::ALL,
    sync::wait_group::ALL,
    sync::scope::ALL,
    order::ALL,
    time::ALL,
];

fn main() {
    for procs in [1, 2, 4] {
        rt_procs(procs);
        for (name, body) in ALL.iter().copied().flatten() {
            println!("{name} on {procs} Ps");
            run(body);
        }
    }
}

fn rt_procs(procs: usize) {
    run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
}
