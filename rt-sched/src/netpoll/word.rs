//! Who waits for one direction of a descriptor, and whether it may be ready. Go: `pollDesc.rg`,
//! `pollDesc.wg`.
//!
//! ```text
//!            event                     wait: CAS
//!   READY <--------- EMPTY ---------------------------> waiters, a stack of nodes
//!     |               ^  ^                                  |
//!     +- may_try, ----+  +---- event, kick, a deadline -----+
//!        wait            whoever takes the nodes readies them
//! ```
//!
//! READY: try the system call. EMPTY: it was tried and has said "not now", or somebody is just
//! trying; what happens next comes as an event, since the kernel reports each change after that. So
//! whoever takes READY away and does not get to the end of what there is must give it back; behind
//! the end of a stream nobody does. Who only looks at READY need not; but when the call says "not
//! now" it is taken, and the call made once more.
//!
//! A task (`slot.rs`) is no node: it is told of each change that would wake one.
//!
//! A waiter with a deadline has a claim beside it. Whoever takes it out of the word and loses the
//! claim must not touch it after `seen`; the waiter does not leave before that.
//!
//! # Safety
//! - **stack**: a node lies on its waiter's stack, and stays until it was taken out and readied; or
//!   taken out by its waiter; or taken out by another, and `seen`.
#![allow(unsafe_code, reason = "**stack**: nodes of others")]

use core::pin::{Pin, pin};
use core::ptr::{null_mut, without_provenance_mut};
use core::task::Waker;

use rt_wait::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, spin_step};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason, Waiter};

use super::slot::TaskSlot;
use crate::idle::loom_barrier;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only one of them says that it is ready"]
pub enum Woken {
    /// The system call may be tried: READY was taken, or an event came.
    Ready,
    /// Something else has changed: look again.
    Kicked,
    /// The time is over.
    TimedOut,
}

const READY: usize = 1;
const BY_EVENT: usize = 2;
const BY_KICK: usize = 3;

/// One who waits.
#[derive(Debug)]
struct Node {
    waiter: Waiter,
    claim: Option<Claim>,
    /// The next in the word's stack. Written by the waiter before it is in the word.
    next: AtomicPtr<Node>,
    /// How it was woken. Written by who readies it, before.
    by: AtomicU32,
    /// Who has taken it out looks at it no more. Pairs with the look in [`Node::outlive`].
    seen: AtomicBool,
}

impl Node {
    fn new(spot: Pin<&Spot>, has_deadline: bool) -> Node {
        Node {
            waiter: spot.waiter(),
            claim: has_deadline.then(Claim::new),
            next: AtomicPtr::new(null_mut()),
            by: AtomicU32::new(0),
            seen: AtomicBool::new(false),
        }
    }

    fn woken(&self) -> Woken {
        match self.by.load(Ordering::Relaxed) as usize {
            // ordered by the ready
            BY_EVENT => Woken::Ready,
            _ => Woken::Kicked,
        }
    }

    /// Waits until who has taken it out is done with it.
    fn outlive(&self) {
        while !self.seen.load(Ordering::Acquire) {
            spin_step();
        }
    }
}

/// Waiters that were taken out of the word: the holder has the duty to ready them.
#[derive(Debug)]
#[must_use = "they sleep until they are woken"]
pub struct Waiters<'a> {
    first: *mut Node,
    by: usize,
    /// Where a task is to be told.
    task: Option<&'a TaskSlot>,
}

impl Waiters<'_> {
    const NONE: Waiters<'static> = Waiters { first: null_mut(), by: BY_EVENT, task: None };

    /// Readies all of them.
    pub fn ready(self) {
        let mut at = self.first;
        // SAFETY: **stack**: taken out by us.
        while let Some(node) = unsafe { at.as_ref() } {
            at = node.next.load(Ordering::Relaxed); // ours, with the word
            let waiter = node.waiter;
            let won = node.claim.as_ref().is_none_or(|claim| claim.take(self.by));
            if won {
                node.by.store(self.by as u32, Ordering::Relaxed); // ordered by the ready
            }
            node.seen.store(true, Ordering::Release);
            if won {
                // SAFETY: taken out of the word, and the claim was won.
                unsafe { waiter.ready() };
            }
        }
        if let Some(task) = self.task {
            task.tell();
        }
    }
}

/// The word, and the task beside it.
#[derive(Debug)]
#[repr(C)]
pub struct WaitWord(AtomicPtr<Node>, TaskSlot);

/// What stands in it.
fn is_nodes(word: *mut Node) -> bool {
    word.addr() > READY
}

impl WaitWord {
    /// Nobody waits, and nothing is known: EMPTY, since an event is sure to come after the
    /// descriptor is registered, if there is something.
    #[must_use]
    pub fn new() -> WaitWord {
        WaitWord(AtomicPtr::new(null_mut()), TaskSlot::new())
    }

    /// Takes READY away. True: the caller may try the system call.
    #[inline]
    #[must_use = "who has taken READY must try, or give it back by `event`"]
    pub fn may_try(&self) -> bool {
        let ready = without_provenance_mut(READY);
        // SeqCst: before the call; pairs with the look in `event`, behind what is reported.
        let taken = self.0.load(Ordering::Relaxed).addr() == READY
            && self.change(ready, null_mut(), Ordering::SeqCst).is_ok();
        loom_barrier();
        taken
    }

