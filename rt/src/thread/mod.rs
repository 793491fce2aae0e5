//! Goroutines under std's names. std: `std::thread`.
//!
//! All of it is callable from any thread of the process: where no goroutine runs, the thread itself
//! parks, sleeps and joins.

mod builder;
mod current;
mod handle;
mod local;
mod scope;
mod values;

use std::io;
use std::num::NonZero;
use std::time::{Duration, Instant};

use rt_sync::host::Host;

use crate::host::StdHost;

pub use builder::Builder;
pub(crate) use current::current_number;
#[allow(deprecated, reason = "std has it")]
pub use current::park_timeout_ms;
pub use current::{Thread, ThreadId, current, park, park_timeout};
pub use handle::{JoinHandle, spawn};
pub use local::{AccessError, LocalKey};
pub use scope::{Scope, ScopedJoinHandle, scope};
/// What a join gives: the result, or the payload of a panic.
#[doc(inline)]
pub use std::thread::Result;
/// Does the goroutine unwind? While it does, it stays with its thread.
#[doc(inline)]
pub use std::thread::panicking;
#[doc(hidden)]
pub use std::thread_local as __std_thread_local;
pub(crate) use values::end;

/// Lets other goroutines run. On a plain thread, other threads. Go: `runtime.Gosched`.
#[inline]
pub fn yield_now() {
    crate::ground::before_yield();
    rt_sched::gosched::gosched();
}

/// Sleeps for at least `duration`. Zero yields. Go: `time.Sleep`.
pub fn sleep(duration: Duration) {
    crate::ground::before_yield();
    rt_sched::sleep::sleep_ns(current::in_ns(duration));
}

/// As [`sleep`]. std has it too.
#[deprecated(note = "replaced by `rt::thread::sleep`")]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(u64::from(ms)));
}

/// Sleeps until `deadline` at least; not at all when that is over. std has it unstable.
pub fn sleep_until(deadline: Instant) {
    let when_ns = StdHost::ns_of(deadline);
    if when_ns > rt_os::sys::clock::nanotime() {
        crate::ground::before_yield();
        rt_sched::sleep::sleep_until_ns(when_ns);
    }
}

/// How many goroutines can run at once; before the runtime is started, how many threads can.
///
/// # Errors
/// std's, before the start.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    if crate::boot::try_sched().is_none() {
        return std::thread::available_parallelism();
    }
    NonZero::new(crate::runtime::procs()).ok_or_else(|| io::Error::other("there are no Ps"))
}
