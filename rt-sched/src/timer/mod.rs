//! Timers: one heap per P, and timers that can be stopped from anywhere. Go: time.go `timer`,
//! `timers`.
//!
//! A timer lies where its user put it, on a sleeper's stack for one, and is known to the heap of
//! the P that started it. It leaves the heap in one of two ways, decided under the heap's lock: it
//! is due and its function will be called, or it is stopped and will not.
//!
//! # Safety
//! - **pinned**: from `start` until it fired or `stop` returned true, a timer stays in place.
//! - **owner lock**: `when` and `index` are touched under the lock of the heap that `owner` names;
//!   with `owner` null, by the timer's user alone.
//! - **heap lives**: a `Timers` that has ever held a timer lives as long as its scheduler.
#![allow(unsafe_code, reason = "**pinned**: heaps point to timers")]

mod heap;

pub use heap::{Heap, NoMemory};

use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use rt_wait::atomic::spin_step;
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

pub use crate::poller::NEVER;

/// What a timer calls when it is due, with the argument it was made with. It must not block.
pub type Fire = unsafe fn(argument: *mut ());

/// A deadline and what to do then.
#[derive(Debug)]
pub struct Timer {
    owner: AtomicPtr<Timers>, // the heap it is in; null: in none. Changed under that heap's lock
    pub(crate) index: Cell<Option<usize>>, // its place there
    fire: Fire,
    argument: Cell<*mut ()>,
    _pinned: PhantomPinned,
}

// SAFETY: **owner lock**; `argument` is handed to `fire` on whatever thread, which is `start`'s
// contract.
unsafe impl Send for Timer {}
// SAFETY: as above.
unsafe impl Sync for Timer {}

impl Timer {
    /// A timer that is not running.
    #[must_use]
    pub const fn new(fire: Fire, argument: *mut ()) -> Timer {
        Timer {
            owner: AtomicPtr::new(null_mut()),
            index: Cell::new(None),
            fire,
            argument: Cell::new(argument),
            _pinned: PhantomPinned,
        }
    }

    /// Stops it. True: it was running and will not fire. False: it is not running; it fired, fires
    /// just now, or was stopped before.
    pub fn stop(self: Pin<&Self>) -> bool {
        loop {
            let owner = self.owner.load(Ordering::Acquire);
            let Some(timers) = NonNull::new(owner) else { return false };
            // SAFETY: **heap lives**.
            let timers = unsafe { timers.as_ref() };
            let mut heap = timers.heap.lock();
            if self.owner.load(Ordering::Relaxed) != owner {
                continue; // procresize moved it to another P, or it just fired
            }
            let index = self.index.get().expect("a timer with an owner is in its heap");
            heap.remove(index);
            self.owner.store(null_mut(), Ordering::Release);
            timers.note_first(&heap);
            return true;
        }
    }

    /// Is it in some heap? A glimpse.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.owner.load(Ordering::Acquire).is_null()
    }
}

/// The timers of one P.
#[derive(Debug)]
pub struct Timers {
    heap: Mutex<Heap>,
    /// The earliest deadline, [`NEVER`] without one; written under the lock, read by all who decide
    /// how long to sleep. Go: `minWhenHeap`.
    first_when: AtomicU64,
}

/// How a started timer changed its heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who sleeps until the old first deadline must be woken"]
pub enum Started {
    /// It is now the first of its heap.
    First,
    /// Others come before it.
    Later,
}

impl Timers {
    /// No timers.
    #[must_use]
    pub fn new() -> Timers {
        Timers { heap: Mutex::new(Rank::Timers, Heap::new()), first_when: AtomicU64::new(NEVER) }
    }

    /// The earliest deadline, or [`NEVER`].
    #[inline(always)]
    #[must_use]
    pub fn first_when(&self) -> u64 {
        self.first_when.load(Ordering::SeqCst) // pairs with `note_first`
    }

    /// How many timers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.lock().len()
    }

    /// How many are due until `when`, or `most`.
    #[must_use]
    pub fn count_due(&self, when: u64, most: usize) -> usize {
        if self.first_when() > when { 0 } else { self.heap.lock().count_due(when, most) }
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_when() == NEVER
    }

    /// Starts a timer, due at `when_ns` of the monotonic clock. It may fire at once.
    ///
    /// # Errors
    /// [`NoMemory`]; the timer does not run.
    ///
    /// # Safety
    /// **pinned**, and `self` **heap lives**. `fire(argument)` may be called on any thread once,
    /// unless `stop` returns true. The timer is not running.
    pub unsafe fn start(&self, timer: Pin<&Timer>, when_ns: u64) -> Result<Started, NoMemory> {
        let when = when_ns.min(NEVER - 1);
        let mut heap = self.heap.lock();
        // SAFETY: **pinned**.
        unsafe { heap.push(when, NonNull::from(timer.get_ref()))? };
        timer.owner.store(NonNull::from(self).as_ptr(), Ordering::Release);
        self.note_first(&heap);
        Ok(if heap.first_when() == Some(when) { Started::First } else { Started::Later })
    }

    /// Fires what is due, one after another, outside the lock. Returns how many. Go:
    /// `timers.check`.
    pub fn run_due(&self, now_ns: u64) -> usize {
        let mut fired = 0;
        while self.first_when() <= now_ns {
            let mut heap = self.heap.lock();
            let Some(timer) = heap.pop_due(now_ns) else { break };
            self.note_first(&heap);
            // SAFETY: **pinned** until it has fired, which the next store tells its user.
            let timer = unsafe { timer.as_ref() };
            let (fire, argument) = (timer.fire, timer.argument.get());
            timer.owner.store(null_mut(), Ordering::Release); // the timer may be gone from here on
            drop(heap);
            // SAFETY: `start`'s contract; it was taken out of the heap once.
            unsafe { fire(argument) };
            fired += 1;
        }
        fired
    }

    /// Takes over all timers of a P that is destroyed. World stopped. Go: `timers.take`.
    ///
    /// # Errors
    /// [`NoMemory`]; nothing moved.
    pub(crate) fn take_all(&self, other: &Timers) -> Result<(), NoMemory> {
        if other.is_empty() {
            return Ok(());
        }
        // Both at once, so that a `stop` always finds the timer where its owner says. Nobody else
        // ever holds two heaps, so the order between them does not matter.
        let mut from = other.heap.lock();
        let mut heap = loop {
            match self.heap.try_lock() {
                Some(heap) => break heap,
                None => spin_step(),
            }
        };
        let me = NonNull::from(self).as_ptr();
        let result = heap.take_all(&mut from, |timer| {
            // SAFETY: **pinned**: it is in a heap. A `stop` that saw the old owner looks again.
            unsafe { timer.as_ref() }.owner.store(me, Ordering::Release);
        });
        self.note_first(&heap);
        other.note_first(&from);
        result
    }

    /// Calls `f` with the heap locked: for checks and dumps.
    pub fn with_heap<R>(&self, f: impl FnOnce(&Heap) -> R) -> R {
        f(&self.heap.lock())
    }

    fn note_first(&self, heap: &Heap) {
        // SeqCst: pairs with the sleeper that looks at all heaps after it has said that it sleeps.
        self.first_when.store(heap.first_when().unwrap_or(NEVER), Ordering::SeqCst);
    }
}

impl Default for Timers {
    fn default() -> Timers {
        Timers::new()
    }
}
