//! What a goroutine is known by: number, name, and the token that `park` waits for. std: `Thread`.
//!
//! Most goroutines are never asked: their info is made when somebody does, by whoever comes first.
//!
//! ```text
//!                  get: CAS by the goroutine or its handle
//!   null (no info) -------------------------------------------> an Arc's pointer
//!        ^                                                          |
//!        +------------ reap: by the last who held the slot ---------+
//! ```
//!
//! # Safety
//! - **counted**: a [`Thread`], and a word that is not null, own one count of the `Arc`; the word's
//!   is given back once, by who frees the slot.
//! - **same form**: a word that is not null does not change while the slot is held, and is what a
//!   `Thread` is: one pointer. So a reference to it is one to a `Thread`.
#![allow(unsafe_code, reason = "**counted**: an Arc in an atomic word")]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::num::NonZero;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};

use rt_wait::parker::Parker;

/// The info.
#[derive(Debug)]
struct Info {
    id: u64,
    name: Option<Box<str>>,
    parker: Parker,
}

/// The handle to a goroutine, or to a thread that runs none. std: `Thread`.
#[repr(transparent)]
pub struct Thread(NonNull<Info>);

/// The number of a goroutine or thread, unique while the process lives. std: `ThreadId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(NonZero<u64>);

// SAFETY: **counted**: as an `Arc` of an `Info`, which may be used anywhere.
unsafe impl Send for Thread {}
// SAFETY: as above.
unsafe impl Sync for Thread {}
// As std's: an unwinding leaves the token whole.
impl UnwindSafe for Thread {}
impl RefUnwindSafe for Thread {}

impl Thread {
    /// The handle to the goroutine or thread with this number, which is not 0.
    #[must_use]
    pub fn new(id: u64, name: Option<Box<str>>) -> Thread {
        let info = Arc::into_raw(Arc::new(Info { id, name, parker: Parker::new() }));
        Thread(NonNull::new(info.cast_mut()).expect("an Arc has an address"))
    }

    fn info(&self) -> &Info {
        // SAFETY: **counted**.
        unsafe { self.0.as_ref() }
    }

    /// Its number, which no other goroutine or thread ever has.
    ///
    /// # Panics
    /// When it was made with number 0.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(NonZero::new(self.info().id).expect("numbers start at 1"))
    }

    /// Its name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.info().name.as_deref()
    }

    /// Gives it the token that `park` waits for. The token is kept, once, until it parks. Callable
    /// from anywhere.
    pub fn unpark(&self) {
        self.parker().unpark();
    }

    /// The token of `park` and `unpark`: only the goroutine or thread itself may park.
    #[doc(hidden)]
    #[must_use]
    pub fn parker(&self) -> &Parker {
        &self.info().parker
    }
}

impl Clone for Thread {
    fn clone(&self) -> Thread {
        // SAFETY: **counted**: one more.
        unsafe { Arc::increment_strong_count(self.0.as_ptr()) };
        Thread(self.0)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: **counted**: its own.
        unsafe { Arc::decrement_strong_count(self.0.as_ptr()) };
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Thread");
        f.field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The word in a goroutine.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct InfoWord(AtomicPtr<Info>);

impl InfoWord {
    pub(crate) const fn none() -> InfoWord {
        InfoWord(AtomicPtr::new(null_mut()))
    }

    /// The handle, made if there is none yet. By who holds the slot.
    pub(crate) fn get(&self, id: u64) -> &Thread {
        if self.0.load(Ordering::Acquire).is_null() {
            self.make(id);
        }
        // SAFETY: **same form**, not null any more; the caller holds the slot.
        unsafe { &*core::ptr::from_ref(self).cast::<Thread>() }
    }

    /// The handle, if there is one. By who holds the slot.
    pub(crate) fn peek(&self) -> Option<&Thread> {
        let is_there = !self.0.load(Ordering::Acquire).is_null();
        // SAFETY: **same form**; the caller holds the slot.
        is_there.then(|| unsafe { &*core::ptr::from_ref(self).cast::<Thread>() })
    }

    #[cold]
    fn make(&self, id: u64) {
        let fresh = Thread::new(id, None);
        let order = Ordering::AcqRel; // pairs with the looks here
        let mine = fresh.0.as_ptr();
        if self.0.compare_exchange(null_mut(), mine, order, Ordering::Acquire).is_ok() {
            core::mem::forget(fresh); // **counted**: the word's now
        }
    }

    /// Gives a goroutine that is not started yet its handle.
    pub(crate) fn set(&self, thread: Thread) {
        self.0.store(thread.0.as_ptr(), Ordering::Relaxed); // nobody else sees it yet
        core::mem::forget(thread); // **counted**: the word's now
    }

    /// Forgets it. By the last who held the slot.
    #[inline(always)]
    pub(crate) fn reap(&self) {
        if !self.0.load(Ordering::Relaxed).is_null() {
            self.reap_slow();
        }
    }

    #[cold]
    fn reap_slow(&self) {
        let info = NonNull::new(self.0.swap(null_mut(), Ordering::Acquire));
        drop(info.map(Thread)); // **counted**
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(thread: &Thread) -> usize {
        // SAFETY: **counted**: one of its counts is lent to the Arc for a look.
        let arc = unsafe { core::mem::ManuallyDrop::new(Arc::from_raw(thread.0.as_ptr())) };
        Arc::strong_count(&arc)
    }

    #[test]
    fn it_is_made_once_and_counted() {
        let word = InfoWord::none();
        let first = word.get(7).clone();
        let second = word.get(7).clone();
        assert!(first.0 == second.0 && first.id() == second.id() && first.name().is_none());
        assert_eq!(count(&first), 3);
        word.reap();
        word.reap();
        assert_eq!(count(&first), 2);
        drop(second);
        assert_eq!(count(&first), 1);
        word.set(Thread::new(8, Some("name".into())));
        assert_eq!(word.get(8).name(), Some("name"));
        word.reap();
    }
}
