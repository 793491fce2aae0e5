//! What the locks and channels must ask the world around them: is this a panic, what is a point in
//! time. std answers in hosted programs; where there is no std, [`NoStd`] does.
//!
//! Each public type has the host as its last parameter: `rt::sync::Mutex<T>` is
//! `Mutex<T, rt's host>`. So the same code has std's signatures in hosted programs and none of std
//! in bare ones.

use core::fmt::Debug;
use core::ops::Add;
use core::time::Duration;

use rt_os::sys::clock::nanotime;
pub use rt_os::time::Instant;

/// No deadline, in ns of the monotonic clock.
pub(crate) const NEVER: u64 = u64::MAX;

/// A host. A type without values.
pub trait Host: 'static {
    /// A point in time, as the program writes it.
    type Instant: Copy + Ord + Debug + Send + Sync + Add<Duration, Output = Self::Instant>;

    /// Does the calling goroutine or thread unwind just now? A lock given back then is poisoned.
    fn panicking() -> bool;

    /// When an instant comes, in ns of the monotonic clock, never too early.
    fn ns_of(instant: Self::Instant) -> u64;

    /// The instant at so many ns of the monotonic clock.
    fn instant_at(ns: u64) -> Self::Instant;
}

/// The host of programs without std: nothing unwinds, time is [`Instant`].
#[derive(Clone, Copy, Debug)]
pub enum NoStd {}

impl Host for NoStd {
    type Instant = Instant;

    fn panicking() -> bool {
        false
    }

    fn ns_of(instant: Instant) -> u64 {
        instant.ns()
    }

    fn instant_at(ns: u64) -> Instant {
        Instant::at_ns(ns)
    }
}

/// The deadline after `duration` from now; [`NEVER`] when it lies beyond the clock.
pub(crate) fn deadline_after(duration: Duration) -> u64 {
    let ns = u64::try_from(duration.as_nanos()).unwrap_or(NEVER);
    nanotime().saturating_add(ns)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn deadlines_end_with_the_clock() {
        assert_eq!(deadline_after(Duration::MAX), NEVER);
        assert!(deadline_after(Duration::ZERO) <= nanotime());
    }
}
