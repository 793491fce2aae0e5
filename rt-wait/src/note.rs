//! A one-shot sleep and wake-up of a thread. Go: `note`, `notesleep`, `notewakeup`, `noteclear`.
//!
//! ```text
//!           wakeup (1)
//!   CLEAR ---------------------> SIGNALLED
//!     |  ^                         ^   |
//!     |  +-- clear, timeout (4) ---|---+ clear (5)
//!     |                            |
//!     +-- sleep (2) --> ASLEEP ----+ wakeup + futex wake (3)
//!
//!   1, 3  wakeup, by anyone, once    2  the one sleeper, after spinning
//!   4     the sleeper, when its time is over    5  the owner, before the next use
//! ```

use crate::atomic::{Ordering, spin_step};
use crate::futex::FutexWord;

const CLEAR: u32 = 0;
const SIGNALLED: u32 = 1;
const ASLEEP: u32 = 2;

/// One sleeper, one wake-up, then [`Note::clear`] before the next use.
#[derive(Debug)]
pub struct Note {
    word: FutexWord,
}

impl Default for Note {
    fn default() -> Note {
        Note::new()
    }
}

impl Note {
    /// A clear note.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Note {
        Note { word: FutexWord::new(CLEAR) }
    }

    /// A clear note.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Note {
        Note { word: FutexWord::new(CLEAR) }
    }

    /// Makes the note ready for its next use. The owner calls it, while nobody sleeps or wakes.
    pub fn clear(&self) {
        self.word.store(CLEAR, Ordering::Relaxed);
    }

    /// Has it been signalled? True orders what the waker did before.
    #[must_use]
    pub fn is_signalled(&self) -> bool {
        self.word.load(Ordering::Acquire) == SIGNALLED // pairs with `wakeup`
    }

    /// Wakes the sleeper, or lets the next [`Note::sleep`] return at once.
    ///
    /// # Panics
    /// On a second wake-up without a clear: a wake-up would be lost.
    pub fn wakeup(&self) {
        let was = self.word.swap(SIGNALLED, Ordering::AcqRel); // pairs with sleep's loads
        assert!(was != SIGNALLED, "notewakeup: double wakeup");
        if was == ASLEEP {
            self.word.wake(1);
        }
    }

    /// Looks at the note `spins` times; true when it is signalled. Cheaper than sleeping when the
    /// wake-up is near.
    #[must_use]
    pub fn spin(&self, spins: u32) -> bool {
        for _ in 0..spins {
            if self.is_signalled() {
                return true;
            }
            spin_step();
        }
        self.is_signalled()
    }

    /// Sleeps until [`Note::wakeup`]. The thread sleeps, not just a goroutine.
    pub fn sleep(&self) {
        if self.word.compare_exchange(CLEAR, ASLEEP, Ordering::Acquire).is_err() {
            return; // signalled before
        }
        while self.word.load(Ordering::Acquire) == ASLEEP {
            self.word.wait(ASLEEP, None);
        }
    }

    /// Sleeps until [`Note::wakeup`], at most `timeout_ns`. False when the time is over; the note
    /// is then clear, and a wake-up that comes later is not lost: it signals the clear note.
    ///
    /// Go: `notetsleep`.
    #[must_use]
    pub fn sleep_timeout(&self, timeout_ns: u64) -> bool {
        if self.word.compare_exchange(CLEAR, ASLEEP, Ordering::Acquire).is_err() {
            return true;
        }
        let deadline = rt_os::sys::clock::nanotime().saturating_add(timeout_ns);
        loop {
            let now = rt_os::sys::clock::nanotime();
            if now >= deadline {
                break;
            }
            self.word.wait(ASLEEP, Some(deadline - now));
            if self.word.load(Ordering::Acquire) == SIGNALLED {
                return true;
            }
        }
        // A wake-up may have come in between: then the note is signalled and we say so.
        self.word.compare_exchange(ASLEEP, CLEAR, Ordering::Acquire).is_err()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[test]
    fn a_wakeup_before_the_sleep_is_not_lost() {
        let note = Note::new();
        note.wakeup();
        note.sleep();
        note.clear();
        assert!(!note.is_signalled());
        assert!(!note.sleep_timeout(1_000_000));
        note.wakeup();
        assert!(note.sleep_timeout(1_000_000_000));
    }

    #[test]
    #[should_panic(expected = "double wakeup")]
    fn a_second_wakeup_is_caught() {
        let note = Note::new();
        note.wakeup();
        note.wakeup();
    }

    #[test]
    fn a_sleeper_is_woken_each_time() {
        let pair = Arc::new((Note::new(), Note::new()));
        let other = Arc::clone(&pair);
        let thread = std::thread::spawn(move || {
            for _ in 0..1000 {
                other.0.sleep();
                other.0.clear();
                other.1.wakeup();
            }
        });
        for _ in 0..1000 {
            pair.0.wakeup();
            pair.1.sleep();
            pair.1.clear();
        }
        thread.join().unwrap();
    }

    #[test]
    fn a_timed_sleep_is_not_cut_short() {
        let start = Instant::now();
        assert!(!Note::new().sleep_timeout(20_000_000));
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}
