//! Who runs here, and the token that it waits for. std: `thread::current`, `Thread`, `ThreadId`,
//! `park`, `park_timeout`.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rt_os::sys::clock::nanotime;
use rt_sched::current::{current_goid, current_thread};
pub use rt_sched::info::{Thread, ThreadId};

/// A thread's number has this bit; a goroutine's never has.
const OF_A_THREAD: u64 = 1 << 63;

/// Numbers of threads. Counted up only.
static NEXT_THREAD: AtomicU64 = AtomicU64::new(OF_A_THREAD);

thread_local! {
    /// The number of a thread; 0 until it is asked for. There as long as the thread is.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
    /// What a thread that runs no goroutine is known by.
    static MINE: Thread =
        Thread::new(number_of_thread(), std::thread::current().name().map(Box::from));
}

fn number_of_thread() -> u64 {
    NUMBER.with(|number| {
        if number.get() == 0 {
            // Relaxed: a number, nothing else.
            number.set(NEXT_THREAD.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

/// The number of the running goroutine, in [`rt::blocking`](crate::blocking) too; on a thread that
/// runs none, the thread's. Nobody else has it, or had.
pub(crate) fn current_number() -> u64 {
    match current_goid() {
        0 => number_of_thread(),
        goid => goid,
    }
}

/// The running goroutine; on a thread that runs none, the thread. In
/// [`rt::blocking`](crate::blocking) it is the goroutine still.
///
/// # Panics
/// On a plain thread, when its thread-locals are destroyed already.
///
/// ```
/// # // SAFETY: nothing here keeps a thread-local.
/// # unsafe {
/// # rt::run(|| {
/// let builder = rt::thread::Builder::new().name("worker".into());
/// let worker = builder.spawn(|| rt::thread::current()).unwrap();
/// let id = worker.thread().id();
/// let seen = worker.join().unwrap();
/// assert_eq!((seen.id(), seen.name()), (id, Some("worker")));
/// # })
/// # };
/// ```
#[must_use]
pub fn current() -> Thread {
    current_thread().unwrap_or_else(|| MINE.with(Thread::clone))
}

/// Waits for the token of the caller's [`Thread`] and takes it. There are no spurious wake-ups.
///
/// ```
/// # // SAFETY: nothing here keeps a thread-local.
/// # unsafe {
/// # rt::run(|| {
/// let sleeper = rt::thread::spawn(rt::thread::park);
/// sleeper.thread().unpark(); // before or after it parks
/// sleeper.join().unwrap();
/// # })
/// # };
/// ```
pub fn park() {
    current().parker().park();
}

/// As [`park`], for at most `duration`.
pub fn park_timeout(duration: Duration) {
    let _token = current().parker().park_until(nanotime().saturating_add(in_ns(duration)));
}

/// As [`park_timeout`]. std has it too.
#[deprecated(note = "replaced by `rt::thread::park_timeout`")]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(u64::from(ms)));
}

/// The longest time there is counts as for ever.
pub(super) fn in_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
