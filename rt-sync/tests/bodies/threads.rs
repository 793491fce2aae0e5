//! Plain threads and std's answers: a world for the test bodies.

use std::thread;
use std::time::{Duration, Instant};

use rt_sync::host::Host;

use super::spawn::{Joins, Spawner};

/// Plain threads.
#[derive(Clone, Copy)]
pub(crate) struct Threads;

impl Spawner for Threads {
    fn spawn(self, f: impl FnOnce() + Send + 'static) -> impl Joins {
        thread::spawn(f)
    }

    fn yield_now(self) {
        thread::yield_now();
    }

    fn sleep_ms(self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }
}

impl Joins for thread::JoinHandle<()> {
    fn join(self) {
        if let Err(panic) = thread::JoinHandle::join(self) {
            std::panic::resume_unwind(panic);
        }
    }
}

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
