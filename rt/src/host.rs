//! std's answers to what rt-sync asks.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rt_os::sys::clock::nanotime;
use rt_sync::host::Host;

/// The host of std programs.
#[derive(Clone, Copy, Debug)]
pub enum StdHost {}

/// One moment on both clocks, which are the same to the kernel.
fn moment() -> (Instant, u64) {
    static MOMENT: OnceLock<(Instant, u64)> = OnceLock::new();
    *MOMENT.get_or_init(|| (Instant::now(), nanotime()))
}

impl Host for StdHost {
    type Instant = Instant;

    fn panicking() -> bool {
        std::thread::panicking()
    }

    fn ns_of(instant: Instant) -> u64 {
        // The ns were read after the instant: a deadline comes late by that, never early.
        let (then, ns) = moment();
        match instant.checked_duration_since(then) {
            Some(later) => ns.saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)),
            None => {
                let earlier = u64::try_from((then - instant).as_nanos()).unwrap_or(u64::MAX);
                ns.saturating_sub(earlier)
            }
        }
    }

    fn instant_at(ns: u64) -> Instant {
        let (then, then_ns) = moment();
        match ns.checked_sub(then_ns) {
            Some(later) => then.checked_add(Duration::from_nanos(later)).unwrap_or(then),
            None => then.checked_sub(Duration::from_nanos(then_ns - ns)).unwrap_or(then),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_tell_the_same() {
        let base = Instant::now();
        for offset_ms in [0u64, 1, 1000, 1 << 40] {
            let instant = base + Duration::from_millis(offset_ms);
            assert_eq!(StdHost::instant_at(StdHost::ns_of(instant)), instant);
        }
        let before = nanotime();
        let now = StdHost::ns_of(Instant::now());
        assert!(now >= before, "a deadline is never early");
        assert!(now - nanotime().min(now) < 1_000_000_000);
    }
}
