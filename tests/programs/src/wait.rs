//! Waiting without channels, straight on rt-wait's contract; no memory is allocated.
//!
//! # Safety
//! - **list**: a node lies on the stack of a goroutine that waits; it is linked and unlinked under
//!   the lock, and its goroutine goes on only after it was unlinked and readied.
//! - **one ready**: who unlinks a node readies its waiter, once.
#![allow(unsafe_code, reason = "**list**: nodes on other goroutines' stacks")]

use core::pin::pin;
use core::ptr::{NonNull, null_mut};

use rt_wait::mutex::Mutex;
use rt_wait::park::{Spot, WaitReason, Waiter};
use rt_wait::rank::Rank;

/// Waits for what never comes.
pub fn forever() -> ! {
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    spot.prepare(WaitReason::Park);
    spot.commit();
    panic!("readied by nobody");
}

/// Readies the running goroutine, which does not wait: the runtime must not let it pass.
pub fn ready_myself() {
    let spot = pin!(Spot::new());
    let waiter = spot.into_ref().waiter();
    // SAFETY: none: **one ready** is broken, to see that it is noticed before it does harm.
    unsafe { waiter.ready() };
}

struct Node {
    waiter: Waiter,
    next: *mut Node,
}

struct Inner {
    permits: usize,
    waiting: usize,
    head: *mut Node,
    tail: *mut Node,
}

// SAFETY: **list**: the pointers are used under the lock.
unsafe impl Send for Inner {}

/// A counting semaphore; waiters are served in order.
#[derive(Debug)]
pub struct Semaphore(Mutex<Inner>);

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} permits, {} waiting", self.permits, self.waiting)
    }
}

impl Semaphore {
    /// A semaphore with this many permits.
    #[must_use]
    pub const fn new(permits: usize) -> Semaphore {
        let inner = Inner { permits, waiting: 0, head: null_mut(), tail: null_mut() };
        Semaphore(Mutex::new(Rank::Leaf, inner))
    }

    /// Takes a permit; parks until there is one.
    pub fn acquire(&self) {
        let mut inner = self.0.lock();
        if inner.permits > 0 {
            inner.permits -= 1;
            return;
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        spot.prepare(WaitReason::Semacquire);
        let mut node = Node { waiter: spot.waiter(), next: null_mut() };
        let at = &raw mut node;
        match NonNull::new(inner.tail) {
            // SAFETY: **list**.
            Some(last) => unsafe { (*last.as_ptr()).next = at },
            None => inner.head = at,
        }
        inner.tail = at;
        inner.waiting += 1;
        drop(inner);
        spot.commit();
    }

    /// Gives a permit: to the first who waits, else to the next who comes. True when one waited.
    pub fn release(&self) -> bool {
        self.give(true)
    }

    /// Readies the first who waits, if any; true when there was one.
    pub fn release_waiter(&self) -> bool {
        self.give(false)
    }

    fn give(&self, keep: bool) -> bool {
        let mut inner = self.0.lock();
        let Some(node) = NonNull::new(inner.head) else {
            inner.permits += usize::from(keep);
            return false;
        };
        // SAFETY: **list**; after the ready below the node may be gone.
        let Node { waiter, next } = unsafe { node.read() };
        inner.head = next;
        if next.is_null() {
            inner.tail = null_mut();
        }
        inner.waiting -= 1;
        drop(inner);
        // SAFETY: **one ready**.
        unsafe { waiter.ready() };
        true
    }

    /// How many wait. A glimpse.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting
    }
}
