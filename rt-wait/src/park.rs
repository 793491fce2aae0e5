//! The contract of everything that waits: park here, ready there. Go: `gopark`, `goready`.
//!
//! A wait has two halves, so that no lock is held over a switch and no wake-up is lost:
//!
//! ```text
//!   waiter                                  waker
//!   lock(object)
//!   spot.prepare(reason)    "I wait"
//!   put spot.waiter() in the object's list
//!   unlock(object)                          lock(object); take the waiter; unlock(object)
//!   spot.commit()           sleeps          waiter.ready()     may come before the commit
//! ```
//!
//! Each `prepare` is followed by one `commit` (or `cancel`, when the waiter was shown to nobody)
//! and met by exactly one `ready`: whoever takes the waiter
//! out of the object, under its lock, has the duty. No locked instruction is needed for that.
//!
//! A wait that several may end has a [`Claim`] beside it: who wins the claim has the duty. With
//! one, [`Spot::commit_until`] lets a deadline be among them.
//!
//! On a goroutine the goroutine parks; on any other thread the thread sleeps. The same code serves
//! programs without a scheduler.
//!
//! # Safety
//! - **header**: a non-zero word in the g slot points to a [`ParkHeader`] that lives as long as the
//!   thread keeps it there.
//! - **one ready**: a [`Waiter`] is readied once for each `prepare`; until then what it points to
//!   stays: a goroutine does not end while it waits, a [`Spot`] is pinned until `commit` returns.
#![allow(unsafe_code, reason = "**header**: the g slot is a word")]

use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::NonNull;

use crate::atomic::Ordering;
use crate::claim::Claim;
use crate::futex::FutexWord;
pub use crate::reason::WaitReason;

/// What a goroutine must start with, so that the g slot leads to it.
#[derive(Debug)]
#[repr(C)]
pub struct ParkHeader {
    /// How it parks; `None` on a stack that cannot park (g0): there the thread sleeps.
    pub ops: Option<&'static ParkOps>,
}

/// A scheduler's side of the contract.
#[derive(Debug)]
pub struct ParkOps {
    /// First half: the running goroutine waits. Called by itself.
    pub prepare: unsafe fn(NonNull<ParkHeader>, WaitReason),
    /// Takes `prepare` back. Called by itself, when nobody can have readied it.
    pub cancel: unsafe fn(NonNull<ParkHeader>),
    /// Second half: leave the stack until readied. Called by itself, after `prepare`.
    pub commit: unsafe fn(NonNull<ParkHeader>),
    /// As `commit`, or until `when_ns` of the monotonic clock, if that wins the claim. Called by
    /// itself, after `prepare`. When it returns nobody looks at the claim on the deadline's behalf.
    pub commit_until: unsafe fn(NonNull<ParkHeader>, when_ns: u64, &Claim),
    /// Makes a goroutine runnable that has prepared. Called by anyone, once.
    pub ready: unsafe fn(NonNull<ParkHeader>),
}

const RUNNING: u32 = 0;
const WAITING: u32 = 1;

/// A thread's own place to wait, when it runs no goroutine.
///
/// `RUNNING -> WAITING` by its `prepare`; `WAITING -> RUNNING` by the one `ready`.
#[derive(Debug)]
struct ThreadSpot {
    word: FutexWord,
}

/// Where the caller waits: its goroutine, or a word on its stack that the thread sleeps on.
#[derive(Debug)]
pub struct Spot {
    header: Option<NonNull<ParkHeader>>,
    thread: ThreadSpot,
    _pinned: PhantomPinned, // **one ready**: wakers hold its address
}

/// The waker's end. Plain data: what it points to is kept alive by **one ready**.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Goroutine(NonNull<ParkHeader>),
    Thread(NonNull<ThreadSpot>),
}

// SAFETY: a waiter is made to be readied elsewhere; `ready` is the only thing it can do.
unsafe impl Send for Waiter {}
// SAFETY: as above; `ready` takes it by value.
unsafe impl Sync for Waiter {}

impl Spot {
    /// The caller's place to wait. Must be used by the goroutine or thread that made it.
    #[inline]
    #[must_use]
    pub fn new() -> Spot {
        let header = NonNull::new(rt_asm::tls::getg() as *mut ParkHeader);
        // SAFETY: **header**.
        let header = header.filter(|h| unsafe { h.as_ref() }.ops.is_some());
        Spot {
            header,
            thread: ThreadSpot { word: FutexWord::new(RUNNING) },
            _pinned: PhantomPinned,
        }
    }

    /// Is it a goroutine that waits here?
    #[must_use]
    pub fn is_goroutine(&self) -> bool {
        self.header.is_some()
    }

    /// What a waker needs. Valid from `prepare` to the `ready` that meets it.
    #[inline]
    #[must_use]
    pub fn waiter(self: Pin<&Self>) -> Waiter {
        match self.header {
            Some(header) => Waiter { target: Target::Goroutine(header) },
            None => Waiter { target: Target::Thread(NonNull::from(&self.get_ref().thread)) },
        }
    }

