//! How many goroutines run on without a P, which was taken from their threads.

use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use crate::m::M;

/// Goroutines that run on without a P.
#[derive(Debug)]
pub struct Detached {
    /// How many. For a moment too few, when one is back before it was counted.
    count: AtomicI32,
    /// How many of them compute, as far as sysmon knows.
    busy: AtomicI32,
    /// One has computed beside the others. Never reset.
    ever_busy: AtomicBool,
}

impl Detached {
    pub(crate) fn new() -> Detached {
        Detached {
            count: AtomicI32::new(0),
            busy: AtomicI32::new(0),
            ever_busy: AtomicBool::new(false),
        }
    }

    pub(crate) fn one_more(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// One has come to know.
    pub(crate) fn came_back(&self, mp: &M) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.is_busy_no_more(mp);
    }

    /// sysmon takes the M's P because it computes.
    pub(crate) fn one_busy(&self, mp: &M) {
        mp.computes_alone.store(true, Ordering::Relaxed);
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// The M is back, or its P was not taken after all: either may say so first.
    pub(crate) fn is_busy_no_more(&self, mp: &M) {
        if mp.computes_alone.swap(false, Ordering::Relaxed) {
            self.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many: a glimpse.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed).max(0) as u32
    }

    /// How many of them compute: a glimpse.
    #[must_use]
    pub fn busy(&self) -> u32 {
        self.busy.load(Ordering::Relaxed).max(0) as u32
    }

    pub(crate) fn first_busy(&self) -> bool {
        !self.ever_busy.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn have_been_busy(&self) -> bool {
        self.ever_busy.load(Ordering::Relaxed)
    }
}
