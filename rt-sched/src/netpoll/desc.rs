//! What the poller knows of a descriptor. Go: `pollDesc`, `pollCache`.
//!
//! Descriptions are never freed: a report may come for one that is used for another file already.
//! So each has a number that rises with each use, and a report carries the one it was asked with.
//!
//! # Safety
//! - **for ever**: a description stays where it is.
#![allow(unsafe_code, reason = "**for ever**: the kernel gives back addresses")]

use alloc::alloc::{Layout, alloc};
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rt_os::errno::Errno;
use rt_os::sys::epoll::{ERROR, HANGUP, PRIORITY, READ_CLOSED, READABLE, WRITABLE};

use super::word::WaitWord;

/// So many bits of the number go with a report: what the address leaves.
const NUMBER_BITS: u32 = 23;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;
/// An address of user space has 47 bits, and the low ones of a description's are 0.
const ADDRESS_SHIFT: u32 = 17;
const ALIGN_MASK: u64 = 63;

/// One direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What comes in. Go: mode `r`.
    Read,
    /// What goes out. Go: mode `w`.
    Write,
}

/// A description.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Desc {
    /// Rises when its use ends. Written by who ends it. Go: `fdseq`.
    number: AtomicU32,
    /// The other side has ended, or something urgent came: a change that was seen may be followed
    /// by no other, so each call is tried first.
    tries_first: AtomicBool,
    read: WaitWord,
    /// The next free one. Under the lock of the list.
    next: Cell<Option<NonNull<Desc>>>,
    write: WaitWord,
}

impl Desc {
    fn new() -> Desc {
        Desc {
            number: AtomicU32::new(0),
            tries_first: AtomicBool::new(false),
            read: WaitWord::new(),
            next: Cell::new(None),
            write: WaitWord::new(),
        }
    }

    /// The word of a direction.
    #[inline]
    pub(crate) fn word(&self, direction: Direction) -> &WaitWord {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// May each call be tried before anything is waited for?
    #[inline]
    pub(crate) fn tries_first(&self) -> bool {
        self.tries_first.load(Ordering::Acquire) // pairs with `report`
    }

    /// Is who has come to the end of what there was told of the next change? Not a reader behind
    /// whose bytes the end has come already: it was reported with them, and others may wait for it.
    #[inline]
    pub(crate) fn reports_more(&self, direction: Direction) -> bool {
        direction == Direction::Write || !self.tries_first()
    }

    /// Has all who wait look again. Go: `pollUnblock`.
    pub(crate) fn kick(&self) {
        self.read.kick().ready();
        self.write.kick().ready();
    }

    /// Its tasks are told nothing more.
    pub(crate) fn forget_tasks(&self) {
        self.read.forget_task();
        self.write.forget_task();
    }

    /// The word that reports of it carry.
    pub(crate) fn tag(&self) -> u64 {
        let number = u64::from(self.number.load(Ordering::Relaxed));
        (core::ptr::from_ref(self).expose_provenance() as u64) << ADDRESS_SHIFT
            | number & NUMBER_MASK
    }

    /// Whose report it is; `None`: that use has ended.
    pub(crate) fn of_tag(tag: u64) -> Option<&'static Desc> {
        let address = (tag >> ADDRESS_SHIFT & !ALIGN_MASK) as usize;
        // SAFETY: **for ever**: made by `tag`.
        let desc = unsafe { &*core::ptr::with_exposed_provenance::<Desc>(address) };
        (desc.tag() == tag).then_some(desc)
    }

    /// Something has happened.
    pub(crate) fn report(&self, events: u32) {
        if events & (READ_CLOSED | HANGUP | ERROR | PRIORITY) != 0 {
            // SeqCst: before `event` looks at the word. So who takes READY from there after that
            // look sees this behind its call.
            self.tries_first.store(true, Ordering::SeqCst); // pairs with `tries_first`
        }
        if events & (READABLE | READ_CLOSED | HANGUP | ERROR | PRIORITY) != 0 {
            self.read.event().ready();
        }
        if events & (WRITABLE | HANGUP | ERROR) != 0 {
            self.write.event().ready();
        }
    }
}

/// Those that are not in use. Under a lock.
#[derive(Debug)]
pub(crate) struct FreeDescs(Option<NonNull<Desc>>);

