//! Plain threads, and std's answers, under the names that programs with goroutines use.
#![allow(dead_code, reason = "not every test file uses all of it")]

pub(crate) use std::{thread, time};

use rt_sync::host::Host;
use time::Instant;

/// The host of a program with std.
pub(crate) enum Std {}

impl Host for Std {
    type Instant = Instant;

    fn panicking() -> bool {
        thread::panicking()
    }

    fn ns_of(instant: Instant) -> u64 {
        let ahead = instant.saturating_duration_since(Instant::now());
        let now = rt_sync::host::Instant::now();
        rt_sync::host::NoStd::ns_of(now.checked_add(ahead).expect("a near instant"))
    }

    fn instant_at(ns: u64) -> Instant {
        let at = rt_sync::host::NoStd::instant_at(ns);
        let now = rt_sync::host::Instant::now();
        Instant::now() + at.saturating_duration_since(now) - now.saturating_duration_since(at)
    }
}

pub(crate) mod sync {
    rt_sync::sync_names!(crate::threads::Std);
}

pub(crate) mod chan {
    rt_sync::chan_names!(crate::threads::Std);
}
