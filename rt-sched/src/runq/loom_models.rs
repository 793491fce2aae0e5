//! Models of the local run queue: one owner, two thieves, positions that wrap, a ring of four.

use core::cell::Cell;
use core::ptr::NonNull;
use std::boxed::Box;
use std::vec::Vec;

use loom::sync::Arc;
use loom::thread;

use super::{CAPACITY, Linked, LocalQueue, Push, Steal};

struct Item {
    number: u32,
    next: Cell<Option<NonNull<Item>>>,
}

mod items {
    //! # Safety
    //! - **leaked**: items are leaked boxes; who takes one out of a queue owns it.
    #![allow(unsafe_code, reason = "**leaked**: raw items in queues")]

    use super::{Arc, Box, Item, Linked, LocalQueue, NonNull, Push, Steal, Vec};

    // SAFETY: **leaked**: one cell, stored and given back by the owner.
    unsafe impl Linked for Item {
        unsafe fn next(this: NonNull<Item>) -> Option<NonNull<Item>> {
            // SAFETY: the caller's.
            unsafe { this.as_ref() }.next.get()
        }

        unsafe fn set_next(this: NonNull<Item>, next: Option<NonNull<Item>>) {
            // SAFETY: the caller's.
            unsafe { this.as_ref() }.next.set(next);
        }
    }

    // SAFETY: **leaked**: handed over as a whole.
    unsafe impl Send for Item {}
    // SAFETY: as above.
    unsafe impl Sync for Item {}

    pub(super) fn item(number: u32) -> NonNull<Item> {
        NonNull::from(Box::leak(Box::new(Item { number, next: None.into() })))
    }

    pub(super) fn open(item: NonNull<Item>) -> u32 {
        // SAFETY: **leaked**: it was taken out of a queue, once or the count is wrong.
        unsafe { Box::from_raw(item.as_ptr()) }.number
    }

    pub(super) fn push(queue: &LocalQueue<Item>, number: u32, next: bool) -> Push<Item> {
        // SAFETY: the model has one owner per queue.
        let owner = unsafe { queue.owner() };
        // SAFETY: a new item.
        unsafe { if next { owner.push_next(item(number)) } else { owner.push(item(number)) } }
    }

    pub(super) fn push_new(queue: &LocalQueue<Item>, number: u32) {
        // SAFETY: the model has one owner per queue; a new item.
        let pushed = unsafe { queue.owner().push_new(item(number)) };
        assert!(!matches!(pushed, Push::Full(_)), "the ring has room");
    }

    pub(super) fn pop(queue: &LocalQueue<Item>) -> Option<u32> {
        // SAFETY: the model has one owner per queue.
        unsafe { queue.owner() }.pop().map(|popped| open(popped.item))
    }

    /// Steals once, and takes what came along.
    pub(super) fn steal(victim: &Arc<LocalQueue<Item>>, policy: Steal) -> Vec<u32> {
        let mine = LocalQueue::new();
        // SAFETY: nobody else knows it.
        let owner = unsafe { mine.owner() };
        let first = victim.steal_into(owner, policy, || true).map(open);
        first.into_iter().chain(core::iter::from_fn(|| pop(&mine))).collect()
    }
}
use items::{open, pop, push, push_new, steal};

/// All numbers once.
fn assert_whole(mut got: Vec<u32>, count: u32) {
    got.sort_unstable();
    let expected: Vec<u32> = (1..=count).collect();
    assert_eq!(got, expected);
}

fn drain(queue: &LocalQueue<Item>) -> Vec<u32> {
    core::iter::from_fn(|| pop(queue)).collect()
}

