//! Models of the hand-off: the owner of a P beside those who want it.
//!
//! The words are the real ones. What membarrier does, loom is told by a fence on both sides.

use core::cell::Cell;
use std::vec::Vec;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::thread;

use super::{Brief, Handoff};

/// A P's own data: loom fails the model when two touch it at once.
struct OwnData(loom::cell::UnsafeCell<u32>);

mod own_data {
    //! # Safety
    //! - **watched**: loom fails the model when accesses overlap.
    #![allow(unsafe_code, reason = "**watched**: the cell is what is tested")]

    use super::OwnData;

    // SAFETY: **watched**.
    unsafe impl Sync for OwnData {}
    // SAFETY: **watched**.
    unsafe impl Send for OwnData {}

    impl OwnData {
        pub(super) fn touch(&self) {
            // SAFETY: **watched**.
            self.0.with_mut(|data| unsafe { *data += 1 });
        }
    }
}

struct World {
    handoff: Handoff,
    data: OwnData,
    taken: AtomicU32,
}

fn world() -> Arc<World> {
    let world = World {
        handoff: Handoff::new(false),
        data: OwnData(loom::cell::UnsafeCell::new(0)),
        taken: AtomicU32::new(0),
    };
    world.handoff.leave();
    Arc::new(world)
}

impl World {
    fn briefly(&self) {
        match self.handoff.enter_briefly() {
            Brief::Inside => {
                self.data.touch();
                self.handoff.leave();
            }
            Brief::Nested => panic!("it was outside"),
            Brief::Outside => {}
        }
    }

    /// True: it still had its P.
    fn to_leave(&self) -> bool {
        let has_p = self.handoff.enter_to_leave();
        if has_p {
            self.data.touch();
        }
        self.handoff.leave();
        has_p
    }

    /// One try of a retaker.
    fn retake(&self, ticket: u64, looks: u32) {
        let Some(request) = self.handoff.ask(ticket) else { return };
        fence(Ordering::SeqCst); // the heavy barrier
        for _ in 0..looks {
            if self.handoff.is_inside() {
                thread::yield_now();
                continue;
            }
            if self.handoff.take(request) {
                self.taken.fetch_add(1, Ordering::SeqCst);
                self.data.touch();
            }
            return;
        }
    }
}

fn against_retakers(owner: impl Fn(&World) + Sync + Send + 'static, retakers: u64) {
    let owner = std::sync::Arc::new(owner);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = if retakers > 1 { Some(3) } else { None };
    model.check(move || {
        let world = world();
        let others: Vec<_> = (1..=retakers)
            .map(|ticket| {
                let world = Arc::clone(&world);
                thread::spawn(move || world.retake(ticket, 1))
            })
            .collect();
        owner(&world);
        for other in others {
            other.join().unwrap();
        }
        assert!(world.taken.load(Ordering::SeqCst) <= 1, "two have taken it");
    });
}

#[test]
fn loom_one_has_the_p() {
    against_retakers(
        |world| {
            world.briefly();
            world.to_leave();
            world.briefly();
        },
        1,
    );
}

#[test]
fn loom_two_retakers_take_it_once() {
    against_retakers(
        |world| {
            world.briefly();
            world.to_leave();
        },
        2,
    );
}

#[test]
fn loom_who_asks_for_another_is_not_answered_by_an_old_look() {
    // The owner answers one request, and another comes: the first retaker's look is spent.
    against_retakers(
        |world| {
            if world.to_leave() {
                world.briefly();
            }
        },
        2,
    );
}

#[test]
fn loom_a_taken_p_comes_back() {
    loom::model(|| {
        let world = world();
        let theirs = Arc::clone(&world);
        let retaker = thread::spawn(move || theirs.retake(1, 1));
        let had = Cell::new(true);
        if !world.handoff.enter_to_leave() {
            had.set(false);
            // It was the only retaker, so it is done when its data is: as sched.lock would order.
            while world.taken.load(Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
        }
        if had.get() {
            world.data.touch();
        }
        world.handoff.leave();
        retaker.join().unwrap();
        if !had.get() {
            world.handoff.acquired();
            assert!(world.handoff.enter_to_leave(), "nobody has asked again");
            world.data.touch();
        }
    });
}

#[test]
fn loom_with_fences_of_its_own() {
    loom::model(|| {
        let world = world();
        world.handoff.set_fenced();
        let theirs = Arc::clone(&world);
        let retaker = thread::spawn(move || theirs.retake(1, 1));
        world.briefly();
        world.to_leave();
        retaker.join().unwrap();
    });
}
