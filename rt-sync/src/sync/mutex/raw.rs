//! The mutex without data and without poisoning. Go: `sync.Mutex`.
//!
//! Whoever finds the lock held spins a little, if nobody waits for it; then it queues and sleeps.
//! Whoever gives the lock back wakes the first waiter, which comes for the lock like anyone else: a
//! running goroutine may be faster (it barges), and mostly should be, since a switch for each
//! critical section is slow. A waiter that loses goes back to the head of the queue; when it has
//! waited for [`STARVES_NS`] the lock starves: it is handed from holder to first waiter, until one
//! gets it that has waited less, or the last one.
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
use rt_wait::spin::SpinLock;
use rt_wait::stats::mutex_waited;

use super::word::{Comes, Duty, Joined, Word};
use crate::host::NEVER;
use crate::queue::{Node, WaitQueue};
use crate::wait;

/// A waiter that waits so long must get the lock. Go: `starvationThresholdNs`. Time stands still in
/// a model: there each waiter starves that was woken in vain.
const STARVES_NS: u64 = if cfg!(loom) { 0 } else { 1_000_000 };

/// So many rounds does one spin, of twice as many pauses each. Go: 4 rounds of 30.
const SPIN_ROUNDS: u32 = if cfg!(loom) { 0 } else { 5 };

/// What a waiter waits with.
struct Wait {
    since_ns: u64,      // when it queued first
    handed: Cell<bool>, // by who hands over: it has the lock when it wakes
}

/// A lock: no data, no poison, no owner. For those who build locks of their own; others take
/// [`Mutex`](crate::sync::Mutex).
pub struct RawMutex {
    word: Word,
    queue: SpinLock<WaitQueue<Wait>>,
}

impl UnwindSafe for RawMutex {}
impl RefUnwindSafe for RawMutex {}

impl RawMutex {
    rt_wait::const_unless_loom! {
        /// A free lock.
        #[must_use]
        pub fn new() -> RawMutex {
            RawMutex { word: Word::new(), queue: SpinLock::new(WaitQueue::new()) }
        }
    }

    /// Waits for the lock and takes it. Who holds it already waits for ever.
    #[inline(always)]
    pub fn lock(&self) {
        if !self.word.take() {
            let taken = self.lock_slow(NEVER);
            debug_assert!(taken);
        }
    }

    /// Takes the lock if it can be had at once.
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn try_lock(&self) -> bool {
        self.word.take() || self.word.barge(Comes::New)
    }

    /// Waits for the lock until `when_ns` of the monotonic clock. False: that time came.
    #[inline]
    #[must_use = "the lock may have been taken"]
    pub fn lock_until(&self, when_ns: u64) -> bool {
        self.try_lock() || self.lock_slow(when_ns)
    }

    /// Is the lock held just now?
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.word.is_locked()
    }

    /// Gives the lock back.
    ///
    /// # Safety
    /// The lock is held, and it is the caller's to give back: any goroutine or thread may do it for
    /// the one that took it.
    #[inline(always)]
    pub unsafe fn unlock(&self) {
        if self.word.leave() {
            self.unlock_slow();
        }
    }

    #[cold]
    #[inline(never)]
    fn lock_slow(&self, when_ns: u64) -> bool {
        if self.spin() {
            return true;
        }
        let mut comes = Comes::New;
        let mut since_ns = 0;
        loop {
            if self.word.barge(comes) {
                return waited(comes, since_ns);
            }
            match comes {
                Comes::New => since_ns = now_ns(),
                _ if now_ns() - since_ns >= STARVES_NS => comes = Comes::Starved,
                _ => {}
            }
            match self.sleep(comes, since_ns, when_ns) {
                Slept::Taken => return waited(Comes::Woken, since_ns),
                Slept::TimedOut => return false,
                Slept::Woken => comes = Comes::Woken,
            }
        }
    }

    /// Looks a few times whether the lock becomes free, while nobody waits in the queue.
    fn spin(&self) -> bool {
        for round in 0..SPIN_ROUNDS {
            if !self.word.is_held_alone() {
                break;
            }
            for _ in 0..1 << round {
                spin_step();
            }
            if self.word.take() {
                return true;
            }
        }
        false
    }

    /// One wait: queues, unless the lock can be had now, and sleeps.
    fn sleep(&self, comes: Comes, since_ns: u64, when_ns: u64) -> Slept {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let data = Wait { since_ns, handed: Cell::new(false) };
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, data));
        let node = node.into_ref();
        let mut queue = self.queue.lock();
        if self.word.join(comes) == Joined::Taken {
            return Slept::Taken;
        }
        spot.prepare(WaitReason::MutexLock);
        // SAFETY: **node**: below it is popped for us, or removed in `give_up`.
        unsafe {
            match comes {
                Comes::New => queue.push(node),
                Comes::Woken | Comes::Starved => queue.push_first(node),
            }
        }
        drop(queue);
        if !wait::commit(spot, &claim, when_ns) {
            self.give_up(node);
            return Slept::TimedOut;
        }
        if node.data.handed.get() { Slept::Taken } else { Slept::Woken }
    }

    #[cold]
    fn give_up(&self, node: Pin<&Node<Wait>>) {
        let mut queue = self.queue.lock();
        queue.remove(node);
        if queue.is_empty() {
            self.word.none_queued();
        }
    }

    #[cold]
    #[inline(never)]
    fn unlock_slow(&self) {
        let mut queue = self.queue.lock();
        let duty = self.word.duty();
        if duty == Duty::None {
            return;
        }
        let Some(popped) = queue.pop() else {
            self.word.none_queued();
            return;
        };
        let more = !queue.is_empty();
        if duty == Duty::HandOver {
            let starving = more && now_ns() - popped.data().since_ns >= STARVES_NS;
            popped.data().handed.set(true);
            self.word.hand_over(more, starving);
        } else {
            self.word.wake(more);
        }
        drop(queue);
        popped.ready();
    }
}

/// How one wait ended.
enum Slept {
    /// With the lock.
    Taken,
    /// To come for the lock.
    Woken,
    /// By its deadline.
    TimedOut,
}

/// It has the lock. True.
fn waited(comes: Comes, since_ns: u64) -> bool {
    if comes != Comes::New {
        mutex_waited(now_ns() - since_ns);
    }
    true
}

fn now_ns() -> u64 {
    if cfg!(loom) { 0 } else { nanotime() }
}

impl Default for RawMutex {
    fn default() -> RawMutex {
        RawMutex::new()
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
