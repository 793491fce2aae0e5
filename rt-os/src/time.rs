//! Points in time. std: `std::time::Instant`.

use core::ops::Add;
use core::time::Duration;

use crate::sys::clock::nanotime;

/// A reading of the monotonic clock. std: `std::time::Instant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    ns: u64, // of CLOCK_MONOTONIC
}

impl Instant {
    /// The instant at so many ns of the monotonic clock.
    #[must_use]
    pub const fn at_ns(ns: u64) -> Instant {
        Instant { ns }
    }

    /// When it is, in ns of the monotonic clock.
    #[must_use]
    pub const fn ns(&self) -> u64 {
        self.ns
    }

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

#[cfg(test)]
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
        assert_eq!(Instant::at_ns(7).ns(), 7);
    }
}
