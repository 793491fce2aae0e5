//! The runtime itself: how many goroutines run at once, how many there are.

pub mod trace;

use std::io;

use rt_sched::world::SetProcsError;

use crate::boot::sched;

/// The goroutines, with what they wait for and where they stand: Go's form. The world stands while
/// their stacks are walked, if a goroutine asks. Go: `runtime.Stack(buf, true)`.
#[must_use]
pub fn dump() -> String {
    let mut text = String::new();
    let _infallible = rt_sched::traceback::dump(sched(), &mut text);
    text
}

/// How many goroutines can run at once. Go: `runtime.GOMAXPROCS(0)`.
#[must_use]
pub fn procs() -> usize {
    sched().shared.gomaxprocs() as usize
}

/// Changes how many goroutines can run at once, while they run; returns what it was. Go:
/// `runtime.GOMAXPROCS(n)`.
///
/// # Errors
/// `InvalidInput` for 0 or more than 32 bits; `OutOfMemory`. The number is then what it was.
pub fn set_procs(procs: usize) -> io::Result<usize> {
    let wanted = u32::try_from(procs).map_err(|_| wrong())?;
    change(move || rt_sched::world::set_procs(wanted))
}

/// Sets how many goroutines can run at once to what the machine gives, and has it follow that: the
/// CPUs that the process may use, and the CPU quota of its control groups. So it is from the start,
/// until somebody sets the number. Returns what it was. Go: `runtime.SetDefaultGOMAXPROCS`.
///
/// # Errors
/// As for [`set_procs`].
pub fn set_default_procs() -> io::Result<usize> {
    change(rt_sched::world::set_default_procs)
}

fn change(set: impl Fn() -> Result<u32, SetProcsError> + Send + 'static) -> io::Result<usize> {
    let result = match set() {
        Err(SetProcsError::NotAGoroutine) => {
            crate::thread::spawn(set).join().unwrap_or_else(|p| std::panic::resume_unwind(p))
        }
        result => result,
    };
    match result {
        Ok(old) => Ok(old as usize),
        Err(SetProcsError::NoMemory) => Err(io::ErrorKind::OutOfMemory.into()),
        Err(_) => Err(wrong()),
    }
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "set_procs: not a number of Ps")
}

/// How many goroutines exist. Go: `runtime.NumGoroutine`.
#[must_use]
pub fn num_goroutines() -> usize {
    usize::try_from(sched().num_goroutines()).unwrap_or(usize::MAX)
}

/// How the scheduler does, in numbers. Looks at every goroutine.
#[must_use]
pub fn metrics() -> Metrics {
    sched().metrics()
}

/// The running goroutine's number; 0 where none runs.
#[must_use]
pub fn current_goid() -> u64 {
    rt_sched::current::current_goid()
}

pub use rt_sched::metrics::{Histogram, Metrics};
pub use rt_sched::shrink::shrink_stack;

pub use rt_sched::locked::{lock_os_thread, os_thread_locks, unlock_os_thread};
