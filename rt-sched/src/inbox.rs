//! What one M alone takes from other threads, and its sleep: goroutines for one P, where no other P
//! may have them; threads to be started.
//!
//! ```text
//!   sender                                  the P's M
//!   put the item in; len + 1   (SeqCst)     asleep = true                 (SeqCst)
//!   asleep? take it back, wake              len != 0? take it back, stay awake
//!                                           sleep; take it back: gone? a wake-up is under way
//! ```
//!
//! Each side writes its own, passes a full barrier, and looks at the other's. Whoever takes
//! `asleep` back decides: the sender that did owes a wake-up, and the M waits for it.

use core::ptr::NonNull;

use rt_wait::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use rt_wait::note::Note;
use rt_wait::spin::SpinLock;

use crate::runq::{Chain, Linked};

/// The inbox. All zero bytes are an empty one.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    items: SpinLock<Chain<T>>,
    len: AtomicU32,     // of items; read without the lock
    asleep: AtomicBool, // the M sleeps, or is about to
    note: Note,         // signalled only by who took `asleep` back; cleared by the M
}

/// loom takes SeqCst operations for AcqRel ones; on the machine a SeqCst RMW is a full barrier.
#[inline(always)]
fn loom_barrier() {
    if cfg!(loom) {
        fence(Ordering::SeqCst);
    }
}

impl<T: Linked> Inbox<T> {
    /// An empty one, whose M is awake.
    pub(crate) fn new() -> Inbox<T> {
        Inbox {
            items: SpinLock::new(Chain::new()),
            len: AtomicU32::new(0),
            asleep: AtomicBool::new(false),
            note: Note::new(),
        }
    }

    /// How many items: a glimpse.
    pub(crate) fn len(&self) -> u32 {
        self.len.load(Ordering::SeqCst)
    }

    /// Does the M sleep? A glimpse.
    #[cfg(not(loom))]
    pub(crate) fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::Relaxed)
    }

    /// Puts items in and wakes the M if it sleeps.
    pub(crate) fn put(&self, chain: Chain<T>) {
        let count = chain.len() as u32;
        self.items.lock().append(chain);
        self.len.fetch_add(count, Ordering::SeqCst); // pairs with the look in `sleep`
        loom_barrier();
        self.nudge();
    }

    /// Wakes the M if it sleeps: it shall look again.
    pub(crate) fn nudge(&self) {
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            self.note.wakeup();
        }
    }

    /// Takes up to `max` items out. By the P's M.
    pub(crate) fn take(&self, max: usize) -> Chain<T> {
        if self.len() == 0 {
            return Chain::new();
        }
        let taken = self.items.lock().split_front(max);
        self.len.fetch_sub(taken.len() as u32, Ordering::SeqCst);
        taken
    }

    /// Sleeps by `nap` on the note, unless there are items. By the P's M, which then looks again.
    pub(crate) fn sleep(&self, nap: impl FnOnce(&Note)) {
        self.asleep.swap(true, Ordering::SeqCst); // pairs with the look in `nudge`
        loom_barrier();
        if self.len() == 0 {
            nap(&self.note);
        }
        if !self.asleep.swap(false, Ordering::SeqCst) {
            self.note.sleep(); // until the wake-up that is under way, if it is not here yet
            self.note.clear();
        }
    }
}

/// A chain of one.
pub(crate) fn chain_of<T: Linked>(item: NonNull<T>) -> Chain<T> {
    one::chain_of(item)
}

mod one {
    //! # Safety
    //! - **owned**: the caller's item is in no chain (its caller's promise is the queue's).
    #![allow(unsafe_code, reason = "**owned**: links")]

    use super::{Chain, Linked, NonNull};

    pub(super) fn chain_of<T: Linked>(item: NonNull<T>) -> Chain<T> {
        let mut chain = Chain::new();
        // SAFETY: **owned**.
        unsafe { chain.push_back(item) };
        chain
    }
}

#[cfg(all(test, loom))]
mod models {
    extern crate std;
    use super::*;
    use core::cell::Cell;
    use loom::sync::Arc;
    use loom::thread;
    use std::boxed::Box;

    struct Item(Cell<Option<NonNull<Item>>>);

    mod linked {
        //! # Safety
        //! - **leaked**: items live for ever.
        #![allow(unsafe_code, reason = "**leaked**: raw pointers")]

        use super::{Item, Linked, NonNull};

        // SAFETY: **leaked**: one cell, stored and given back.
        unsafe impl Linked for Item {
            unsafe fn next(this: NonNull<Item>) -> Option<NonNull<Item>> {
                // SAFETY: **leaked**.
                unsafe { this.as_ref() }.0.get()
            }
            unsafe fn set_next(this: NonNull<Item>, next: Option<NonNull<Item>>) {
                // SAFETY: **leaked**.
                unsafe { this.as_ref() }.0.set(next);
            }
        }
        // SAFETY: handed over by the inbox.
        unsafe impl Send for Item {}
        // SAFETY: as above.
        unsafe impl Sync for Item {}
    }

    fn item() -> Chain<Item> {
        chain_of(NonNull::from(Box::leak(Box::new(Item(Cell::new(None))))))
    }

    /// Takes until it has `wanted`, sleeping without a deadline between: a lost wake-up would be a
    /// deadlock, which loom reports.
    fn receive(inbox: &Inbox<Item>, wanted: usize) {
        let mut have = 0;
        while have < wanted {
            let mut taken = inbox.take(1);
            if taken.is_empty() {
                inbox.sleep(Note::sleep);
            }
            while taken.pop().is_some() {
                have += 1;
            }
        }
    }

    #[test]
    fn loom_inbox_loses_no_wakeup() {
        loom::model(|| {
            let inbox = Arc::new(Inbox::new());
            let senders: [_; 2] = core::array::from_fn(|_| {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || inbox.put(item()))
            });
            receive(&inbox, 2);
            for sender in senders {
                sender.join().unwrap();
            }
            assert_eq!(inbox.len(), 0);
        });
    }

    #[test]
    fn loom_inbox_is_slept_on_twice() {
        loom::model(|| {
            let inbox = Arc::new(Inbox::new());
            let theirs = Arc::clone(&inbox);
            let sender = thread::spawn(move || {
                theirs.put(item());
                theirs.put(item());
            });
            receive(&inbox, 1);
            receive(&inbox, 1);
            sender.join().unwrap();
        });
    }
}
