//! The read-write lock without data and without poisoning. Go: `sync.RWMutex`.
//!
//! A writer that waits keeps new readers out; when a writer goes, all readers that wait get in
//! before the next writer. So neither side starves. While a woken writer is on its way others may
//! use the lock, as in [`RawMutex`](super::super::raw::RawMutex), and as there the lock starves
//! when a writer has waited for [`STARVES_NS`]: then it is handed to the first.
//!
//! # Safety
//! - **node**: as in `queue`: a node is removed, or popped and readied, before its frame ends.
#![allow(unsafe_code, reason = "**node**: waiters lie on their stacks")]

use core::cell::Cell;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::{Pin, pin};

use rt_os::sys::clock::nanotime;
use rt_wait::atomic::spin_step;
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::{Guard, SpinLock};

use super::word::{Comes, Duty, Joined, Word};
use crate::host::NEVER;
use crate::queue::{Node, WaitQueue};
use crate::sync::chain::{Chain, Turn};
use crate::wait;

/// As in the mutex: a writer that waits so long must get the lock.
const STARVES_NS: u64 = if cfg!(loom) { 0 } else { 1_000_000 };

/// As in the mutex.
const SPIN_ROUNDS: u32 = if cfg!(loom) { 0 } else { 5 };

/// What a writer waits with.
struct Wait {
    since_ns: u64,      // when it queued first
    handed: Cell<bool>, // by who hands over: it has the lock when it wakes
}

struct Queues {
    readers: WaitQueue<Turn>,
    writers: WaitQueue<Wait>,
}

/// A read-write lock: no data, no poison, no owner. For those who build locks of their own; others
/// take [`RwLock`](crate::sync::RwLock).
pub struct RawRwLock {
    word: Word,
    queues: SpinLock<Queues>,
}

impl UnwindSafe for RawRwLock {}
impl RefUnwindSafe for RawRwLock {}

impl RawRwLock {
    rt_wait::const_unless_loom! {
        /// A free lock.
        #[must_use]
        pub fn new() -> RawRwLock {
            let queues = Queues { readers: WaitQueue::new(), writers: WaitQueue::new() };
            RawRwLock { word: Word::new(), queues: SpinLock::new(queues) }
        }
    }

    /// Waits until the lock can be read. Who reads already must not come again: a writer between
    /// would keep it out, and wait for it.
    #[inline(always)]
    pub fn read(&self) {
        if !self.word.read() {
            let taken = self.read_slow(NEVER);
            debug_assert!(taken);
        }
    }

    /// Reads if that can be had at once.
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn try_read(&self) -> bool {
        self.word.read()
    }

    /// Waits until the lock can be read, or until `when_ns` of the monotonic clock (false).
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn read_until(&self, when_ns: u64) -> bool {
        self.word.read() || self.read_slow(when_ns)
    }

    /// Waits until the lock can be written.
    #[inline(always)]
    pub fn write(&self) {
        if !self.word.write() {
            let taken = self.write_slow(NEVER);
            debug_assert!(taken);
        }
    }

    /// Writes if that can be had at once.
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn try_write(&self) -> bool {
        self.word.write() || self.word.barge(Comes::New)
    }

    /// Waits until the lock can be written, or until `when_ns` of the monotonic clock (false).
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn write_until(&self, when_ns: u64) -> bool {
        self.try_write() || self.write_slow(when_ns)
    }

    /// Ends one read.
    ///
    /// # Safety
    /// A read is held, and it is the caller's to end.
    #[inline(always)]
    pub unsafe fn read_unlock(&self) {
        if self.word.leave_reader() {
            self.read_unlock_slow();
        }
    }

    /// Ends the write.
    ///
    /// # Safety
    /// The write is held, and it is the caller's to end.
    #[inline(always)]
    pub unsafe fn write_unlock(&self) {
        if !self.word.leave_writer() {
            self.write_unlock_slow();
        }
    }

    /// Makes the write a read: no writer comes between, readers that wait get in.
    ///
    /// # Safety
    /// The write is held, and it is the caller's. Afterwards it has a read.
    pub unsafe fn downgrade(&self) {
        if !self.word.downgrade() {
            let mut queues = self.queues.lock();
            let chain = Chain::all(&mut queues.readers);
            self.word.let_readers_in(chain.len() + 1);
            drop(queues);
            chain.ready();
        }
    }

