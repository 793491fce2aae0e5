//! A lock that its owner may take again. std: `ReentrantLock`, which is not stable.
//!
//! # Safety
//! - **owner**: `guard` and `depth` are touched by who has the lock only, and only one has.
#![allow(unsafe_code, reason = "**owner**: cells that one touches")]

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::thread::current_number;

/// Nobody has this number.
const NOBODY: u64 = 0;

/// The lock: a goroutine's, or a plain thread's.
pub(super) struct Owned {
    lock: Mutex<()>,
    /// Whose it is. Written by who has `lock`; whoever reads its own number there wrote it itself.
    owner: AtomicU64,
    guard: Cell<Option<MutexGuard<'static, ()>>>,
    depth: Cell<u32>,
}

// SAFETY: **owner**. A guard goes with its goroutine, whichever thread that is on.
unsafe impl Sync for Owned {}
impl UnwindSafe for Owned {}
impl RefUnwindSafe for Owned {}

/// It is held. Its owner lets it go.
pub(super) struct Held<'a> {
    owned: &'static Owned,
    /// Not `Send`: another would not be its owner.
    _guard: PhantomData<MutexGuard<'a, ()>>,
}

impl Owned {
    pub(super) const fn new() -> Owned {
        Owned {
            lock: Mutex::new(()),
            owner: AtomicU64::new(NOBODY),
            guard: Cell::new(None),
            depth: Cell::new(0),
        }
    }

    /// Waits until it is the caller's.
    ///
    /// # Panics
    /// When it is taken 2^32 times.
    pub(super) fn lock(&'static self) -> Held<'static> {
        let me = current_number();
        if self.owner.load(Ordering::Relaxed) != me {
            let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.owner.store(me, Ordering::Relaxed);
            self.guard.set(Some(guard)); // **owner**
        }
        let depth = self.depth.get().checked_add(1).expect("the lock is taken too often");
        self.depth.set(depth);
        Held { owned: self, _guard: PhantomData }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let owned = self.owned;
        owned.depth.set(owned.depth.get() - 1);
        if owned.depth.get() == 0 {
            let guard = owned.guard.take();
            owned.owner.store(NOBODY, Ordering::Relaxed); // before the lock is free
            drop(guard);
        }
    }
}
