//! Signals on their way from handlers to the thread that tells of them. Go: `sigqueue.go`: its
//! `sig.mask`, `sig.state` and `sig.note`, with mask and state in one word.
//!
//! ```text
//!            send: CAS, its bit                     send: CAS, its bit, not ASLEEP; then wakes
//!     0 ───────────────────────> bits <─────────────────────────────────── ASLEEP
//!     │ ^                         │                                            ^
//!     │ └── take: swaps them out ─┘                                            │
//!     └────────────── wait: CAS, when no bit is set; then sleeps ──────────────┘
//! ```
//!
//! A signal that is sent twice before it is taken counts once. ASLEEP has the place of SIGKILL,
//! which no handler sees; [`NUDGE`] that of SIGSTOP.

use crate::atomic::{AtomicU64, Ordering};
use crate::note::Note;

/// The receiver sleeps on the note, or is about to.
const ASLEEP: u64 = 1 << (9 - 1);
/// No signal: the receiver shall look at what it depends on.
pub const NUDGE: u64 = 1 << (19 - 1);

/// The queue.
#[derive(Debug)]
pub struct SigQueue {
    word: AtomicU64, // by anyone, see above
    note: Note,      // signalled by who has cleared ASLEEP; cleared by the receiver
}

impl Default for SigQueue {
    fn default() -> SigQueue {
        SigQueue::new()
    }
}

impl SigQueue {
    crate::const_unless_loom! {
        /// An empty queue.
        #[must_use]
        pub fn new() -> SigQueue {
            SigQueue { word: AtomicU64::new(0), note: Note::new() }
        }
    }

    /// Puts a signal's bit into the queue, or [`NUDGE`]. May be called in a signal handler: it
    /// takes no lock, and at most wakes a thread. Go: `sigsend`.
    pub fn send(&self, bit: u64) {
        debug_assert!(bit & ASLEEP == 0, "SIGKILL cannot be caught");
        let mut seen = self.word.load(Ordering::Relaxed);
        while seen & bit == 0 {
            // Acquire pairs with the CAS in `wait`: its note is clear. Release, with `take`.
            let (order, sent) = (Ordering::AcqRel, (seen | bit) & !ASLEEP);
            match self.word.compare_exchange_weak(seen, sent, order, Ordering::Relaxed) {
                Ok(_) if seen & ASLEEP != 0 => return self.note.wakeup(),
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Sleeps until something is in the queue; leaves it there. By one thread only. Go:
    /// `signal_recv`.
    pub fn wait(&self) {
        while self.word.load(Ordering::Relaxed) == 0 {
            // Release pairs with the CAS in `send`: the note was cleared before.
            let order = Ordering::Release;
            if self.word.compare_exchange(0, ASLEEP, order, Ordering::Relaxed).is_ok() {
                self.note.sleep();
                self.note.clear();
            }
        }
    }

    /// Takes what is in the queue of `set` out of it: by anyone who may tell of it.
    #[must_use = "what is taken is not in the queue any more"]
    pub fn take(&self, set: u64) -> u64 {
        let set = set & !ASLEEP;
        // Acquire pairs with `send`: what was done before.
        self.word.fetch_and(!set, Ordering::Acquire) & set
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn what_is_sent_twice_comes_once() {
        let queue = SigQueue::new();
        [1, 4, 1, NUDGE].into_iter().for_each(|bit| queue.send(bit));
        queue.wait();
        assert_eq!((queue.take(!NUDGE), queue.take(u64::MAX), queue.take(1)), (5, NUDGE, 0));
    }

    #[test]
    fn a_sleeper_gets_each() {
        let queue = SigQueue::new();
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let mut seen = 0;
                while seen != 0xff {
                    queue.wait();
                    seen |= queue.take(u64::MAX);
                }
            });
            for bit in 0..8 {
                std::thread::sleep(std::time::Duration::from_millis(1));
                queue.send(1 << bit);
            }
            receiver.join().unwrap();
        });
    }
}

#[cfg(all(test, loom, not(shuttle)))]
mod models {
    extern crate std;
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// Takes until it has all of `bits`; a lost one is a deadlock, which loom reports.
    fn receive(queue: &SigQueue, bits: u64) {
        let mut seen = 0;
        while seen != bits {
            queue.wait();
            let taken = queue.take(u64::MAX);
            assert_eq!(seen & taken, 0, "a signal that was sent once has come twice");
            seen |= taken;
        }
    }

    #[test]
    fn loom_two_handlers_and_the_receiver() {
        loom::model(|| {
            let queue = Arc::new(SigQueue::new());
            for bit in [1, 2] {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.send(bit));
            }
            receive(&queue, 3);
        });
    }

    /// The receiver sleeps again and again: no wake-up meets a note that is not clear yet.
    #[test]
    fn loom_one_sends_after_the_other_was_taken() {
        loom::model(|| {
            let queue = Arc::new(SigQueue::new());
            let theirs = Arc::clone(&queue);
            let send = move |bit| theirs.send(bit);
            let handlers = thread::spawn(move || [1, 2, 4].into_iter().for_each(send));
            receive(&queue, 7);
            handlers.join().unwrap();
        });
    }

    /// Who stops listening takes beside the receiver, awake or asleep; what that leaves is not
    /// slept over.
    #[test]
    fn loom_another_takes() {
        loom::model(|| {
            let (queue, told) = (Arc::new(SigQueue::new()), Arc::new(AtomicU64::new(0)));
            let (theirs, tell) = (Arc::clone(&queue), Arc::clone(&told));
            thread::spawn(move || {
                theirs.send(1);
                tell.store(theirs.take(u64::MAX), Ordering::Relaxed);
                theirs.send(4);
            });
            let mut seen = 0;
            while seen != 5 {
                queue.wait();
                seen |= queue.take(u64::MAX);
                if seen & 4 != 0 {
                    seen |= told.load(Ordering::Relaxed);
                }
            }
        });
    }

    /// Who takes a signal sees what was done before it was sent.
    #[test]
    fn loom_what_was_done_before_is_seen() {
        loom::model(|| {
            let (queue, done) = (Arc::new(SigQueue::new()), Arc::new(AtomicU64::new(0)));
            let (theirs, set) = (Arc::clone(&queue), Arc::clone(&done));
            thread::spawn(move || {
                for place in 1..=2 {
                    set.store(place, Ordering::Relaxed);
                    theirs.send(place);
                }
            });
            let mut seen = 0;
            while seen != 3 {
                queue.wait();
                seen |= queue.take(u64::MAX);
                assert!(done.load(Ordering::Relaxed) >= seen & 2, "not seen");
                assert!(done.load(Ordering::Relaxed) >= seen & 1, "not seen");
            }
        });
    }
}
