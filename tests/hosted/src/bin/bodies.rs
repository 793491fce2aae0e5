//! `bodies [WORDS]`: the bodies that hosted and bare programs share, or those with WORDS in their
//! names, one after the other, at 1, 2 and 4 Ps: without the test harness, whose own threads would
//! be in a sanitizer's way.

extern crate alloc;

use ::rt;
use hosted::run;

#[path = "../../../bodies/net/std_io.rs"]
mod io;
#[path = "../../../bodies/net/mod.rs"]
mod net;
#[path = "../../../bodies/order.rs"]
mod order;
#[path = "../../../bodies/progress.rs"]
mod progress;
#[path = "../../../bodies/stops.rs"]
mod stops;
#[path = "../../../bodies/sync/mod.rs"]
mod sync;
#[path = "../../../bodies/time.rs"]
mod time;
#[path = "../../../bodies/turns.rs"]
mod turns;

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
    progress::ALL,
    turns::ALL,
    stops::ALL,
    time::ALL,
    net::deadline::ALL,
    net::close::ALL,
    net::ready::ALL,
    net::tcp::ALL,
    net::udp::ALL,
    net::unix::ALL,
    net::stress::ALL,
];

fn main() {
    run(rt::signal::dump_on_quit);
    let words = std::env::args().nth(1).unwrap_or_default();
    for procs in [1, 2, 4] {
        rt_procs(procs);
        for (name, body) in ALL.iter().copied().flatten().filter(|one| one.0.contains(&words)) {
            println!("{name} on {procs} Ps");
            run(body);
        }
    }
}

fn rt_procs(procs: usize) {
    run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
}
