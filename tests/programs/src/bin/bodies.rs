//! The bodies that hosted and bare programs share, one after the other, at 1, 2 and 4 Ps.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/order.rs"]
mod order;
#[path = "../../../bodies/sync/mod.rs"]
mod sync;
#[path = "../../../bodies/time.rs"]
mod time;

rt::entry!(main);

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
        rt::runtime::set_procs(procs).expect("so many Ps");
        for (name, body) in ALL.iter().copied().flatten() {
            rt::println!("{name} on {procs} Ps");
            body();
        }
    }
}
