//! The runtime itself: how many goroutines run at once, how many there are.

use std::io;

use rt_sched::world::SetProcsError;

use crate::boot::sched;

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
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "set_procs: not a number of Ps");
    let wanted = u32::try_from(procs).map_err(|_| wrong())?;
    let set = move || rt_sched::world::set_procs(wanted);
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

/// How many goroutines exist. Go: `runtime.NumGoroutine`.
#[must_use]
pub fn num_goroutines() -> usize {
    usize::try_from(sched().num_goroutines()).unwrap_or(usize::MAX)
}

/// The running goroutine's number; 0 where none runs.
#[must_use]
pub fn current_goid() -> u64 {
    rt_sched::current::current_goid()
}

pub use rt_sched::locked::{lock_os_thread, os_thread_locks, unlock_os_thread};
