//! What a goroutine is known by: number, name, and the token that `park` waits for. std: what
//! `Thread` points to.
//!
//! Most goroutines are never asked: their info is made when somebody does, by whoever comes first.
//!
//! ```text
//!                  info(): CAS by the goroutine or its handle
//!   null (no info) -------------------------------------------> an Arc's pointer
//!        ^                                                          |
//!        +------------ reap: by the last who held the slot ---------+
//! ```
//!
//! # Safety
//! - **counted**: a pointer in the word counts as one owner of the `Arc`; it is given back once, by
//!   who frees the slot.
#![allow(unsafe_code, reason = "**counted**: an Arc in an atomic word")]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use rt_wait::parker::Parker;

/// The info.
#[derive(Debug)]
pub struct Info {
    id: u64,
    name: Option<Box<str>>,
    parker: Parker,
}

impl Info {
    /// Of the goroutine or thread with this number.
    #[must_use]
    pub fn new(id: u64, name: Option<Box<str>>) -> Info {
        Info { id, name, parker: Parker::new() }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The token of `park` and `unpark`.
    #[must_use]
    pub fn parker(&self) -> &Parker {
        &self.parker
    }
}

/// The word in a goroutine.
#[derive(Debug)]
pub(crate) struct InfoWord(AtomicPtr<Info>);

impl InfoWord {
    pub(crate) const fn none() -> InfoWord {
        InfoWord(AtomicPtr::new(null_mut()))
    }

    /// The info, made if there is none yet. By who holds the slot.
    pub(crate) fn get(&self, id: u64) -> Arc<Info> {
        let mut info = self.0.load(Ordering::Acquire);
        if info.is_null() {
            let fresh = Arc::into_raw(Arc::new(Info::new(id, None))).cast_mut();
            let order = Ordering::AcqRel; // pairs with the looks here
            match self.0.compare_exchange(null_mut(), fresh, order, Ordering::Acquire) {
                Ok(_) => info = fresh,
                Err(others) => {
                    // SAFETY: made above, and seen by nobody.
                    drop(unsafe { Arc::from_raw(fresh) });
                    info = others;
                }
            }
        }
        // SAFETY: **counted**: the caller holds the slot, so the word keeps its count meanwhile.
        unsafe { Arc::increment_strong_count(info) };
        // SAFETY: counted just now.
        unsafe { Arc::from_raw(info) }
    }

    /// Gives a goroutine that is not started yet its info.
    pub(crate) fn set(&self, info: Arc<Info>) {
        self.0.store(Arc::into_raw(info).cast_mut(), Ordering::Relaxed); // nobody else sees it yet
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
        let info = self.0.swap(null_mut(), Ordering::Acquire);
        // SAFETY: **counted**.
        drop(unsafe { Arc::from_raw(info) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_counted() {
        let word = InfoWord::none();
        let first = word.get(7);
        let second = word.get(7);
        assert!(Arc::ptr_eq(&first, &second) && first.id() == 7 && first.name().is_none());
        assert_eq!(Arc::strong_count(&first), 3);
        word.reap();
        word.reap();
        assert_eq!(Arc::strong_count(&first), 2);
        word.set(Arc::new(Info::new(8, Some("name".into()))));
        assert_eq!(word.get(8).name(), Some("name"));
        word.reap();
    }
}
