//! The word of a read-write lock. Go: `sync.RWMutex`'s `readerCount`, `readerWait` and `w`.
//!
//! | bits           | say                                       | changed by                      |
//! |----------------|-------------------------------------------|---------------------------------|
//! | `WRITER`       | a writer holds the lock                   | the holder; who hands it over   |
//! | `READERS_WAIT` | readers queue                             | under the queues' lock          |
//! | `WRITERS_WAIT` | writers queue                             | under the queues' lock          |
//! | `WOKEN`        | a writer was woken and comes for the lock | set: queues' lock; cleared: it  |
//! | `STARVING`     | the first writer gets it, none barges     | under the queues' lock          |
//! | the rest       | how many readers hold the lock            | readers; who lets them in       |
//!
//! - A reader gets in unless a writer holds the lock or waits for it. While a writer that was woken
//!   is on its way, the lock would lie idle: others may use it (they barge), until that writer has
//!   waited too long.
//! - A writer gets in when nobody holds the lock; while others wait too, unless it is `STARVING`.
//! - While a writer holds the lock, whoever has the queues' lock alone changes the word.
//! - Nobody is forgotten: who waits has seen a holder (or one who is on its way to the queues'
//!   lock), and each holder that leaves waiters behind and is the last goes there.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use rt_wait::atomic::AtomicUsize;

const WRITER: usize = 1;
const READERS_WAIT: usize = 2;
const WRITERS_WAIT: usize = 4;
const WOKEN: usize = 8;
const STARVING: usize = 16;
const READER: usize = 32;

/// The word.
pub(super) struct Word(AtomicUsize);

/// How a writer comes that did not get the lock at once.
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
    /// The word says that it waits: it must queue before it lets the queues' lock go.
    Queued,
}

/// What the last reader must do with the writers that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "waiters may be forgotten"]
pub(super) enum Duty {
    /// Nothing: there are none, or another one will see to them.
    None,
    /// Wake the first.
    Wake,
    /// Give the first the lock, that was taken for it.
    HandOver,
}

/// What a writer that gives the lock back must do with those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "waiters may be forgotten"]
pub(super) struct Waiting {
    /// Readers queue.
    pub(super) readers: bool,
    /// Writers queue, and none of them is on its way.
    pub(super) writers: bool,
    /// The lock must go to the first of them.
    pub(super) starving: bool,
}

impl Word {
    rt_wait::const_unless_loom! {
        /// Free.
        pub(super) fn new() -> Word {
            Word(AtomicUsize::new(0))
        }
    }

