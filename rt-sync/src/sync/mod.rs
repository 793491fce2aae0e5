//! Locks that park: std's `std::sync`, and what Go's `sync` has beyond it.
//!
//! Every wait of these is a wait of [`rt_wait::park`]: on a goroutine the goroutine parks, on
//! another thread the thread sleeps. Those who wait lie in a queue through their stacks: a wait
//! allocates nothing.

mod barrier;
mod chain;
mod condvar;
mod lazy_lock;
#[cfg(all(test, loom, not(shuttle)))]
mod models;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod poison;
mod rwlock;
mod semaphore;
mod wait_group;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use poison::{LockResult, PoisonError, TryLockError, TryLockResult};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Semaphore, SemaphorePermit};
pub use wait_group::WaitGroup;

/// The locks below the locks: no data, no poisoning. For those who build locks of their own.
pub mod raw {
    pub use super::mutex::RawMutex;
    pub use super::rwlock::RawRwLock;
}
