//! What is counted of waiting, whoever waits.

use core::sync::atomic::{AtomicU64, Ordering};

static MUTEX_WAIT_NS: AtomicU64 = AtomicU64::new(0);

/// Somebody has waited so long for a mutex, asleep, in ns.
pub fn mutex_waited(ns: u64) {
    MUTEX_WAIT_NS.fetch_add(ns, Ordering::Relaxed);
}

/// How long all have waited for mutexes together, in ns.
#[must_use]
pub fn mutex_wait_ns() -> u64 {
    MUTEX_WAIT_NS.load(Ordering::Relaxed)
}
