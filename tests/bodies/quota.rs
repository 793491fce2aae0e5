//! Tells how many Ps there are, and changes what they follow, as it is told on standard input: a
//! line for each order, and a line in answer.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::format;

use rt_os::sys::file;

use crate::rt::runtime;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};
use crate::{os, pretend};

/// How long the number of Ps may take to follow. Go: as long.
const FOLLOWS: Duration = Duration::from_secs(10);

/// Until the input ends.
pub(crate) fn obey() {
    let mut line = [0; 64];
    loop {
        let len = file::read(0, &mut line).expect("the harness gives orders");
        let text = core::str::from_utf8(&line[..len]).expect("orders are text").trim();
        if text.is_empty() {
            return;
        }
        let (order, number) = text.split_once(' ').unwrap_or((text, "0"));
        obey_one(order, number.parse().expect("a number"));
        os::say(&format!("procs {}", runtime::procs()));
    }
}

fn obey_one(order: &str, number: u32) {
    let start = Instant::now();
    match order {
        "procs" => {}
        // So many CPUs.
        "cpus" => assert!(pretend::cpus(number)),
        // Until there are so many Ps, or for long.
        "wait" => {
            while runtime::procs() as u32 != number && start.elapsed() < FOLLOWS {
                thread::sleep(Duration::from_millis(5));
            }
        }
        // So many ms, in which the number of Ps might follow.
        "stay" => thread::sleep(Duration::from_millis(u64::from(number))),
        "set" => drop(runtime::set_procs(number as _).expect("so many Ps")),
        "default" => drop(runtime::set_default_procs().expect("as many Ps as CPUs")),
        other => panic!("no order {other:?}"),
    }
}
