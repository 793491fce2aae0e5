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
        instant.ns
    }

    fn instant_at(ns: u64) -> Instant {
        Instant { ns }
    }
}

/// A reading of the monotonic clock. std: `std::time::Instant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    ns: u64, // of CLOCK_MONOTONIC
}

impl Instant {
    /// The present.
    #[must_use]
    pub fn now() -> Instant {
        Instant { ns: nanotime() }
    }

    /// How long it is ago; zero when it is to come.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// The time from `earlier` to here; zero when that is later.
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.ns.saturating_sub(earlier.ns))
    }

    /// The time from `earlier` to here; `None` when that is later.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.ns.checked_sub(earlier.ns).map(Duration::from_nanos)
    }

    /// As [`Instant::duration_since`].
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }

    /// So much later, if there is such an instant.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        let ns = u64::try_from(duration.as_nanos()).ok()?;
        self.ns.checked_add(ns).map(|ns| Instant { ns })
    }

    /// So much earlier, if there is such an instant.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        let ns = u64::try_from(duration.as_nanos()).ok()?;
        self.ns.checked_sub(ns).map(|ns| Instant { ns })
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    /// # Panics
    /// When there is no such instant, as std does.
    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration).expect("overflow when adding duration to instant")
    }
}

impl core::ops::Sub<Duration> for Instant {
    type Output = Instant;
    /// # Panics
    /// When there is no such instant, as std does.
    fn sub(self, duration: Duration) -> Instant {
        self.checked_sub(duration).expect("overflow when subtracting duration from instant")
    }
}

impl core::ops::Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
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
    fn instants_count() {
        let now = Instant::now();
        let later = now + Duration::from_millis(5);
        assert_eq!(later - now, Duration::from_millis(5));
        assert_eq!(now - later, Duration::ZERO);
        assert_eq!(now.checked_duration_since(later), None);
        assert_eq!(later - Duration::from_millis(5), now);
        assert_eq!(now.checked_add(Duration::MAX), None);
        assert!(now.elapsed() < Duration::from_secs(60));
        assert_eq!(deadline_after(Duration::MAX), NEVER);
    }
}