// SAFETY: **for ever**: what is in the list is nobody else's.
unsafe impl Send for FreeDescs {}

impl FreeDescs {
    pub(crate) const fn new() -> FreeDescs {
        FreeDescs(None)
    }

    /// One that nobody uses.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn take(&mut self) -> Result<&'static Desc, Errno> {
        let Some(free) = self.0 else { return make() };
        // SAFETY: **for ever**; it is in the list, so it is ours.
        let desc = unsafe { free.as_ref() };
        self.0 = desc.next.take();
        Ok(desc)
    }

    /// Takes it back. Nobody waits on it, and nobody will.
    pub(crate) fn put(&mut self, desc: &'static Desc) {
        desc.number.store(desc.number.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
        desc.tries_first.store(false, Ordering::Relaxed);
        let (_read, _write) = (desc.read.may_try(), desc.write.may_try());
        desc.next.set(self.0.replace(NonNull::from(desc)));
    }
}

fn make() -> Result<&'static Desc, Errno> {
    // SAFETY: the layout is not zero-sized.
    let fresh = NonNull::new(unsafe { alloc(Layout::new::<Desc>()) }.cast::<Desc>());
    let fresh = fresh.ok_or(Errno::ENOMEM)?;
    // SAFETY: memory of the right layout, which is never freed.
    unsafe {
        fresh.write(Desc::new());
        Ok(fresh.as_ref())
    }
}

// SAFETY: `next` is used under the lock of the list only; all else is atomic.
unsafe impl Sync for Desc {}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reports_for_what_has_ended_are_told_apart() {
        let mut free = FreeDescs::new();
        let desc = free.take().unwrap();
        let tag = desc.tag();
        assert!(core::ptr::eq(Desc::of_tag(tag).unwrap(), desc));
        desc.report(READABLE | HANGUP);
        assert!(desc.tries_first() && desc.write.is_ready());
        desc.kick();
        free.put(desc);
        assert!(Desc::of_tag(tag).is_none());
        let again = free.take().unwrap();
        assert!(core::ptr::eq(again, desc) && again.tag() != tag);
        assert!(!again.tries_first() && !again.read.is_ready() && !again.write.is_ready());
    }

    proptest! {
        /// Descriptors come and go, and reports come late: each reaches the use that it was asked
        /// with, or nobody.
        #[test]
        fn reports_reach_their_own_use_only(steps in vec((0..4u8, any::<usize>()), 1..300)) {
            let mut free = FreeDescs::new();
            let mut live: Vec<(&'static Desc, u64)> = Vec::new();
            let mut gone = Vec::new();
            for (step, which) in steps {
                match step {
                    0 => {
                        let desc = free.take().unwrap();
                        prop_assert!(!desc.read.is_ready() && !desc.write.is_ready());
                        prop_assert!(live.iter().all(|(other, _)| !core::ptr::eq(*other, desc)));
                        live.push((desc, desc.tag()));
                    }
                    1 if !live.is_empty() => {
                        let (desc, tag) = live.swap_remove(which % live.len());
                        desc.kick();
                        free.put(desc);
                        gone.push(tag);
                    }
                    2 if !live.is_empty() => {
                        let (desc, tag) = live[which % live.len()];
                        let found = Desc::of_tag(tag);
                        prop_assert!(found.is_some_and(|found| core::ptr::eq(found, desc)));
                        desc.report(READABLE);
                        prop_assert!(desc.read.may_try() && !desc.read.may_try());
                    }
                    3 if !gone.is_empty() => {
                        prop_assert!(Desc::of_tag(gone[which % gone.len()]).is_none());
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_try_is_taken_once_unless_there_may_be_no_other_change() {
        let desc = make().unwrap();
        desc.report(READABLE | WRITABLE);
        assert!(desc.read.may_try() && !desc.read.may_try());
        assert!(desc.write.is_ready() && desc.write.may_try() && !desc.write.is_ready());
        assert!(!desc.tries_first());
        for event in [READ_CLOSED, HANGUP, ERROR, PRIORITY] {
            let desc = make().unwrap();
            desc.report(event);
            assert!(desc.tries_first());
        }
    }
}
