//! Goroutines under std's names. std: `std::thread`.

mod handle;

pub use handle::{JoinHandle, spawn};

/// Lets other goroutines run. On a plain thread, other threads. Go: `runtime.Gosched`.
#[inline]
pub fn yield_now() {
    crate::ground::before_yield();
    rt_sched::schedule::gosched();
}

/// Sleeps for at least `duration`.
pub fn sleep(duration: std::time::Duration) {
    crate::ground::before_yield();
    rt_sched::sleep::sleep_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}
