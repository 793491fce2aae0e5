//! The word of a mutex. Go: `sync.Mutex`'s `state`.
//!
//! | bit        | says                                        | set and cleared by                |
//! |------------|---------------------------------------------|-----------------------------------|
//! | `LOCKED`   | somebody holds the lock                     | the holder; who hands it over     |
//! | `QUEUED`   | somebody waits in the queue                 | under the queue's lock            |
//! | `WOKEN`    | one was woken and comes for the lock        | set: queue's lock; cleared: by it |
//! | `STARVING` | it goes from holder to waiter, none barges  | under the queue's lock            |
//!
//! ```text
//!       take               join                join, by one that was woken
//!   0 <-------> LOCKED <-----------> LOCKED    and has waited too long    LOCKED +QUEUED
//!       leave        last is popped  +QUEUED ---------------------------> +STARVING
//!                                   leave | ^                           leave | ^
//!                                         v | take                            v | hand_over
//!                              QUEUED (+WOKEN after wake)               QUEUED+STARVING
//! ```
//!
//! - Whoever leaves `QUEUED` without `LOCKED` and `WOKEN` behind goes to the queue's lock and sees
//!   to the waiters; so does nobody else. A waiter is never forgotten: one that joins sees `LOCKED`
//!   (its holder will leave later) or `STARVING` (who left is on its way, and waits for the
//!   queue's lock that the joining one has).
//! - `WOKEN` and `STARVING` are never set together: who sets `STARVING` gives up its `WOKEN`, and a
//!   starving mutex wakes nobody that does not have the lock already.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use rt_wait::atomic::AtomicU32;

const LOCKED: u32 = 1;
const QUEUED: u32 = 2;
const WOKEN: u32 = 4;
const STARVING: u32 = 8;

/// The word.
pub(super) struct Word(AtomicU32);

/// How one who did not get the lock at once comes (again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comes {
    /// For the first time.
    New,
    /// After it was woken.
    Woken,
    /// After it was woken, and it has waited too long.
    Starved,
}

/// What became of one who came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it may have got the lock"]
pub(super) enum Joined {
    /// It has the lock.
    Taken,
    /// The word says that it waits: it must queue before it lets the queue's lock go.
    Queued,
}

/// What one who finds waiters must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "waiters may be forgotten"]
pub(super) enum Duty {
    /// Nothing: another one will see to them.
    None,
    /// Wake the first.
    Wake,
    /// Give the lock to the first.
    HandOver,
}

impl Word {
    rt_wait::const_unless_loom! {
        /// Free.
        pub(super) fn new() -> Word {
            Word(AtomicU32::new(0))
        }
    }

    /// Takes the lock if it is free and nobody has to do with it.
    #[inline(always)]
    pub(super) fn take(&self) -> bool {
        self.0.compare_exchange(0, LOCKED, Acquire, Relaxed).is_ok() // pairs with `leave`
    }

    /// Takes the lock if it is free and may be barged for.
    #[inline]
    pub(super) fn barge(&self, comes: Comes) -> bool {
        let mut word = self.0.load(Relaxed);
        while let (new, Joined::Taken) = join(word, comes) {
            match self.0.compare_exchange_weak(word, new, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Gives the lock back. True: there are waiters to see to.
    #[inline(always)]
    #[must_use = "waiters may be forgotten"]
    pub(super) fn leave(&self) -> bool {
        let left = self.0.fetch_sub(LOCKED, Release) - LOCKED; // pairs with all that set LOCKED
        left != 0 && left & (QUEUED | WOKEN) == QUEUED
    }

    /// Takes the lock or says that the caller waits. Under the queue's lock.
    pub(super) fn join(&self, comes: Comes) -> Joined {
        let mut word = self.0.load(Relaxed);
        loop {
            let (new, joined) = join(word, comes);
            match self.0.compare_exchange_weak(word, new, Acquire, Relaxed) {
                Ok(_) => return joined,
                Err(now) => word = now,
            }
        }
    }

    /// What one must do who left waiters behind. Under the queue's lock.
    pub(super) fn duty(&self) -> Duty {
        // Acquire: pairs with `leave`, whose holder need not be the caller; the waiter that is
        // handed the lock sees what it did.
        let word = self.0.load(Acquire);
        match word & STARVING != 0 {
            _ if word & (LOCKED | WOKEN) != 0 || word & QUEUED == 0 => Duty::None,
            true => Duty::HandOver,
            false => Duty::Wake,
        }
    }

    /// One was popped, to come for the lock. Under the queue's lock, after [`Duty::Wake`].
    pub(super) fn wake(&self, more: bool) {
        self.0.fetch_xor(WOKEN | if more { 0 } else { QUEUED }, Relaxed);
    }

    /// One was popped, to have the lock. Under the queue's lock, after [`Duty::HandOver`]: nobody
    /// else changes the word then.
    pub(super) fn hand_over(&self, more: bool, starving: bool) {
        let more = if more { QUEUED } else { 0 };
        self.0.swap(LOCKED | more | if starving { STARVING } else { 0 }, Relaxed);
    }

    /// Nobody waits any more. Under the queue's lock.
    pub(super) fn none_queued(&self) {
        self.0.fetch_and(!(QUEUED | STARVING), Relaxed);
    }

    /// Is the lock held, and nobody waits for it?
    #[inline]
    pub(super) fn is_held_alone(&self) -> bool {
        self.0.load(Relaxed) == LOCKED
    }

    /// Does somebody hold the lock? A glimpse.
    pub(super) fn is_locked(&self) -> bool {
        self.0.load(Relaxed) & LOCKED != 0
    }
}

/// The word after one has come, and what it is to that one.
const fn join(word: u32, comes: Comes) -> (u32, Joined) {
    let base = if matches!(comes, Comes::New) { word } else { word & !WOKEN };
    if word & (LOCKED | STARVING) == 0 {
        (base | LOCKED, Joined::Taken)
    } else if matches!(comes, Comes::Starved) {
        (base | QUEUED | STARVING, Joined::Queued)
    } else {
        (base | QUEUED, Joined::Queued)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_comes_takes_a_free_lock_or_waits() {
        assert_eq!(join(0, Comes::New), (LOCKED, Joined::Taken));
        assert_eq!(join(QUEUED | WOKEN, Comes::New), (LOCKED | QUEUED | WOKEN, Joined::Taken));
        assert_eq!(join(QUEUED | WOKEN, Comes::Woken), (LOCKED | QUEUED, Joined::Taken));
        assert_eq!(join(LOCKED, Comes::New), (LOCKED | QUEUED, Joined::Queued));
        assert_eq!(join(LOCKED | WOKEN, Comes::Woken), (LOCKED | QUEUED, Joined::Queued));
    }

    #[test]
    fn nobody_barges_into_a_starving_lock() {
        let starving = QUEUED | STARVING;
        assert_eq!(join(starving, Comes::New), (starving, Joined::Queued));
        assert_eq!(join(LOCKED | WOKEN, Comes::Starved), (LOCKED | starving, Joined::Queued));
        let word = Word(AtomicU32::new(LOCKED | starving));
        assert!(word.leave() && !word.take() && !word.barge(Comes::New));
        assert_eq!(word.duty(), Duty::HandOver);
        word.hand_over(true, false);
        assert_eq!(word.duty(), Duty::None);
        assert!(word.leave());
        assert_eq!(word.duty(), Duty::Wake);
        word.wake(false);
        assert_eq!(word.duty(), Duty::None);
        assert!(word.barge(Comes::Woken) && !word.leave() && word.take());
    }
}