#[test]
fn loom_owner_and_two_thieves_share_what_there_is() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::starting_at(u32::MAX - 1));
        for number in 1..=3 {
            assert!(matches!(push(&queue, number, false), Push::Ring));
        }
        let thieves = [Steal::Ring, Steal::Ring].map(|policy| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || steal(&queue, policy))
        });
        let mut got: Vec<u32> = pop(&queue).into_iter().collect();
        for thief in thieves {
            got.extend(thief.join().unwrap());
        }
        got.extend(drain(&queue));
        assert_whole(got, 3);
    });
}

#[test]
fn loom_a_push_meets_a_thief() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::starting_at(u32::MAX));
        assert!(matches!(push(&queue, 1, false), Push::Ring));
        let theirs = Arc::clone(&queue);
        let thief = thread::spawn(move || steal(&theirs, Steal::Ring));
        assert!(matches!(push(&queue, 2, false), Push::Ring));
        let mut got: Vec<u32> = pop(&queue).into_iter().collect();
        got.extend(thief.join().unwrap());
        got.extend(drain(&queue));
        assert_whole(got, 2);
    });
}

#[test]
fn loom_the_next_slot_is_taken_once() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::new());
        assert!(matches!(push(&queue, 1, true), Push::Lone));
        let thieves = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || steal(&queue, Steal::RingThenNext))
        });
        let displaced = matches!(push(&queue, 2, true), Push::Ring);
        let mut got: Vec<u32> = pop(&queue).into_iter().collect();
        for thief in thieves {
            got.extend(thief.join().unwrap());
        }
        got.extend(drain(&queue));
        let _either = displaced;
        assert_whole(got, 2);
    });
}

#[test]
fn loom_a_full_ring_overflows_beside_a_thief() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::starting_at(u32::MAX - 2));
        let full = CAPACITY as u32;
        for number in 1..=full {
            assert!(matches!(push(&queue, number, false), Push::Ring));
        }
        let theirs = Arc::clone(&queue);
        let thief = thread::spawn(move || steal(&theirs, Steal::Ring));
        let mut got = Vec::new();
        if let Push::Full(mut batch) = push(&queue, full + 1, false) {
            assert_eq!(batch.len(), CAPACITY / 2 + 1);
            got.extend(core::iter::from_fn(|| batch.pop().map(open)));
        }
        got.extend(thief.join().unwrap());
        got.extend(drain(&queue));
        assert_whole(got, full + 1);
    });
}

#[test]
fn loom_never_empty_while_an_item_is_there() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::new());
        assert!(matches!(push(&queue, 1, true), Push::Lone));
        let theirs = Arc::clone(&queue);
        let looker = thread::spawn(move || theirs.is_empty());
        // The first item moves from the next slot to the ring: it is in the queue all the time.
        assert!(matches!(push(&queue, 2, true), Push::Ring));
        assert!(!looker.join().unwrap(), "empty with an item in it");
        assert_whole(drain(&queue), 2);
    });
}

/// The owner takes at the tail what a thief may be about to take from the head.
#[test]
fn loom_both_ends_are_taken_once() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::starting_at(u32::MAX));
        for number in 1..=3 {
            push_new(&queue, number); // 3 in the next slot, 1 and 2 in the ring
        }
        let theirs = Arc::clone(&queue);
        let thief = thread::spawn(move || {
            let mut got = steal(&theirs, Steal::Ring);
            got.extend(steal(&theirs, Steal::Ring));
            got
        });
        let mut got = drain(&queue);
        push_new(&queue, 4);
        push_new(&queue, 5);
        got.extend(drain(&queue));
        got.extend(thief.join().unwrap());
        assert_whole(got, 5);
    });
}

#[test]
fn loom_two_thieves_meet_the_owner_at_the_tail() {
    loom::model(|| {
        let queue = Arc::new(LocalQueue::new());
        for number in 1..=3 {
            push_new(&queue, number);
        }
        let thieves = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || steal(&queue, Steal::Ring))
        });
        let mut got = drain(&queue);
        for thief in thieves {
            got.extend(thief.join().unwrap());
        }
        assert_whole(got, 3);
    });
}
