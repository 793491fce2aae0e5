//! Notes of one task that sleeps 1 ms again and again: by how much too long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long it sleeps.
pub const NAP: Duration = Duration::from_millis(1);

/// What is noted, shared with whoever starts and ends it.
#[derive(Debug, Default)]
pub struct Late {
    notes: AtomicBool,
    is_over: AtomicBool,
    delays: Mutex<Vec<Duration>>,
}

impl Late {
    /// Notes nothing yet.
    pub fn new() -> Arc<Late> {
        Arc::default()
    }

    /// From the next sleep on it is noted.
    pub fn begin(&self) {
        self.notes.store(true, Ordering::Relaxed);
    }

    /// The task shall end.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Asked before each sleep: when it began, and whether it is noted; `None` ends the task.
    pub fn nap(&self) -> Option<(Instant, bool)> {
        let noted = self.notes.load(Ordering::Relaxed);
        (!self.is_over.load(Ordering::Relaxed)).then(|| (Instant::now(), noted))
    }

    /// Told after each sleep.
    pub fn woke(&self, (start, noted): (Instant, bool)) {
        if noted {
            let mut delays = self.delays.lock().expect("no panic");
            delays.push(start.elapsed().saturating_sub(NAP));
        }
    }

    /// The notes, when the task has ended.
    pub fn delays(&self) -> Vec<Duration> {
        std::mem::take(&mut self.delays.lock().expect("no panic"))
    }
}
