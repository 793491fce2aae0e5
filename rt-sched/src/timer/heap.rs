//! A heap of deadlines with four children to a node. Go: the heap of `timers` in time.go.
//!
//! Four children halve the depth, and the four lie in one cache line's reach. Each entry carries
//! its `when`, so comparing does not touch the timers; each timer knows its place, so it can be
//! removed.
//!
//! # Safety
//! - **in heap**: an entry's timer is alive while the entry is in the heap, and its `index` is the
//!   entry's place. Only the heap's holder (its lock) touches `index`.
#![allow(unsafe_code, reason = "**in heap**: the heap points to its timers")]

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::Timer;

const ARITY: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Entry {
    when: u64,
    timer: NonNull<Timer>,
}

/// The heap: the earliest first.
#[derive(Debug, Default)]
pub struct Heap {
    entries: Vec<Entry>,
}

// SAFETY: **in heap**: it moves with its lock.
unsafe impl Send for Heap {}

/// There was no memory for another entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl Heap {
    /// An empty heap.
    #[must_use]
    pub const fn new() -> Heap {
        Heap { entries: Vec::new() }
    }

    /// How many timers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The earliest deadline, in ns of the monotonic clock.
    #[must_use]
    pub fn first_when(&self) -> Option<u64> {
        self.entries.first().map(|entry| entry.when)
    }

    /// Adds a timer.
    ///
    /// # Errors
    /// [`NoMemory`]; the heap is unchanged.
    ///
    /// # Safety
    /// **in heap** becomes true: the timer stays alive and in place until it is popped or removed,
    /// and it is in no heap yet.
    pub unsafe fn push(&mut self, when: u64, timer: NonNull<Timer>) -> Result<(), NoMemory> {
        self.entries.try_reserve(1).map_err(|_| NoMemory)?;
        self.entries.push(Entry { when, timer });
        self.sift_up(self.entries.len() - 1);
        Ok(())
    }

    /// Takes the earliest, if it is due at `now_ns`.
    pub fn pop_due(&mut self, now_ns: u64) -> Option<NonNull<Timer>> {
        if self.first_when()? > now_ns {
            return None;
        }
        Some(self.take(0).timer)
    }

    /// Takes out the timer at `index`.
    ///
    /// # Panics
    /// When the heap has no such place.
    pub fn remove(&mut self, index: usize) -> NonNull<Timer> {
        self.take(index).timer
    }

    /// Moves all timers of another heap into this one, telling each to `f`.
    ///
    /// # Errors
    /// [`NoMemory`]; both heaps are unchanged.
    pub fn take_all(
        &mut self,
        other: &mut Heap,
        mut f: impl FnMut(NonNull<Timer>),
    ) -> Result<(), NoMemory> {
        self.entries.try_reserve(other.len()).map_err(|_| NoMemory)?;
        for entry in other.entries.drain(..) {
            f(entry.timer);
            self.entries.push(entry);
            self.sift_up(self.entries.len() - 1);
        }
        Ok(())
    }

    /// How many are due until `when`; `most` when there are as many or more. Looks at these alone,
    /// and at their children.
    #[must_use]
    pub fn count_due(&self, when: u64, most: usize) -> usize {
        self.count_below(0, when, most)
    }

    fn count_below(&self, index: usize, when: u64, most: usize) -> usize {
        if most == 0 || self.entries.get(index).is_none_or(|entry| entry.when > when) {
            return 0;
        }
        (1..=ARITY)
            .fold(1, |sum, child| sum + self.count_below(index * ARITY + child, when, most - sum))
    }

    /// The timers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<Timer>> + '_ {
        self.entries.iter().map(|entry| entry.timer)
    }

    /// Is each entry no earlier than its parent, and does each timer know its place?
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.entries.iter().enumerate().all(|(i, entry)| {
            let parent = &self.entries[i.saturating_sub(1) / ARITY];
            // SAFETY: **in heap**.
            let index = unsafe { entry.timer.as_ref() }.index.get();
            parent.when <= entry.when && index == Some(i)
        })
    }

    fn take(&mut self, index: usize) -> Entry {
        let entry = self.entries.swap_remove(index);
        // SAFETY: **in heap**, until now.
        unsafe { entry.timer.as_ref() }.index.set(None);
        if index < self.entries.len() {
            // What came from the end may belong above or below.
            let index = self.sift_up(index);
            self.sift_down(index);
        }
        entry
    }

    fn place(&mut self, index: usize, entry: Entry) {
        self.entries[index] = entry;
        // SAFETY: **in heap**.
        unsafe { entry.timer.as_ref() }.index.set(Some(index));
    }

    fn sift_up(&mut self, mut index: usize) -> usize {
        let entry = self.entries[index];
        while index > 0 {
            let parent = (index - 1) / ARITY;
            if self.entries[parent].when <= entry.when {
                break;
            }
            self.place(index, self.entries[parent]);
            index = parent;
        }
        self.place(index, entry);
        index
    }

    fn sift_down(&mut self, mut index: usize) {
        let entry = self.entries[index];
        loop {
            let first = index * ARITY + 1;
            let children = first..(first + ARITY).min(self.entries.len());
            let Some(child) = children.min_by_key(|&child| self.entries[child].when) else { break };
            if self.entries[child].when >= entry.when {
                break;
            }
            self.place(index, self.entries[child]);
            index = child;
        }
        self.place(index, entry);
    }
}
