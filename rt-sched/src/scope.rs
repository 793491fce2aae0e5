//! What a scope and its goroutines share: a count, and results on their way. std: `ScopeData`,
//! `Packet`.
//!
//! Why nothing that was borrowed can be used too late, if the ground does as said here:
//!
//! - The scope returns, or unwinds, only after [`Running::wait`]. A goroutine's count goes down at
//!   its own end, whatever became of its handle; by then its closure is gone, with what it had
//!   captured, and its result lies in a [`Packet`].
//! - The packet is shared with the handle; the goroutine gives its share up before its count. If
//!   there is no handle, that drops the result. If there is one, somebody owns it: the closure of
//!   the scope or a goroutine of the scope, since its type names `'scope`. Both are gone when the
//!   scope returns, and with them the handle, and with it the result.
//! - A handle that was forgotten keeps its packet for ever: the result is never dropped, so nobody
//!   looks at what it borrows. The count does not ask for it, so the scope does not hang.
//!
//! After its count the goroutine touches nothing but this, which is counted, not borrowed.

use core::sync::atomic::{AtomicUsize, Ordering};

use rt_wait::mutex::Mutex;
use rt_wait::parker::Parker;
use rt_wait::rank::Rank;

/// How many goroutines of a scope have not ended. The scope and they own it together.
#[derive(Debug)]
pub struct Running {
    count: AtomicUsize,
    /// Told when the count becomes 0. The scope waits here, not with its caller's own token.
    all_ended: Parker,
}

impl Running {
    /// None.
    #[must_use]
    pub fn new() -> Running {
        Running { count: AtomicUsize::new(0), all_ended: Parker::new() }
    }

    /// One more, before it is started.
    ///
    /// # Panics
    /// "too many running goroutines in scope", as std.
    pub fn begin(&self) -> Begun<'_> {
        // Relaxed: whoever starts one is counted itself, or is the scope.
        let begun = Begun(self);
        if self.count.fetch_add(1, Ordering::Relaxed) > usize::MAX / 2 {
            panic!("too many running goroutines in scope");
        }
        begun
    }

    /// One less: it is done with all that it borrows.
    pub fn end(&self) {
        // Release: what the goroutine did; pairs with the look in `wait`.
        if self.count.fetch_sub(1, Ordering::Release) == 1 {
            self.all_ended.unpark();
        }
    }

    /// Waits until all have ended. Only the scope does.
    pub fn wait(&self) {
        // The token may be of an earlier time when none ran.
        while self.count.load(Ordering::Acquire) != 0 {
            self.all_ended.park();
        }
    }

    /// How many there are: a glimpse.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// A goroutine that is counted and not started yet. Dropped, it was not started after all.
#[derive(Debug)]
#[must_use = "dropping it takes the count back"]
pub struct Begun<'a>(&'a Running);

impl Begun<'_> {
    /// It is started, and will count itself out.
    pub fn started(self) {
        core::mem::forget(self);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Default for Running {
    fn default() -> Running {
        Running::new()
    }
}

/// A result on its way from a goroutine to its handle.
#[derive(Debug)]
pub struct Packet<T>(Mutex<Option<T>>); // never contended: the join comes after the end

impl<T> Packet<T> {
    /// Empty.
    #[must_use]
    pub fn new() -> Packet<T> {
        Packet(Mutex::new(Rank::Leaf, None))
    }

    /// Puts the result. The goroutine does, once.
    pub fn put(&self, result: T) {
        *self.0.lock() = Some(result);
    }

    /// Takes the result, if it is there.
    pub fn take(&self) -> Option<T> {
        self.0.lock().take()
    }
}

impl<T> Default for Packet<T> {
    fn default() -> Packet<T> {
        Packet::new()
    }
}
