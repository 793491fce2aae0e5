//! Tasks that do not give way: they compute, or block their thread, beside one that sleeps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_common::{Blocks, Late, NAP, compute_until, sleep_in_the_kernel};
use rt::thread::{JoinHandle, sleep, spawn};

use crate::join_all;

/// Starts the one that sleeps.
fn start_napping(late: &Arc<Late>) -> JoinHandle<()> {
    let late = Arc::clone(late);
    spawn(move || {
        while let Some(nap) = late.nap() {
            sleep(NAP);
            late.woke(nap);
        }
    })
}

pub(crate) fn hogs(count: usize, duration: Duration) -> Vec<Duration> {
    let late = Late::new();
    let napping = start_napping(&late);
    sleep(20 * NAP);
    late.begin();
    sleep(3 * NAP);
    let end = Instant::now() + duration;
    join_all((0..count).map(|_| spawn(move || compute_until(end))).collect());
    late.end();
    join_all(vec![napping]);
    late.delays()
}

pub(crate) fn blocked(count: usize, announced: bool) -> Blocks {
    let late = Late::new();
    late.begin();
    let napping = start_napping(&late);
    sleep(10 * NAP);
    let start = Instant::now();
    let block = move || {
        if announced { rt::blocking(sleep_in_the_kernel) } else { sleep_in_the_kernel() }
    };
    join_all((0..count).map(|_| spawn(block)).collect());
    let wall = start.elapsed();
    late.end();
    join_all(vec![napping]);
    Blocks { wall, delays: late.delays() }
}