    /// Gets a reader in, unless readers are kept out.
    #[inline(always)]
    pub(super) fn read(&self) -> bool {
        let mut word = self.0.load(Relaxed);
        while !bars_readers(word) {
            // Acquire: pairs with the writers' releases.
            match self.0.compare_exchange_weak(word, word + READER, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Gets a writer in, if nobody has to do with the lock.
    #[inline(always)]
    pub(super) fn write(&self) -> bool {
        self.0.compare_exchange(0, WRITER, Acquire, Relaxed).is_ok() // pairs with both `leave`s
    }

    /// Gets a writer in, if nobody holds the lock and it may be barged for.
    #[inline]
    pub(super) fn barge(&self, comes: Comes) -> bool {
        let mut word = self.0.load(Relaxed);
        while let (new, Joined::Taken) = join_writer(word, comes) {
            match self.0.compare_exchange_weak(word, new, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Gets a reader in or says that it waits. Under the queues' lock.
    pub(super) fn join_reader(&self) -> Joined {
        self.update(join_reader)
    }

    /// Gets a writer in or says that it waits. Under the queues' lock.
    pub(super) fn join_writer(&self, comes: Comes) -> Joined {
        self.update(|word| join_writer(word, comes))
    }

    /// A reader goes. True: it was the last, and there are writers to see to.
    #[inline(always)]
    #[must_use = "waiters may be forgotten"]
    pub(super) fn leave_reader(&self) -> bool {
        let left = self.0.fetch_sub(READER, Release) - READER; // pairs with the writers' acquires
        left & (WRITERS_WAIT | WOKEN) == WRITERS_WAIT && left < READER
    }

    /// A writer goes, if nobody waits. False: the caller must see to those who do.
    #[inline(always)]
    #[must_use = "the lock may still be held"]
    pub(super) fn leave_writer(&self) -> bool {
        self.0.compare_exchange(WRITER, 0, Release, Relaxed).is_ok() // pairs with all acquires
    }

    /// A writer becomes a reader, if nobody waits. False: the caller must see to those who do.
    pub(super) fn downgrade(&self) -> bool {
        self.0.compare_exchange(WRITER, READER, Release, Relaxed).is_ok()
    }

    /// Who waits. Under the queues' lock, by the writer that holds the lock.
    pub(super) fn waiting(&self) -> Waiting {
        let word = self.0.load(Relaxed);
        Waiting {
            readers: word & READERS_WAIT != 0,
            writers: word & WRITERS_WAIT != 0 && word & WOKEN == 0,
            starving: word & STARVING != 0,
        }
    }

    /// The writer goes and so many readers get in, all who waited. Under the queues' lock.
    pub(super) fn let_readers_in(&self, count: usize) {
        let word = self.0.load(Relaxed);
        let left = word & !(WRITER | READERS_WAIT);
        self.0.swap(left + count * READER, Release); // a holder's: nobody else changes it
    }

    /// The writer goes; no readers wait. If `woken`, a writer was popped to come for the lock.
    /// Under the queues' lock.
    pub(super) fn open(&self, woken: bool, writers: bool) {
        let word = self.0.load(Relaxed) & WOKEN;
        let woken = if woken { WOKEN } else { word };
        self.0.swap(woken | if writers { WRITERS_WAIT } else { 0 }, Release);
    }

    /// The lock goes from the writer to another one, that was popped. Under the queues' lock.
    pub(super) fn hand_over(&self, writers: bool, starving: bool) {
        let readers = self.0.load(Relaxed) & READERS_WAIT;
        let writers = if writers { WRITERS_WAIT } else { 0 };
        self.0.swap(WRITER | readers | writers | if starving { STARVING } else { 0 }, Relaxed);
    }

    /// What the last reader must do with the writers that wait. When the lock starves, it takes the
    /// lock for the first of them. Under the queues' lock.
    pub(super) fn duty(&self) -> Duty {
        let mut word = self.0.load(Relaxed);
        loop {
            if word & (WRITER | WOKEN) != 0 || word >= READER || word & WRITERS_WAIT == 0 {
                return Duty::None;
            }
            if word & STARVING == 0 {
                return Duty::Wake;
            }
            match self.0.compare_exchange_weak(word, word | WRITER, Acquire, Relaxed) {
                Ok(_) => return Duty::HandOver,
                Err(now) => word = now,
            }
        }
    }

    /// A writer was popped, to come for the lock. Under the queues' lock, after [`Duty::Wake`].
    pub(super) fn wake(&self, writers: bool) {
        self.0.fetch_xor(WOKEN | if writers { 0 } else { WRITERS_WAIT }, Relaxed);
    }

    /// The last reader that waited has given up. Under the queues' lock.
    pub(super) fn no_readers_wait(&self) {
        self.0.fetch_and(!READERS_WAIT, Relaxed);
    }

    /// The last writer that waited has given up. True: it kept readers out that wait, and the
    /// caller reads now, to let them in. Under the queues' lock.
    #[must_use = "waiters may be forgotten"]
    pub(super) fn no_writers_wait(&self) -> bool {
        let mut word = self.0.load(Relaxed);
        loop {
            let left = word & !(WRITERS_WAIT | STARVING);
            let opens = left & READERS_WAIT != 0 && !bars_readers(left);
            let new = if opens { left + READER } else { left };
            match self.0.compare_exchange_weak(word, new, Acquire, Relaxed) {
                Ok(_) => return opens,
                Err(now) => word = now,
            }
        }
    }

    /// A reader lets so many others in, all who waited. Under the queues' lock.
    pub(super) fn join_readers(&self, count: usize) {
        let change = (count * READER).wrapping_sub(READERS_WAIT);
        self.0.fetch_add(change, Relaxed); // the caller reads: no writer changes the word
    }

    /// Does nobody wait? Then those who hold the lock may be gone soon.
    pub(super) fn is_unwaited(&self) -> bool {
        self.0.load(Relaxed) & (READERS_WAIT | WRITERS_WAIT | WOKEN | STARVING) == 0
    }

    fn update(&self, join: impl Fn(usize) -> (usize, Joined)) -> Joined {
        let mut word = self.0.load(Relaxed);
        loop {
            let (new, joined) = join(word);
            match self.0.compare_exchange_weak(word, new, Acquire, Relaxed) {
                Ok(_) => return joined,
                Err(now) => word = now,
            }
        }
    }
}

/// Are readers kept out?
#[inline(always)]
const fn bars_readers(word: usize) -> bool {
    word & (WRITER | WRITERS_WAIT | STARVING) != 0 && word & (WRITER | STARVING | WOKEN) != WOKEN
}

/// The word after a reader has come, and what it is to that one.
const fn join_reader(word: usize) -> (usize, Joined) {
    if !bars_readers(word) {
        (word + READER, Joined::Taken)
    } else {
        (word | READERS_WAIT, Joined::Queued)
    }
}

/// The word after a writer has come, and what it is to that one.
const fn join_writer(word: usize, comes: Comes) -> (usize, Joined) {
    let base = if matches!(comes, Comes::New) { word } else { word & !WOKEN };
    if word & (WRITER | STARVING) == 0 && word < READER {
        (base | WRITER, Joined::Taken)
    } else if matches!(comes, Comes::Starved) {
        (base | WRITERS_WAIT | STARVING, Joined::Queued)
    } else {
        (base | WRITERS_WAIT, Joined::Queued)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_writer_holds_new_readers_off() {
        let word = Word::new();
        assert!(word.read() && word.read());
        assert_eq!(word.join_writer(Comes::New), Joined::Queued);
        assert!(!word.read());
        assert_eq!(word.join_reader(), Joined::Queued);
        assert!(!word.leave_reader());
        assert!(word.leave_reader());
        assert_eq!(word.duty(), Duty::Wake);
        word.wake(false);
        assert_eq!(word.duty(), Duty::None);
        assert!(word.read() && !word.leave_reader() && word.barge(Comes::Woken) && !word.read());
        let waiting = word.waiting();
        assert_eq!(waiting, Waiting { readers: true, writers: false, starving: false });
        word.let_readers_in(1);
        assert!(word.read() && !word.write() && !word.leave_reader() && !word.leave_reader());
        assert!(word.write() && word.is_unwaited() && word.downgrade());
        assert!(word.read() && !word.leave_reader());
    }

    #[test]
    fn a_writer_that_gives_up_opens_the_door() {
        let word = Word::new();
        assert!(word.read());
        assert_eq!(word.join_writer(Comes::New), Joined::Queued);
        assert_eq!(word.join_reader(), Joined::Queued);
        assert!(word.no_writers_wait());
        word.join_readers(1);
        assert_eq!(word.0.load(Relaxed), 3 * READER);
    }

    #[test]
    fn nobody_barges_into_a_starving_lock() {
        let word = Word(AtomicUsize::new(WRITER | WOKEN));
        assert_eq!(word.join_writer(Comes::Starved), Joined::Queued);
        assert!(word.waiting().starving);
        let free = Word(AtomicUsize::new(WRITERS_WAIT | STARVING));
        assert!(!free.barge(Comes::New) && !free.read());
        assert_eq!((free.duty(), free.duty()), (Duty::HandOver, Duty::None));
        word.hand_over(true, true);
        assert!(!word.barge(Comes::New) && !word.read() && !word.leave_writer());
        word.hand_over(true, false);
        word.open(true, true);
        assert!(word.read() && !word.leave_reader() && !word.write() && word.barge(Comes::New));
        assert!(!word.read());
        word.open(true, false);
        assert!(word.barge(Comes::New));
        assert!(!word.leave_writer());
        word.open(false, false);
        assert!(word.barge(Comes::Woken) && word.leave_writer());
    }
}
