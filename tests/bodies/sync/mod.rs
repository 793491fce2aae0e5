//! Channels, locks and scopes: ports, in our words, of Go's chan_test.go and of its tests of sync
//! and of the runtime's locks. Each names the test it follows, if it follows one.
//!
//! One text for all worlds: `rt` is the crate `rt` or `rt_main`, or plain threads under the same
//! names. What needs panics that unwind is in `unwind.rs`, what needs goroutines in `order.rs`.

pub(crate) mod chan;
pub(crate) mod condvar;
pub(crate) mod mpsc;
pub(crate) mod mutex;
pub(crate) mod once;
pub(crate) mod rwlock;
pub(crate) mod scope;
pub(crate) mod select;
pub(crate) mod semaphore;
pub(crate) mod wait_group;

use alloc::vec::Vec;

use crate::rt::thread::{self, JoinHandle};
use crate::rt::time::Duration;

const MS: Duration = Duration::from_millis(1);
/// Longer than any body waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// So many rounds; fewer under a sanitizer.
const fn rounds(count: usize) -> usize {
    if cfg!(any(rt_tsan, rt_asan)) { count / 20 } else { count }
}

/// Starts so many; `make` is told the number of each.
fn crowd<F: FnOnce() + Send + 'static>(
    count: usize,
    mut make: impl FnMut(usize) -> F,
) -> Vec<JoinHandle<()>> {
    (0..count).map(|number| thread::spawn(make(number))).collect()
}

/// Joins all.
fn join_all(started: impl IntoIterator<Item = JoinHandle<()>>) {
    started.into_iter().for_each(|one| one.join().unwrap());
}

/// Lets others run until `done`.
fn until(done: impl Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// Calls `race` so many times, several at once: so what it starts may meet it on another P.
fn race(count: usize, race: fn(usize)) {
    const AT_ONCE: usize = 8;
    join_all(crowd(AT_ONCE, |_| move || (0..count / AT_ONCE).for_each(race)));
}