    #[cold]
    #[inline(never)]
    fn read_slow(&self, when_ns: u64) -> bool {
        if self.spin(|| self.word.read()) {
            return true;
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, Turn::new()));
        let node = node.into_ref();
        let mut queues = self.queues.lock();
        if self.word.join_reader() == Joined::Taken {
            return true;
        }
        spot.prepare(WaitReason::RwMutexRLock);
        // SAFETY: **node**: below it is popped for us or removed.
        unsafe { queues.readers.push(node) };
        drop(queues);
        if wait::commit(spot, &claim, when_ns) {
            return true; // whoever let us in has counted us
        }
        let mut queues = self.queues.lock();
        queues.readers.remove(node);
        if queues.readers.is_empty() {
            self.word.no_readers_wait();
        }
        false
    }

    #[cold]
    #[inline(never)]
    fn write_slow(&self, when_ns: u64) -> bool {
        if self.spin(|| self.word.barge(Comes::New)) {
            return true;
        }
        let mut comes = Comes::New;
        let mut since_ns = 0;
        loop {
            if self.word.barge(comes) {
                return true;
            }
            match comes {
                Comes::New => since_ns = now_ns(),
                _ if now_ns() - since_ns >= STARVES_NS => comes = Comes::Starved,
                _ => {}
            }
            match self.sleep_to_write(comes, since_ns, when_ns) {
                Slept::Taken => return true,
                Slept::TimedOut => return false,
                Slept::Woken => comes = Comes::Woken,
            }
        }
    }

    /// Tries a few times, while nobody waits.
    fn spin(&self, take: impl Fn() -> bool) -> bool {
        for round in 0..SPIN_ROUNDS {
            if !self.word.is_unwaited() {
                break;
            }
            for _ in 0..1 << round {
                spin_step();
            }
            if take() {
                return true;
            }
        }
        false
    }

    fn sleep_to_write(&self, comes: Comes, since_ns: u64, when_ns: u64) -> Slept {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let data = Wait { since_ns, handed: Cell::new(false) };
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, data));
        let node = node.into_ref();
        let mut queues = self.queues.lock();
        if self.word.join_writer(comes) == Joined::Taken {
            return Slept::Taken;
        }
        spot.prepare(WaitReason::RwMutexLock);
        // SAFETY: **node**: below it is popped for us, or removed in `writer_gives_up`.
        unsafe {
            match comes {
                Comes::New => queues.writers.push(node),
                Comes::Woken | Comes::Starved => queues.writers.push_first(node),
            }
        }
        drop(queues);
        if !wait::commit(spot, &claim, when_ns) {
            self.writer_gives_up(node);
            return Slept::TimedOut;
        }
        if node.data.handed.get() { Slept::Taken } else { Slept::Woken }
    }

    #[cold]
    fn writer_gives_up(&self, node: Pin<&Node<Wait>>) {
        let mut queues = self.queues.lock();
        queues.writers.remove(node);
        if queues.writers.is_empty() && self.word.no_writers_wait() {
            self.let_readers_join(queues);
        }
    }

    /// A reader lets in all others that wait, and ends its read.
    fn let_readers_join(&self, mut queues: Guard<'_, Queues>) {
        let chain = Chain::all(&mut queues.readers);
        self.word.join_readers(chain.len());
        drop(queues);
        chain.ready();
        // SAFETY: the read that `no_writers_wait` took.
        unsafe { self.read_unlock() };
    }

    #[cold]
    #[inline(never)]
    fn read_unlock_slow(&self) {
        let mut queues = self.queues.lock();
        match self.word.duty() {
            Duty::None => {}
            Duty::HandOver => self.pass_on(queues, false),
            Duty::Wake => {
                // When all have given up, the last of them will open the lock for readers.
                let Some(popped) = queues.writers.pop() else { return };
                self.word.wake(!queues.writers.is_empty());
                drop(queues);
                popped.ready();
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn write_unlock_slow(&self) {
        self.pass_on(self.queues.lock(), true);
    }

    /// Gives the write, that the caller holds, to those who wait: readers first, or writers.
    fn pass_on(&self, mut queues: Guard<'_, Queues>, readers_first: bool) {
        let waiting = self.word.waiting();
        let hand_over = waiting.starving || !readers_first;
        let writer = |queues: &mut Queues| {
            if waiting.writers { queues.writers.pop() } else { None }
        };
        if !readers_first && let Some(popped) = writer(&mut queues) {
            return self.hand_to(popped, queues);
        }
        if waiting.readers {
            let chain = Chain::all(&mut queues.readers);
            if chain.len() > 0 {
                self.word.let_readers_in(chain.len());
                drop(queues);
                return chain.ready();
            }
        }
        match writer(&mut queues) {
            Some(popped) if hand_over => self.hand_to(popped, queues),
            Some(popped) => {
                self.word.open(true, !queues.writers.is_empty());
                drop(queues);
                popped.ready();
            }
            None => self.word.open(false, !queues.writers.is_empty()),
        }
    }

    fn hand_to(&self, popped: crate::queue::Popped<Wait>, queues: Guard<'_, Queues>) {
        let more = !queues.writers.is_empty();
        let starving =
            self.word.waiting().starving && more && now_ns() - popped.data().since_ns >= STARVES_NS;
        popped.data().handed.set(true);
        self.word.hand_over(more, starving);
        drop(queues);
        popped.ready();
    }
}

/// How one wait of a writer ended.
enum Slept {
    /// With the lock.
    Taken,
    /// To come for the lock.
    Woken,
    /// By its deadline.
    TimedOut,
}

fn now_ns() -> u64 {
    if cfg!(loom) { 0 } else { nanotime() }
}

impl Default for RawRwLock {
    fn default() -> RawRwLock {
        RawRwLock::new()
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRwLock").finish_non_exhaustive()
    }
}
