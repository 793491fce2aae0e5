//! Programs too large for loom, in many orders taken at random by shuttle: `cargo xtask simulate`.
//! What a program does is drawn in the run too, so one seed gives the program and its order. A
//! failure prints its schedule and seed; `SHUTTLE_RANDOM_SEED` repeats it.
//!
//! Shuttle orders steps, not memory: weak orderings are loom's to find. It reports a deadlock.

mod chan;
mod locks;

use std::sync::Arc;
use std::vec::Vec;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::{self, JoinHandle};

use crate::wait::shown;

/// So many preemptions go wherever they hurt most, in half of the orders. Burckhardt et al., "A
/// randomized scheduler with probabilistic guarantees of finding bugs", 2010.
const PREEMPTIONS: usize = 3;

/// Runs `program` in so many orders as the environment says in `RT_SIMULATIONS`, of each kind.
fn simulate(program: fn()) {
    let orders = std::env::var("RT_SIMULATIONS").ok().and_then(|orders| orders.parse().ok());
    let orders = orders.unwrap_or(500);
    shuttle::check_random(program, orders);
    shuttle::check_pct(program, orders, PREEMPTIONS);
}

/// A number below `limit`.
fn below(limit: usize) -> usize {
    thread_rng().gen_range(0..limit)
}

/// Time passes: deadlines come at random until the returned thread is told that all is done.
fn clock(done: Arc<shuttle::sync::atomic::AtomicBool>) -> JoinHandle<()> {
    thread::spawn(move || {
        while !done.load(core::sync::atomic::Ordering::SeqCst) {
            if below(4) == 0 {
                shown::strike(below);
            }
            thread::yield_now();
        }
    })
}

/// Starts threads and waits for all; deadlines come meanwhile.
fn all(threads: Vec<JoinHandle<()>>) {
    let done = Arc::new(shuttle::sync::atomic::AtomicBool::new(false));
    let clock = clock(Arc::clone(&done));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    done.store(true, core::sync::atomic::Ordering::SeqCst);
    clock.join().unwrap();
}
