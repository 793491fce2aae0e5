//! Tasks that do not give way, beside one that sleeps: for peers whose tasks are written as threads
//! are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::kernel::compute_until;
use crate::late::{Late, NAP};
use crate::peer::Blocks;

/// A peer's tasks.
pub trait Tasks {
    /// A task's handle.
    type Handle;

    /// Starts one.
    fn spawn(work: impl FnOnce() + Send + 'static) -> Self::Handle;

    /// Waits until it has ended.
    fn join(handle: Self::Handle);

    /// The running task sleeps.
    fn sleep(time: Duration);
}

/// So many that compute for so long; how much too long the other slept.
pub fn hogs<T: Tasks>(count: usize, duration: Duration) -> Vec<Duration> {
    let late = Late::new();
    let napping = start_napping::<T>(&late);
    T::sleep(20 * NAP);
    late.begin();
    T::sleep(3 * NAP);
    let end = Instant::now() + duration;
    join_all::<T>((0..count).map(|_| T::spawn(move || compute_until(end))).collect());
    late.end();
    T::join(napping);
    late.delays()
}

/// So many that `block` their threads.
pub fn blocked<T: Tasks>(count: usize, block: impl Fn() + Copy + Send + 'static) -> Blocks {
    let late = Late::new();
    late.begin();
    let napping = start_napping::<T>(&late);
    T::sleep(10 * NAP);
    let start = Instant::now();
    join_all::<T>((0..count).map(|_| T::spawn(block)).collect());
    let wall = start.elapsed();
    late.end();
    T::join(napping);
    Blocks { wall, delays: late.delays() }
}

/// Starts the one that sleeps.
fn start_napping<T: Tasks>(late: &Arc<Late>) -> T::Handle {
    let late = Arc::clone(late);
    T::spawn(move || {
        while let Some(nap) = late.nap() {
            T::sleep(NAP);
            late.woke(nap);
        }
    })
}

/// All are started before one is waited for.
fn join_all<T: Tasks>(handles: Vec<T::Handle>) {
    handles.into_iter().for_each(T::join);
}
