//! Since when goroutines wait. Go: `g.waitsince`, which its collector sets.
//!
//! To read the clock whenever one parks would cost as much as the parking. So a goroutine that
//! parks forgets its stamp, and sysmon stamps those that wait without one: every 10 s, and before
//! it sleeps. A stamp is late by as much as that.
//!
//! ```text
//!              prepare: by the goroutine itself, each time
//!   UNKNOWN <------------------------------------------- since (s of the monotonic clock)
//!           --------------------------------------------->
//!              a sweep that sees it wait
//! ```
//!
//! A sweep may look at one wait and stamp the next: then the stamp is early, by what the sweep
//! takes.

use core::sync::atomic::{AtomicU32, Ordering};

use rt_os::sys::clock::nanotime;

use crate::g::{G, Status};
use crate::sched::Sched;

const UNKNOWN: u32 = 0;
const NS_PER_S: u64 = 1_000_000_000;
/// From sweep to sweep, at least, in ns, while sysmon is awake.
const EVERY_NS: u64 = 10 * NS_PER_S;
/// Of the time sweeps take one part in so many: a million goroutines take some 100 ms.
const SHARE: u64 = 100;

/// The stamp, in a goroutine. It guards nothing: each access is Relaxed and pairs with none.
#[derive(Debug)]
pub(crate) struct Since(AtomicU32);

impl Since {
    pub(crate) const fn unknown() -> Since {
        Since(AtomicU32::new(UNKNOWN))
    }

    /// By the goroutine, as it begins to wait.
    #[inline(always)]
    pub(crate) fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Relaxed);
    }

    /// By sysmon.
    fn stamp(&self, now_ns: u64) {
        if self.0.load(Ordering::Relaxed) == UNKNOWN {
            let now_s = u32::try_from(now_ns / NS_PER_S).unwrap_or(u32::MAX);
            self.0.store(now_s.max(UNKNOWN + 1), Ordering::Relaxed);
        }
    }

    /// How many whole minutes ago; 0 when it is not known.
    fn minutes(&self, now_ns: u64) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => 0,
            since_s => (now_ns / NS_PER_S).saturating_sub(since_s.into()) / 60,
        }
    }
}

impl G {
    /// For how many minutes it waits: a glimpse. 0 when it does not.
    pub(crate) fn waits_minutes(&self) -> u64 {
        if self.status() == Status::Waiting { self.since.minutes(nanotime()) } else { 0 }
    }
}

/// When to sweep. sysmon's own.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    /// When the last one ended, and how long it took.
    ended_ns: u64,
    took_ns: u64,
}

impl Sweeps {
    /// While sysmon is awake: sweeps if it is time to.
    pub(crate) fn look(&mut self, sched: &Sched, now_ns: u64) {
        if now_ns >= self.next_ns().max(self.ended_ns + EVERY_NS) {
            self.sweep(sched, now_ns);
        }
    }

    /// Before sysmon sleeps: sweeps if it may. `false`: so soon after the last it may not.
    #[must_use = "goroutines are not stamped"]
    pub(crate) fn before_sleep(&mut self, sched: &Sched, now_ns: u64) -> bool {
        let may = now_ns >= self.next_ns();
        if may {
            self.sweep(sched, now_ns);
        }
        may
    }

    /// Not before this, whatever the reason.
    pub(crate) fn next_ns(&self) -> u64 {
        self.ended_ns + self.took_ns * SHARE
    }

    fn sweep(&mut self, sched: &Sched, now_ns: u64) {
        sched.for_each_g(&mut |g| {
            if g.status() == Status::Waiting {
                g.since.stamp(now_ns);
            }
        });
        self.ended_ns = nanotime().max(now_ns);
        self.took_ns = self.ended_ns - now_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::Config;
    use crate::testing::Lab;

    #[test]
    fn whole_minutes_count() {
        let since = Since::unknown();
        assert_eq!(since.minutes(u64::MAX), 0);
        since.stamp(100 * NS_PER_S);
        for (now_s, minutes) in [(0, 0), (100, 0), (159, 0), (160, 1), (100 + 3 * 60, 3)] {
            assert_eq!(since.minutes(now_s * NS_PER_S), minutes, "{now_s}");
        }
        since.stamp(1000 * NS_PER_S);
        assert_eq!(since.minutes(160 * NS_PER_S), 1, "the first stamp stays");
        since.forget();
        assert_eq!(since.minutes(160 * NS_PER_S), 0);
        since.stamp(0);
        assert_eq!(since.minutes(61 * NS_PER_S), 1, "even a boot is a moment");
    }

    #[test]
    fn a_sweep_stamps_those_that_wait() {
        let mut lab = Lab::new(Config::default());
        let [waits, runs, ended] =
            [Status::Waiting, Status::Running, Status::Dead].map(|status| lab.on_stack(status));
        let now_ns = nanotime();
        let mut sweeps = Sweeps::default();
        assert!(sweeps.before_sleep(lab.sched(), now_ns));
        let later_ns = now_ns + 121 * NS_PER_S;
        let minutes = [waits, runs, ended].map(|g| g.since.minutes(later_ns));
        assert_eq!(minutes, [2, 0, 0]);
        // What waits anew is not known of until the next sweep.
        waits.since.forget();
        sweeps.look(lab.sched(), sweeps.ended_ns + EVERY_NS - 1);
        assert_eq!(waits.since.minutes(later_ns), 0);
        sweeps.look(lab.sched(), sweeps.ended_ns + EVERY_NS + sweeps.took_ns * SHARE);
        assert!(waits.since.minutes(later_ns) >= 1);
    }

    #[test]
    fn sweeps_that_take_long_are_rare() {
        let lab = Lab::new(Config::default());
        let (ended_ns, took_ns) = (1_000_000_000, 200_000_000); // a million goroutines
        let mut sweeps = Sweeps { ended_ns, took_ns };
        assert!(!sweeps.before_sleep(lab.sched(), ended_ns + 19_999_999_999));
        sweeps.look(lab.sched(), ended_ns + 19_999_999_999);
        assert_eq!(sweeps.took_ns, took_ns, "it has not swept");
        assert!(sweeps.before_sleep(lab.sched(), ended_ns + 20_000_000_000));
    }
}
