//! Goroutines as a world for rt-sync's test bodies.

use std::time::Duration;

use super::spawn::{Joins, Spawner};

/// Goroutines.
#[derive(Clone, Copy)]
pub(crate) struct Goroutines;

impl Spawner for Goroutines {
    fn spawn(self, f: impl FnOnce() + Send + 'static) -> impl Joins {
        rt::thread::spawn(f)
    }

    fn yield_now(self) {
        rt::thread::yield_now();
    }

    fn sleep_ms(self, ms: u64) {
        rt::thread::sleep(Duration::from_millis(ms));
    }
}

impl Joins for rt::thread::JoinHandle<()> {
    fn join(self) {
        if let Err(panic) = rt::thread::JoinHandle::join(self) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Runs a body in a goroutine at 1, 2 and 4 Ps, one body of the process at a time.
pub(crate) fn at_each_number_of_procs(body: impl Fn(usize) + Sync) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for procs in [1, 2, 4] {
        unchecked::run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
        unchecked::run(|| body(procs));
    }
}

mod unchecked {
    //! # Safety
    //! - **contract**: no body keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(super) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }
}

/// Makes tests of bodies, which are told the number of Ps.
macro_rules! on_goroutines {
    ($($name:ident: $body:expr;)*) => {
        $(#[test]
        fn $name() {
            let body: fn(usize) = $body;
            $crate::goroutines::at_each_number_of_procs(body);
        })*
    };
}
pub(crate) use on_goroutines;
