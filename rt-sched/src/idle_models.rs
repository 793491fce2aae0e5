//! Models of the wake-up protocol: Ms that run out of work beside Ms that submit.
//!
//! The words, the queue and the notes are the real ones. The M's loop is told in short: what it
//! takes, when it gives its P up, how it looks again, how it sleeps, in the order of
//! `find::go_idle`.

use core::cell::Cell;
use core::ptr::NonNull;
use std::boxed::Box;

use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::idle::IdleWords;
use crate::poller::{NEVER, Poller, Told};
use crate::runq::{Linked, LocalQueue, Push, Steal};

struct Item(Cell<Option<NonNull<Item>>>);

mod items {
    //! # Safety
    //! - **leaked**: items are leaked boxes; who takes one out of a queue owns it.
    //! - **one owner**: the model pushes to the queue from one thread at a time.
    #![allow(unsafe_code, reason = "**leaked**: raw items in queues")]

    use super::{Box, Item, Linked, LocalQueue, NonNull, Push, Steal};

    // SAFETY: **leaked**.
    unsafe impl Linked for Item {
        unsafe fn next(this: NonNull<Item>) -> Option<NonNull<Item>> {
            // SAFETY: the caller's.
            unsafe { this.as_ref() }.0.get()
        }

        unsafe fn set_next(this: NonNull<Item>, next: Option<NonNull<Item>>) {
            // SAFETY: the caller's.
            unsafe { this.as_ref() }.0.set(next);
        }
    }

    // SAFETY: **leaked**.
    unsafe impl Send for Item {}
    // SAFETY: **leaked**.
    unsafe impl Sync for Item {}

    pub(super) fn push(queue: &LocalQueue<Item>) {
        let item = NonNull::from(Box::leak(Box::new(Item(None.into()))));
        // SAFETY: **one owner**.
        let owner = unsafe { queue.owner() };
        // SAFETY: a new item.
        assert!(matches!(unsafe { owner.push(item) }, Push::Ring));
    }

    /// Takes one by stealing; true when there was one.
    pub(super) fn steal(victim: &LocalQueue<Item>) -> bool {
        let mine = LocalQueue::new();
        // SAFETY: nobody else knows it.
        let owner = unsafe { mine.owner() };
        let Some(item) = victim.steal_into(owner, Steal::Ring, || true) else { return false };
        // SAFETY: **leaked**, and taken out once.
        drop(unsafe { Box::from_raw(item.as_ptr()) });
        true
    }
}

/// Two Ps: the submitter's, whose ring is `ring`, and one that the idler gives up.
struct World {
    words: IdleWords,
    ring: LocalQueue<Item>,
    idle_ps: Mutex<u32>,
    done: AtomicUsize,
    woken: AtomicUsize,
}

/// What the idler leaves out, to show that the model sees it.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    DoesNotLookAgain,
    FindsAndDoesNotLook,
    GivesBackLate,
}

impl World {
    fn new() -> Arc<World> {
        Arc::new(World {
            words: IdleWords::new(),
            ring: LocalQueue::new(),
            idle_ps: Mutex::new(0),
            done: AtomicUsize::new(0),
            woken: AtomicUsize::new(0),
        })
    }

    fn take_p(&self) -> bool {
        let mut idle = self.idle_ps.lock().unwrap();
        if *idle == 0 {
            return false;
        }
        *idle -= 1;
        self.words.p_leaves();
        true
    }

    fn submit(&self) {
        items::push(&self.ring);
        self.wake_for_work(Mistake::None);
    }

    /// The last searcher has found work in another place: the end of `find::reset_spinning`.
    fn find_elsewhere(&self, mistake: Mistake) {
        let last = self.words.stop_search();
        if last && mistake != Mistake::FindsAndDoesNotLook && !self.ring.ring_is_empty() {
            self.wake_for_work(mistake);
        }
    }