    /// First half: from here on a `ready` counts. Call it before the waiter can be found.
    #[inline]
    pub fn prepare(self: Pin<&Self>, reason: WaitReason) {
        match self.header {
            // SAFETY: it is the caller's own goroutine, running. `ops` was seen in `new`.
            Some(h) => unsafe { ((*h.as_ptr()).ops.unwrap_unchecked().prepare)(h, reason) },
            // The waker finds us through an object that orders this store before its `ready`.
            None => self.thread.word.store(WAITING, Ordering::Relaxed),
        }
    }

    /// Takes `prepare` back, instead of `commit`: the waiter was not shown to anyone after all.
    #[inline]
    pub fn cancel(self: Pin<&Self>) {
        match self.header {
            // SAFETY: as in `prepare`.
            Some(h) => unsafe { ((*h.as_ptr()).ops.unwrap_unchecked().cancel)(h) },
            None => self.thread.word.store(RUNNING, Ordering::Relaxed),
        }
    }

    /// Second half: sleeps until the `ready` that meets the `prepare`. Hold no lock.
    #[inline]
    pub fn commit(self: Pin<&Self>) {
        match self.header {
            // SAFETY: as in `prepare`.
            Some(h) => unsafe { ((*h.as_ptr()).ops.unwrap_unchecked().commit)(h) },
            None => {
                self.thread.word.wait_while(WAITING);
            }
        }
    }
}

impl Spot {
    /// Second half with a deadline, in ns of the monotonic clock: sleeps until the `ready` that
    /// meets the `prepare`, or until then. Hold no lock.
    ///
    /// True: readied, by who won `claim`. False: the deadline won it, and nobody else will ready.
    /// Either way the object may still list the waiter, if its lists are claimed from.
    #[must_use]
    pub fn commit_until(self: Pin<&Self>, claim: &Claim, when_ns: u64) -> bool {
        match self.header {
            // SAFETY: as in `prepare`.
            Some(h) => unsafe {
                ((*h.as_ptr()).ops.unwrap_unchecked().commit_until)(h, when_ns, claim);
            },
            None => self.thread_until(claim, when_ns),
        }
        !claim.timed_out()
    }

    fn thread_until(self: Pin<&Self>, claim: &Claim, when_ns: u64) {
        if cfg!(not(loom)) {
            while self.thread.word.load(Ordering::Acquire) == WAITING {
                let now = rt_os::sys::clock::nanotime();
                if now >= when_ns {
                    if claim.expire() {
                        self.thread.word.store(RUNNING, Ordering::Relaxed);
                        return;
                    }
                    break;
                }
                self.thread.word.wait(WAITING, Some(when_ns - now));
            }
        }
        // Readied, or about to be. Under loom another thread plays the deadline.
        self.thread.word.wait_while(WAITING);
    }
}

impl Default for Spot {
    fn default() -> Spot {
        Spot::new()
    }
}

impl Waiter {
    /// Ends the wait.
    ///
    /// # Safety
    /// **one ready**: the waiter has prepared, and the caller alone has the duty to ready it.
    #[inline]
    pub unsafe fn ready(self) {
        match self.target {
            // SAFETY: **one ready**; a header with `ops`, or it would not be a goroutine's.
            Target::Goroutine(h) => unsafe { ((*h.as_ptr()).ops.unwrap_unchecked().ready)(h) },
            Target::Thread(spot) => {
                // SAFETY: **one ready**: the spot is pinned until its thread sees the write.
                let word = unsafe { &raw const (*spot.as_ptr()).word };
                // SAFETY: as above.
                unsafe { FutexWord::release(word, RUNNING) };
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;
    use crate::mutex::Mutex;
    use crate::rank::Rank;
    use std::pin::pin;
    use std::sync::Arc;

    #[test]
    fn threads_hand_values_over() {
        let cell = Arc::new(Mutex::new(Rank::Leaf, (None::<Waiter>, 0)));
        let theirs = Arc::clone(&cell);
        let thread = std::thread::spawn(move || {
            for round in 1..=500 {
                let waiter = loop {
                    let mut cell = theirs.lock();
                    if let Some(waiter) = cell.0.take() {
                        cell.1 = round;
                        break waiter;
                    }
                    drop(cell);
                    std::thread::yield_now();
                };
                // SAFETY: taken out of the cell under its lock, after its prepare.
                unsafe { waiter.ready() };
            }
        });
        for round in 1..=500 {
            let spot = pin!(Spot::new());
            let spot = spot.into_ref();
            assert!(!spot.is_goroutine());
            let mut held = cell.lock();
            spot.prepare(WaitReason::Semacquire);
            held.0 = Some(spot.waiter());
            drop(held);
            spot.commit();
            assert_eq!(cell.lock().1, round);
        }
        thread.join().unwrap();
    }
}
