//! A counting semaphore, first come first served. Go: `semacquire`, `semrelease`; its
//! `x/sync/semaphore`.
//!
//! The word is the number of free permits and a bit `WAITED`: somebody waits. While it is set,
//! permits are given out under the queue's lock only, to the first waiter: nobody barges past it,
//! not even for fewer permits. While it is not, one instruction takes or gives permits.
//!
//! # Safety
//! - **node**: as in `queue`: a node is removed, or popped and readied, before its frame ends.
//! - **thanks**: who hands over sleeps until the waiter it handed to has readied it, once.
#![allow(unsafe_code, reason = "**node**: waiters lie on their stacks")]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::pin;
use core::time::Duration;

use rt_wait::atomic::{AtomicUsize, Ordering};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason, Waiter};
use rt_wait::spin::SpinLock;

use super::chain::{Chain, Chained, Link};
use crate::host::{Host, NEVER, NoStd, deadline_after};
use crate::queue::WaitQueue;
use crate::wait;

const WAITED: usize = 1;
const ONE: usize = 2;

/// What a waiter waits with.
struct Wait {
    wants: usize,
    thanks: Cell<Option<Waiter>>, // **thanks**: set by who hands over, before it readies us
    link: Link<Wait>,
}

impl Chained for Wait {
    fn link(&self) -> &Link<Wait> {
        &self.link
    }
}

/// So many permits, given out to who comes first. A permit comes back when it is dropped.
///
/// ```
/// type Semaphore = rt_sync::sync::Semaphore;
///
/// static TWO: Semaphore = Semaphore::new(2);
/// let (_one, two) = (TWO.acquire(), TWO.acquire());
/// assert!(TWO.try_acquire().is_none());
/// drop(two);
/// assert_eq!(TWO.available_permits(), 1);
/// ```
pub struct Semaphore<H: Host = NoStd> {
    word: AtomicUsize,
    queue: SpinLock<WaitQueue<Wait>>,
    host: PhantomData<fn() -> H>,
}

/// Permits, held. Dropping it gives them back.
#[must_use = "dropping the permit gives it back"]
pub struct SemaphorePermit<'a, H: Host = NoStd> {
    semaphore: &'a Semaphore<H>,
    permits: usize,
}

impl<H: Host> UnwindSafe for Semaphore<H> {}
impl<H: Host> RefUnwindSafe for Semaphore<H> {}

impl<H: Host> Semaphore<H> {
    /// As many permits as there may be.
    pub const MAX_PERMITS: usize = usize::MAX / ONE;

    rt_wait::const_unless_loom! {
        /// So many permits are free.
        ///
        /// # Panics
        /// When they are more than [`Semaphore::MAX_PERMITS`].
        #[must_use]
        pub fn new(permits: usize) -> Semaphore<H> {
            assert!(permits <= usize::MAX / ONE, "too many permits");
            Semaphore {
                word: AtomicUsize::new(permits * ONE),
                queue: SpinLock::new(WaitQueue::new()),
                host: PhantomData,
            }
        }
    }

