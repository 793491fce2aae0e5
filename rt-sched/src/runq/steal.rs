//! The thief's side of a local run queue. Go: `runqsteal`, `runqgrab`. The rules are in `local`.

use core::ptr::{NonNull, null_mut};

use rt_wait::atomic::{Ordering, spin_step};

use super::Linked;
use super::local::{CAPACITY, LocalQueue, STEAL_MAX};
use super::owner::Owner;

/// May a thief take the `next` slot?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steal {
    /// Only what stands in the ring.
    Ring,
    /// The `next` slot too, when the ring is empty. Go: the last of four rounds.
    RingThenNext,
}

impl<T: Linked> LocalQueue<T> {
    /// Steals half of this queue into `to`, and returns the youngest of what it took. Go:
    /// `runqsteal`.
    ///
    /// `back_off` is called before the `next` slot is taken, to give its P the chance to run it;
    /// when it returns false the slot is left alone. Go sleeps 3 µs there when the P is running.
    pub fn steal_into(
        &self,
        to: Owner<'_, T>,
        policy: Steal,
        back_off: impl Fn() -> bool,
    ) -> Option<NonNull<T>> {
        let to_tail = to.queue.tail.load(Ordering::Relaxed); // ours alone
        let count = self.grab(to, to_tail, policy, back_off);
        let last = count.checked_sub(1)?;
        let item = to.queue.slot(to_tail.wrapping_add(last)).load(Ordering::Relaxed);
        if last > 0 {
            let to_head = to.queue.head(Ordering::Acquire).index; // pairs with thieves' CAS
            let room = CAPACITY - to_tail.wrapping_sub(to_head) as usize;
            assert!((last as usize) < room, "runqsteal: runq overflow");
            to.queue.publish(to_tail.wrapping_add(last));
        }
        NonNull::new(item)
    }

    /// Copies up to half of the ring behind `to`'s tail, unpublished. Go: `runqgrab`.
    fn grab(
        &self,
        to: Owner<'_, T>,
        to_tail: u32,
        policy: Steal,
        back_off: impl Fn() -> bool,
    ) -> u32 {
        loop {
            let head = self.head(Ordering::Acquire); // pairs with other takers' CAS
            let tail = self.tail.load(Ordering::Acquire); // **published**
            let present = tail.wrapping_sub(head.index);
            let count = present - present / 2;
            if count == 0 {
                return match policy {
                    Steal::Ring => 0,
                    Steal::RingThenNext => self.grab_next(to, to_tail, back_off),
                };
            }
            if count as usize > STEAL_MAX {
                spin_step();
                continue; // head and tail were not read at one time
            }
            for i in 0..count {
                let item = self.slot(head.index.wrapping_add(i)).load(Ordering::Relaxed);
                to.queue.slot(to_tail.wrapping_add(i)).store(item, Ordering::Relaxed);
            }
            if self.change_head(head, head.moved(count)) {
                return count;
            }
        }
    }

    fn grab_next(&self, to: Owner<'_, T>, to_tail: u32, back_off: impl Fn() -> bool) -> u32 {
        let next = self.next.load(Ordering::Relaxed);
        if next.is_null() || !back_off() {
            return 0;
        }
        let order = Ordering::Acquire; // pairs with the swap in `push_next`
        if self.next.compare_exchange(next, null_mut(), order, Ordering::Relaxed).is_err() {
            return 0;
        }
        to.queue.slot(to_tail).store(next, Ordering::Relaxed);
        1
    }
}
