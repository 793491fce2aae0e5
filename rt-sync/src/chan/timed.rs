//! Channels that time fills: a message at an instant, or again and again. Nothing runs meanwhile:
//! they are ready by the clock. crossbeam-channel: `at`, `after`, `tick`.
//!
//! # Safety
//! - **taken once**: the message is moved out by who changed `taken` from false.
#![allow(unsafe_code, reason = "**taken once**: a cell in a shared value")]

use core::cell::UnsafeCell;
use core::pin::pin;
use core::sync::atomic::Ordering;

use rt_os::sys::clock::nanotime;
use rt_wait::atomic::{AtomicBool, AtomicU64};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};

use crate::host::NEVER;

/// One message at one time.
#[derive(Debug)]
pub(super) struct At<T> {
    when_ns: u64,
    taken: AtomicBool,
    message: UnsafeCell<Option<T>>, // **taken once**
}

// SAFETY: **taken once**: one thread gets the message.
unsafe impl<T: Send> Sync for At<T> {}

impl<T> At<T> {
    pub(super) fn new(when_ns: u64, message: T) -> At<T> {
        let message = UnsafeCell::new(Some(message));
        At { when_ns, taken: AtomicBool::new(false), message }
    }

    /// When it is ready; never again once it is taken.
    pub(super) fn when_ns(&self) -> u64 {
        if self.taken.load(Ordering::Relaxed) { NEVER } else { self.when_ns }
    }

    /// Wins the message, if its time has come.
    pub(super) fn win(&self) -> bool {
        nanotime() >= self.when_ns() && !self.taken.swap(true, Ordering::Relaxed)
    }

    /// The message, to who has won it.
    ///
    /// # Safety
    /// The caller alone has won it.
    pub(super) unsafe fn message(&self) -> Option<T> {
        // SAFETY: **taken once**.
        unsafe { (*self.message.get()).take() }
    }
}

/// A message every period, with the time at which it was due.
#[derive(Debug)]
pub(super) struct Tick<T> {
    next_ns: AtomicU64,
    period_ns: u64,
    pub(super) make: fn(u64) -> T,
}

impl<T> Tick<T> {
    pub(super) fn new(period_ns: u64, make: fn(u64) -> T) -> Tick<T> {
        let first = nanotime().saturating_add(period_ns);
        Tick { next_ns: AtomicU64::new(first), period_ns, make }
    }

    pub(super) fn when_ns(&self) -> u64 {
        self.next_ns.load(Ordering::Relaxed)
    }

    /// Wins a tick, if one is due: the time for which it was. Those that nobody took meanwhile are
    /// left out.
    pub(super) fn win(&self) -> Option<u64> {
        loop {
            let (due, now) = (self.when_ns(), nanotime());
            if now < due {
                return None;
            }
            let next = now.max(due).saturating_add(self.period_ns);
            let order = Ordering::Relaxed; // a time, and nothing else
            if self.next_ns.compare_exchange(due, next, order, order).is_ok() {
                return Some(due);
            }
        }
    }
}

/// Sleeps until `when_ns`; for ever if that is never.
pub(super) fn sleep_until(when_ns: u64, reason: WaitReason) {
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    spot.prepare(reason);
    let _time_came = spot.commit_until(&Claim::new(), when_ns);
}

/// Receives from a channel that is ready at `when_ns()` at the earliest, until `until_ns`.
pub(super) fn receive<T>(
    until_ns: u64,
    when_ns: impl Fn() -> u64,
    win: impl Fn() -> Option<T>,
) -> Option<T> {
    loop {
        if let Some(message) = win() {
            return Some(message);
        }
        let when = when_ns();
        if until_ns != NEVER && until_ns <= when && nanotime() >= until_ns {
            return None;
        }
        let reason =
            if when == NEVER { WaitReason::ChanReceiveNil } else { WaitReason::ChanReceive };
        sleep_until(when.min(until_ns), reason);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::time::Duration;

    use crate::chan::{Receiver, after, bounded};
    use crate::host::{Instant, NoStd};
    use crate::{select, select_biased};

    /// Who looks for a deadline beside a channel that always has something must see it.
    #[test]
    fn time_comes_beside_a_ready_channel() {
        let (sender, receiver) = bounded::<u32, NoStd>(1);
        let deadline: Receiver<Instant, NoStd> = after(Duration::from_millis(1));
        loop {
            let _ = sender.try_send(1);
            select! {
                recv(receiver) -> _ => {}
                recv(deadline) -> _ => break,
            }
        }
        let deadline: Receiver<Instant, NoStd> = after(Duration::ZERO);
        let _ = sender.try_send(1);
        select_biased! {
            recv(deadline) -> _ => {}
            recv(receiver) -> _ => panic!("the first is ready"),
        }
    }
}
