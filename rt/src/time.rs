//! Time: std's types, and functions that are called later. std: `std::time`; Go: `time.AfterFunc`.
//!
//! Sleeping is [`crate::thread::sleep`]; a channel that delivers at a time is
//! [`crate::chan::after`] or [`crate::chan::tick`].
//!
//! # Safety
//! - **contract**: whoever started the runtime has promised that goroutines may change threads.
#![allow(unsafe_code, reason = "**contract**: starts goroutines")]

pub use std::time::{Duration, Instant, SystemTime, SystemTimeError, UNIX_EPOCH};

use rt_sched::after::AfterFunc;

use crate::boot::sched;
use crate::go::guarded;

/// A call that is due later. Dropping it lets the call happen. Go: `time.Timer` of `AfterFunc`.
#[derive(Debug)]
pub struct Timer(AfterFunc);

/// Calls `f` in a goroutine of its own once `delay` has passed. Callable from any thread. Go:
/// `time.AfterFunc`.
///
/// ```
/// use rt::time::{Duration, after_func};
/// // SAFETY: nothing here keeps a thread-local.
/// unsafe {
///     rt::run(|| {
///         let (sender, receiver) = rt::chan::bounded(1);
///         let timer = after_func(Duration::from_millis(1), move || sender.send(()).unwrap());
///         receiver.recv().unwrap();
///         assert!(!timer.stop(), "it has been called");
///     })
/// };
/// ```
///
/// # Panics
/// When the runtime is not started.
pub fn after_func<F>(delay: Duration, f: F) -> Timer
where
    F: Fn() + Send + Sync + 'static,
{
    // SAFETY: **contract**.
    Timer(unsafe { AfterFunc::start(sched(), in_ns(delay), |call| drop(guarded(call)), f) })
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
