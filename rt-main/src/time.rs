//! Time: instants, and functions that are called later. std: `std::time`; Go: `time.AfterFunc`.
//!
//! Sleeping is [`crate::thread::sleep`]; a channel that delivers at a time is
//! [`crate::chan::after`] or [`crate::chan::tick`].
//!
//! # Safety
//! - **no thread-locals**: there is nothing of a thread's that a goroutine could keep over a park.
//! - **booted**: user code runs after the boot has filled its statics.
#![allow(unsafe_code, reason = "**no thread-locals**: goroutines are safe here")]

pub use core::time::Duration;

pub use rt_sync::host::Instant;

use rt_sched::after::AfterFunc;

/// A call that is due later. Dropping it lets the call happen. Go: `time.Timer` of `AfterFunc`.
#[derive(Debug)]
pub struct Timer(AfterFunc);

/// Calls `f` in a goroutine of its own once `delay` has passed. Go: `time.AfterFunc`.
pub fn after_func<F>(delay: Duration, f: F) -> Timer
where
    F: Fn() + Send + Sync + 'static,
{
    // SAFETY: **booted**.
    let sched = unsafe { crate::rt0::SCHED.get() };
    // SAFETY: **no thread-locals**.
    Timer(unsafe { AfterFunc::start(sched, in_ns(delay), |call| call(), f) })
}

impl Timer {
    /// Stops it. True: it was running and will not be called for that. False: it was called, or is
    /// about to be, or was stopped before. Go: `Timer.Stop`.
    pub fn stop(&self) -> bool {
        self.0.stop()
    }

    /// Makes the call due `delay` from now, again if it has been made before. True: it was running,
    /// and is not made for the old time. Go: `Timer.Reset`.
    pub fn reset(&self, delay: Duration) -> bool {
        self.0.reset(in_ns(delay))
    }
}

fn in_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