    fn wake_for_work(&self, mistake: Mistake) {
        if !self.words.claim_wake() {
            return;
        }
        // wakep: the claim goes to an M with the idle P, or back.
        let mut idle = self.idle_ps.lock().unwrap();
        if *idle != 0 {
            *idle -= 1;
            self.words.p_leaves();
            self.woken.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if mistake == Mistake::GivesBackLate {
            drop(idle);
        }
        let _last = self.words.stop_search();
    }

    /// A goroutine without a P takes the idle one and parks; its M may not search, gives the P up
    /// and looks once more.
    fn take_and_idle(&self) {
        if !self.take_p() {
            return;
        }
        *self.idle_ps.lock().unwrap() += 1;
        self.words.p_idles();
        if !self.ring.ring_is_empty() && self.take_p() {
            self.words.search_again();
            self.search_and_idle(Mistake::None);
        }
    }

    /// An M that searches, with a P. Returns when it sleeps without one.
    fn search_and_idle(&self, mistake: Mistake) {
        loop {
            while items::steal(&self.ring) {
                self.done.fetch_add(1, Ordering::SeqCst);
            }
            // go_idle: the P, then the search, then one more look.
            *self.idle_ps.lock().unwrap() += 1;
            self.words.p_idles();
            let _last = self.words.stop_search();
            if mistake == Mistake::DoesNotLookAgain || self.ring.ring_is_empty() || !self.take_p() {
                return;
            }
            self.words.search_again();
        }
    }
}

fn run(mistake: Mistake) {
    let world = World::new();
    // The idler has a P and searches already.
    world.words.search_again();
    let idler = Arc::clone(&world);
    let idler = thread::spawn(move || idler.search_and_idle(mistake));
    world.submit();
    idler.join().unwrap();
    // Who was woken runs now: it has the P and the claim.
    while world.woken.load(Ordering::SeqCst) > 0 {
        world.woken.fetch_sub(1, Ordering::SeqCst);
        world.search_and_idle(mistake);
    }
    assert_eq!(world.words.nmspinning(), 0, "a searcher that does not search");
    let done = world.done.load(Ordering::SeqCst);
    assert_eq!(done, 1, "work in a ring, an idle P, and nobody searching");
}

#[test]
fn loom_no_work_waits_beside_an_idle_p() {
    loom::model(|| run(Mistake::None));
}

#[test]
#[should_panic(expected = "nobody searching")]
fn loom_an_idler_that_does_not_look_again_loses_work() {
    loom::model(|| run(Mistake::DoesNotLookAgain));
}

/// One M searches, finds work in another place, and works; one P idles.
fn run_beside_a_finder(mistake: Mistake) {
    let world = World::new();
    world.words.search_again();
    *world.idle_ps.lock().unwrap() += 1;
    world.words.p_idles();
    let finder = Arc::clone(&world);
    let finder = thread::spawn(move || finder.find_elsewhere(mistake));
    world.submit();
    finder.join().unwrap();
    while world.woken.load(Ordering::SeqCst) > 0 {
        world.woken.fetch_sub(1, Ordering::SeqCst);
        world.search_and_idle(mistake);
    }
    let done = world.done.load(Ordering::SeqCst);
    assert_eq!(done, 1, "work in a ring, an idle P, and nobody searching");
}

#[test]
fn loom_who_finds_work_looks_for_more() {
    loom::model(|| run_beside_a_finder(Mistake::None));
}

#[test]
#[should_panic(expected = "nobody searching")]
fn loom_a_finder_that_does_not_look_loses_work() {
    loom::model(|| run_beside_a_finder(Mistake::FindsAndDoesNotLook));
}

/// One M searches and finds work; one P idles; a timer is started, and nobody waits for the time.
fn start_a_timer_beside_a_finder(finder_looks: bool) {
    let world = World::new();
    world.words.search_again();
    *world.idle_ps.lock().unwrap() += 1;
    world.words.p_idles();
    let time = Arc::new((Poller::new(), AtomicU64::new(NEVER)));
    let (finder, theirs) = (Arc::clone(&world), Arc::clone(&time));
    let finder = thread::spawn(move || {
        let last = finder.words.stop_search();
        let is_unattended = theirs.1.load(Ordering::SeqCst) != NEVER && !theirs.0.is_attended();
        if last && finder_looks && is_unattended {
            finder.wake_for_work(Mistake::None);
        }
    });
    time.1.store(7, Ordering::SeqCst);
    if time.0.timer_started(7) == Told::Nobody {
        world.wake_for_work(Mistake::None);
    }
    finder.join().unwrap();
    assert_eq!(world.woken.load(Ordering::SeqCst), 1, "nobody waits for the deadline");
}

#[test]
fn loom_a_deadline_that_is_left_to_a_searcher_is_waited_for() {
    loom::model(|| start_a_timer_beside_a_finder(true));
}

#[test]
#[should_panic(expected = "nobody waits for the deadline")]
fn loom_a_searcher_that_does_not_look_leaves_a_deadline_alone() {
    loom::model(|| start_a_timer_beside_a_finder(false));
}

#[test]
fn loom_two_submissions_and_an_idler() {
    loom::model(|| {
        let world = World::new();
        world.words.search_again();
        let idler = Arc::clone(&world);
        let idler = thread::spawn(move || idler.search_and_idle(Mistake::None));
        world.submit();
        world.submit();
        idler.join().unwrap();
        while world.woken.load(Ordering::SeqCst) > 0 {
            world.woken.fetch_sub(1, Ordering::SeqCst);
            world.search_and_idle(Mistake::None);
        }
        assert_eq!(world.words.nmspinning(), 0);
        assert_eq!(world.done.load(Ordering::SeqCst), 2, "work was left");
    });
}

/// One M wants to wake another for what is not there any more, and finds no P: somebody has taken
/// it, and gives it back.
fn run_beside_one_in_vain(mistake: Mistake) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(4);
    model.check(move || {
        let world = World::new();
        *world.idle_ps.lock().unwrap() += 1;
        world.words.p_idles();
        let (waker, taker) = (Arc::clone(&world), Arc::clone(&world));
        let waker = thread::spawn(move || waker.wake_for_work(mistake));
        let taker = thread::spawn(move || taker.take_and_idle());
        world.submit();
        waker.join().unwrap();
        taker.join().unwrap();
        while world.woken.load(Ordering::SeqCst) > 0 {
            world.woken.fetch_sub(1, Ordering::SeqCst);
            world.search_and_idle(Mistake::None);
        }
        let done = world.done.load(Ordering::SeqCst);
        assert_eq!(done, 1, "work in a ring, an idle P, and nobody searching");
    });
}

#[test]
fn loom_a_search_that_is_given_back_hides_no_work() {
    run_beside_one_in_vain(Mistake::None);
}

#[test]
#[should_panic(expected = "nobody searching")]
fn loom_a_search_that_is_given_back_late_hides_work() {
    run_beside_one_in_vain(Mistake::GivesBackLate);
}