    /// May the system call be tried? READY stays.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed).addr() == READY // a hint: who fails takes it
    }

    fn change(&self, from: *mut Node, to: *mut Node, order: Ordering) -> Result<(), *mut Node> {
        self.0.compare_exchange(from, to, order, Ordering::Relaxed).map(drop)
    }

    /// It may be ready. Who waits must be readied; if nobody does, the next who wants to need not.
    #[inline]
    pub fn event(&self) -> Waiters<'_> {
        loom_barrier();
        let mut word = self.0.load(Ordering::SeqCst); // pairs with `may_try` and `push`
        loop {
            let to = match word.addr() {
                READY => return Waiters::NONE,
                0 => without_provenance_mut(READY),
                _ => null_mut(),
            };
            // Acquire: the nodes; Release: what was done before it was given back.
            match self.change(word, to, Ordering::AcqRel) {
                Err(now) => word = now,
                Ok(()) => return self.waiters(word, BY_EVENT),
            }
        }
    }

    /// What stood in the word, and the task.
    fn waiters(&self, word: *mut Node, by: usize) -> Waiters<'_> {
        let first = if is_nodes(word) { word } else { null_mut() };
        Waiters { first, by, task: Some(&self.1) }
    }

    /// Has `waker` called at the next event or kick, once. False: READY was taken instead, and the
    /// caller may try the system call.
    #[must_use = "who has taken READY must try, or give it back by `event`"]
    pub fn listen(&self, waker: Waker) -> bool {
        self.1.set(waker);
        !self.may_try()
    }

    /// No waker is called any more.
    pub fn forget_task(&self) {
        self.1.clear();
    }

    /// Has all who wait look again: after the caller has stored, in SeqCst order, what they look
    /// at.
    pub fn kick(&self) -> Waiters<'_> {
        loom_barrier();
        loop {
            let word = self.0.load(Ordering::SeqCst);
            // A read-modify-write also where nobody waits, so that who puts itself into the word
            // after it sees what the caller has stored.
            let to = if is_nodes(word) { null_mut() } else { word };
            if self.change(word, to, Ordering::SeqCst).is_ok() {
                return self.waiters(word, BY_KICK);
            }
        }
    }

    /// Waits until it may be ready, or `must_look` says that there is something else, after a
    /// [`WaitWord::kick`]; or until `when_ns` of the monotonic clock.
    pub fn wait(&self, when_ns: Option<u64>, must_look: impl FnOnce() -> bool) -> Woken {
        self.wait_with(when_ns.is_some(), must_look, |spot, claim| match (claim, when_ns) {
            (Some(claim), Some(when_ns)) => spot.commit_until(claim, when_ns),
            _ => {
                spot.commit();
                true
            }
        })
    }

    /// As [`WaitWord::wait`]; `sleep` is told where, and the claim if there is a deadline; it
    /// returns false when that has won.
    fn wait_with(
        &self,
        has_deadline: bool,
        must_look: impl FnOnce() -> bool,
        sleep: impl FnOnce(Pin<&Spot>, Option<&Claim>) -> bool,
    ) -> Woken {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        spot.prepare(WaitReason::IoWait);
        let node = Node::new(spot, has_deadline);
        if !self.push(&node) {
            spot.cancel();
            return Woken::Ready;
        }
        if must_look() {
            if self.withdraw(&node) {
                spot.cancel();
                return Woken::Kicked;
            }
            spot.commit(); // somebody has taken it, and readies it
            return node.woken();
        }
        if sleep(spot, node.claim.as_ref()) {
            return node.woken();
        }
        if !self.withdraw(&node) {
            node.outlive();
        }
        self.event().ready(); // one may have come to it after its time
        Woken::TimedOut
    }

    /// Puts the node into the word; false: READY was taken instead.
    fn push(&self, node: &Node) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let is_ready = word.addr() == READY;
            let to = if is_ready { null_mut() } else { core::ptr::from_ref(node).cast_mut() };
            if !is_ready {
                node.next.store(word, Ordering::Relaxed); // ordered by the change
            }
            // SeqCst: before `must_look`; pairs with `kick`.
            match self.change(word, to, Ordering::SeqCst) {
                Ok(()) => {
                    loom_barrier();
                    return !is_ready;
                }
                Err(now) => word = now,
            }
        }
    }

    /// Takes the node out again; false: somebody else has. The others in the word look again.
    #[cold]
    fn withdraw(&self, node: &Node) -> bool {
        let own = core::ptr::from_ref(node).cast_mut();
        let mut word = self.0.load(Ordering::Relaxed);
        while is_nodes(word) {
            match self.change(word, null_mut(), Ordering::AcqRel) {
                Ok(()) => return ready_all_but(word, own),
                Err(now) => word = now,
            }
        }
        false
    }
}

/// Has all of these look again but `own`; was it among them?
fn ready_all_but(first: *mut Node, own: *mut Node) -> bool {
    let (mut at, mut others, mut found) = (first, null_mut(), false);
    // SAFETY: **stack**: taken out by us.
    while let Some(node) = unsafe { at.as_ref() } {
        let next = node.next.load(Ordering::Relaxed);
        if core::ptr::eq(at, own) {
            found = true;
        } else {
            node.next.store(others, Ordering::Relaxed);
            others = at;
        }
        at = next;
    }
    Waiters { first: others, by: BY_KICK, task: None }.ready();
    found
}

impl Default for WaitWord {
    fn default() -> WaitWord {
        WaitWord::new()
    }
}

#[cfg(all(test, loom))]
#[path = "word_models.rs"]
mod models;