    /// Waits for a permit.
    #[inline]
    pub fn acquire(&self) -> SemaphorePermit<'_, H> {
        self.acquire_many(1)
    }

    /// Waits until so many permits are free at once. For more than there will ever be, for ever.
    #[inline]
    pub fn acquire_many(&self, permits: usize) -> SemaphorePermit<'_, H> {
        if !self.take(permits) {
            let taken = self.acquire_slow(permits, NEVER);
            debug_assert!(taken);
        }
        SemaphorePermit { semaphore: self, permits }
    }

    /// A permit, if one is free and nobody waits.
    #[inline]
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_, H>> {
        self.try_acquire_many(1)
    }

    /// So many permits, if they are free and nobody waits.
    #[inline]
    pub fn try_acquire_many(&self, permits: usize) -> Option<SemaphorePermit<'_, H>> {
        let taken = self.take(permits);
        self.permits_if(taken, permits)
    }

    /// Waits for a permit so long at most.
    #[inline]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<SemaphorePermit<'_, H>> {
        self.acquire_many_timeout(1, timeout)
    }

    /// Waits so long at most until so many permits are free at once.
    #[inline]
    pub fn acquire_many_timeout(
        &self,
        permits: usize,
        timeout: Duration,
    ) -> Option<SemaphorePermit<'_, H>> {
        let taken = self.take(permits) || self.acquire_slow(permits, deadline_after(timeout));
        self.permits_if(taken, permits)
    }

    /// Waits for a permit until `deadline` at most.
    #[inline]
    pub fn acquire_deadline(&self, deadline: H::Instant) -> Option<SemaphorePermit<'_, H>> {
        let taken = self.take(1) || self.acquire_slow(1, H::ns_of(deadline));
        self.permits_if(taken, 1)
    }

    /// Adds permits: new ones, or such as were forgotten.
    ///
    /// # Panics
    /// When there would be more free ones than [`Semaphore::MAX_PERMITS`].
    #[inline]
    #[track_caller]
    pub fn add_permits(&self, permits: usize) {
        if !self.give(permits) {
            self.give_slow(permits);
        }
    }

    /// Adds one permit. If that lets a waiter go on, a goroutine that calls waits until it runs. Of
    /// a thread that would be no gain: the kernel runs whom it likes. Go: `semrelease` with
    /// `handoff`.
    ///
    /// # Panics
    /// As [`Semaphore::add_permits`].
    #[track_caller]
    pub fn release_handoff(&self) {
        if !self.give(1) {
            self.hand_off();
        }
    }

    /// How many permits are free just now.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.word.load(Ordering::Acquire) / ONE
    }

    #[inline(always)]
    fn permits_if(&self, taken: bool, permits: usize) -> Option<SemaphorePermit<'_, H>> {
        if taken { Some(SemaphorePermit { semaphore: self, permits }) } else { None }
    }

    /// Does somebody wait just now? A glimpse. Go: `SemNwait`.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.word.load(Ordering::Acquire) & WAITED != 0
    }

    /// Takes permits, if they are free and nobody waits.
    #[inline(always)]
    fn take(&self, permits: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & WAITED == 0 && word / ONE >= permits {
            let left = word - permits * ONE;
            // Acquire: pairs with `give` and `grant`.
            match self.word.compare_exchange_weak(word, left, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Gives permits, if nobody waits.
    #[inline(always)]
    #[track_caller]
    fn give(&self, permits: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & WAITED == 0 {
            let new = sum(word / ONE, permits) * ONE;
            match self.word.compare_exchange_weak(word, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn give_slow(&self, permits: usize) {
        let mut queue = self.queue.lock();
        if self.give(permits) {
            return;
        }
        let chain = self.grant(&mut queue, permits);
        drop(queue);
        chain.ready();
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn hand_off(&self) {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let mut queue = self.queue.lock();
        if self.give(1) {
            return;
        }
        let chain = self.grant(&mut queue, 1);
        let waits = chain.newest().filter(|_| spot.is_goroutine() || cfg!(loom)).map(|data| {
            spot.prepare(WaitReason::Semacquire);
            data.thanks.set(Some(spot.waiter()));
        });
        drop(queue);
        chain.ready();
        if waits.is_some() {
            spot.commit(); // **thanks**
        }
    }

    /// Gives `more` permits and those that are free to the first waiters, as far as they go. Under
    /// the queue's lock, while `WAITED` is set: nobody else changes the word.
    #[track_caller]
    fn grant(&self, queue: &mut WaitQueue<Wait>, more: usize) -> Chain<Wait> {
        let mut free = sum(self.word.load(Ordering::Relaxed) / ONE, more);
        let mut chain = Chain::new();
        while queue.first().is_some_and(|first| first.wants <= free) {
            // Those before the next one may have lost their claims; it may want too much.
            let stop = Cell::new(false);
            let popped = queue.pop_unless(|node| {
                stop.set(stop.get() || node.data.wants > free);
                stop.get()
            });
            if let Some(popped) = popped {
                free -= popped.data().wants;
                chain.push(popped);
            }
        }
        let waited = if queue.is_empty() { 0 } else { WAITED };
        self.word.swap((free * ONE) | waited, Ordering::AcqRel); // pairs with `take`
        chain
    }

    #[cold]
    #[inline(never)]
    fn acquire_slow(&self, permits: usize, when_ns: u64) -> bool {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let data = Wait { wants: permits, thanks: Cell::new(None), link: Link::new() };
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, data));
        let node = node.into_ref();
        let mut queue = self.queue.lock();
        if self.join(permits) {
            return true;
        }
        spot.prepare(WaitReason::Semacquire);
        // SAFETY: **node**: below it is popped for us or removed.
        unsafe { queue.push(node) };
        drop(queue);
        if wait::commit(spot, &claim, when_ns) {
            if let Some(giver) = node.data.thanks.take() {
                // SAFETY: **thanks**.
                unsafe { giver.ready() };
            }
            return true;
        }
        let mut queue = self.queue.lock();
        queue.remove(node);
        if self.word.load(Ordering::Relaxed) & WAITED == 0 {
            return false;
        }
        // It may have kept others back that want less.
        let chain = self.grant(&mut queue, 0);
        drop(queue);
        chain.ready();
        false
    }

    /// Takes permits (true), or says that somebody waits. Under the queue's lock.
    fn join(&self, permits: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let taken = word & WAITED == 0 && word / ONE >= permits;
            let new = if taken { word - permits * ONE } else { word | WAITED };
            match self.word.compare_exchange_weak(word, new, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return taken,
                Err(now) => word = now,
            }
        }
    }
}

#[inline(always)]
#[track_caller]
fn sum(free: usize, more: usize) -> usize {
    match free.checked_add(more) {
        Some(sum) if sum <= usize::MAX / ONE => sum,
        _ => panic!("too many permits"),
    }
}

impl<H: Host> SemaphorePermit<'_, H> {
    /// Lets the permits go without giving them back: there are fewer from here on.
    pub fn forget(self) {
        mem::forget(self);
    }

    /// How many permits it is.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.permits
    }

    /// Gives the permits back, the last one as [`Semaphore::release_handoff`] does.
    pub fn hand_off(self) {
        let (semaphore, permits) = (self.semaphore, self.permits);
        mem::forget(self);
        if let Some(others) = permits.checked_sub(1) {
            semaphore.add_permits(others);
            semaphore.release_handoff();
        }
    }
}

impl<H: Host> Drop for SemaphorePermit<'_, H> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.add_permits(self.permits);
    }
}

impl<H: Host> fmt::Debug for Semaphore<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permits = self.available_permits();
        f.debug_struct("Semaphore").field("permits", &permits).finish_non_exhaustive()
    }
}

impl<H: Host> fmt::Debug for SemaphorePermit<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphorePermit").field("permits", &self.permits).finish_non_exhaustive()
    }
}
