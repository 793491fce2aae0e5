//! Those who wait for an object, first come first served. Go: `waitq`, `sudog`, `sudoglist`.
//!
//! A node lies on its waiter's stack: a wait allocates nothing. The object's lock guards the queue
//! and every node that is in it.
//!
//! ```text
//!          push                     pop: claimed, the duty to ready is the popper's
//!   alone ------> queued ---------------------------------------------------------> alone
//!                   |\---- pop: the claim was lost to another object or a deadline --^
//!                   \----- remove: by the waiter itself, after it woke --------------^
//! ```
//!
//! # Safety
//! - **node**: a node stays in place while it is in a queue; its waiter removes it before it
//!   leaves, unless it was popped for it. All under the object's lock.
//! - **waits**: a waiter that was popped sleeps, or is about to, until its `ready`: until then its
//!   node and its data stay.
#![allow(unsafe_code, reason = "**node**: a list through stacks")]

use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::NonNull;

use rt_wait::claim::Claim;
use rt_wait::park::Waiter;

/// One waiter and what it waits with: `D` is for its object, a slot for a value for one.
#[derive(Debug)]
pub(crate) struct Node<D> {
    next: Cell<Option<NonNull<Node<D>>>>,
    prev: Cell<Option<NonNull<Node<D>>>>,
    is_queued: Cell<bool>,
    waiter: Waiter,
    /// Who else may end the wait, and in whose name this queue does; none: nobody else.
    claim: Option<(NonNull<Claim>, usize)>,
    /// The object's. Owned by the waiter before it is queued and after it woke; by the lock's
    /// holder while it is queued; by the popper until its `ready`.
    pub(crate) data: D,
    _pinned: PhantomPinned,
}

/// The queue. Guarded by the object's lock, in which it lies.
#[derive(Debug)]
pub(crate) struct WaitQueue<D> {
    first: Option<NonNull<Node<D>>>,
    last: Option<NonNull<Node<D>>>,
}

// SAFETY: **node**: the lock's holder has the nodes, whatever thread that is.
unsafe impl<D: Send> Send for WaitQueue<D> {}

/// A waiter that was taken out, to be readied.
#[derive(Debug)]
#[must_use = "it sleeps until it is readied"]
pub(crate) struct Popped<D> {
    node: NonNull<Node<D>>,
}

impl<D> Node<D> {
    /// A wait that only its object ends.
    pub(crate) fn new(waiter: Waiter, data: D) -> Node<D> {
        Node {
            next: Cell::new(None),
            prev: Cell::new(None),
            is_queued: Cell::new(false),
            waiter,
            claim: None,
            data,
            _pinned: PhantomPinned,
        }
    }

    /// A wait that others may end too: whoever pops it takes `claim` in the name of `by` first.
    pub(crate) fn claimed(waiter: Waiter, claim: &Claim, by: usize, data: D) -> Node<D> {
        let mut node = Node::new(waiter, data);
        node.claim = Some((NonNull::from(claim), by));
        node
    }
}

impl<D> WaitQueue<D> {
    /// Nobody waits.
    pub(crate) const fn new() -> WaitQueue<D> {
        WaitQueue { first: None, last: None }
    }

    /// Does nobody wait? Those who have lost their claim count until they are met.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The data of the one who waits longest.
    pub(crate) fn first(&self) -> Option<&D> {
        // SAFETY: **node**.
        self.first.map(|node| unsafe { &node.as_ref().data })
    }

    /// Queues a waiter behind the others.
    ///
    /// # Safety
    /// **node**; its claim, if it has one, stays as long as the node. The waiter has prepared.
    #[inline]
    pub(crate) unsafe fn push(&mut self, node: Pin<&Node<D>>) {
        debug_assert!(!node.is_queued.get());
        let at = NonNull::from(node.get_ref());
        node.is_queued.set(true);
        node.next.set(None);
        node.prev.set(self.last);
        match self.last {
            // SAFETY: **node**.
            Some(last) => unsafe { last.as_ref() }.next.set(Some(at)),
            None => self.first = Some(at),
        }
        self.last = Some(at);
    }

    /// Queues a waiter before the others.
    ///
    /// # Safety
    /// As for [`WaitQueue::push`].
    pub(crate) unsafe fn push_first(&mut self, node: Pin<&Node<D>>) {
        debug_assert!(!node.is_queued.get());
        let at = NonNull::from(node.get_ref());
        node.is_queued.set(true);
        node.prev.set(None);
        node.next.set(self.first);
        match self.first {
            // SAFETY: **node**.
            Some(first) => unsafe { first.as_ref() }.prev.set(Some(at)),
            None => self.last = Some(at),
        }
        self.first = Some(at);
    }

    /// Takes out the first waiter whose wait is not over: the caller must ready it, after it has
    /// let the lock go.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Popped<D>> {
        self.pop_unless(|_| false)
    }

    /// As [`WaitQueue::pop`], but passes over waiters that `skip` says yes to.
    pub(crate) fn pop_unless(&mut self, skip: impl Fn(&Node<D>) -> bool) -> Option<Popped<D>> {
        let mut at = self.first;
        while let Some(node) = at {
            // SAFETY: **node**.
            let this = unsafe { node.as_ref() };
            at = this.next.get();
            if skip(this) {
                continue;
            }
            self.unlink(this);
            let won = this.claim.is_none_or(|(claim, by)| {
                // SAFETY: **node**: the claim lies with it.
                unsafe { claim.as_ref() }.take(by)
            });
            if won {
                return Some(Popped { node });
            }
        }
        None
    }

    /// Queues a popped waiter here: it is claimed, and waits on for the same end.
    pub(crate) fn adopt(&mut self, popped: Popped<D>) {
        // SAFETY: **waits**: its node stays until its `ready`, which is still to come.
        let node = unsafe { Pin::new_unchecked(popped.node.as_ref()) };
        // SAFETY: **node**, as above.
        unsafe { self.push(node) };
    }

    /// Takes out the first of whom `is_wanted` says so, from a queue of those who were claimed
    /// before they came here.
    pub(crate) fn pop_claimed(&mut self, is_wanted: impl Fn(&D) -> bool) -> Option<Popped<D>> {
        let mut at = self.first;
        while let Some(node) = at {
            // SAFETY: **node**.
            let this = unsafe { node.as_ref() };
            if is_wanted(&this.data) {
                self.unlink(this);
                return Some(Popped { node });
            }
            at = this.next.get();
        }
        None
    }

    /// Takes the caller's own node out. False: it was popped before.
    pub(crate) fn remove(&mut self, node: Pin<&Node<D>>) -> bool {
        let was = node.is_queued.get();
        if was {
            self.unlink(node.get_ref());
        }
        was
    }

    #[inline]
    fn unlink(&mut self, node: &Node<D>) {
        let (prev, next) = (node.prev.get(), node.next.get());
        match prev {
            // SAFETY: **node**: neighbours are queued.
            Some(prev) => unsafe { prev.as_ref() }.next.set(next),
            None => self.first = next,
        }
        match next {
            // SAFETY: as above.
            Some(next) => unsafe { next.as_ref() }.prev.set(prev),
            None => self.last = prev,
        }
        node.is_queued.set(false);
    }
}

impl<D> Node<D> {
    /// Does this wait share its claim with that one: are both cases of one select?
    pub(crate) fn is_case_of(&self, claim: &Claim) -> bool {
        self.claim.is_some_and(|(own, _)| core::ptr::eq(own.as_ptr(), claim))
    }
}

impl<D> Popped<D> {
    /// What it waits with, the caller's until [`Popped::ready`].
    #[inline(always)]
    pub(crate) fn data(&self) -> &D {
        // SAFETY: **waits**.
        unsafe { &self.node.as_ref().data }
    }

    /// Ends its wait. Its node is gone from here on.
    #[inline(always)]
    pub(crate) fn ready(self) {
        // SAFETY: **waits**.
        let waiter = unsafe { self.node.as_ref() }.waiter;
        // SAFETY: popped, with its claim won: the duty is ours.
        unsafe { waiter.ready() };
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use rt_wait::park::{Spot, WaitReason};
    use std::pin::pin;
    use std::vec::Vec;

    /// Pops all, and ends their waits.
    fn drain(queue: &mut WaitQueue<u32>) -> Vec<u32> {
        core::iter::from_fn(|| queue.pop())
            .map(|popped| {
                let data = *popped.data();
                popped.ready();
                data
            })
            .collect()
    }

    #[test]
    fn first_come_first_served_and_losers_are_passed_over() {
        let spots: Vec<_> = (0..4).map(|_| std::boxed::Box::pin(Spot::new())).collect();
        let waiter = |i: usize| {
            let spot = spots[i].as_ref();
            spot.prepare(WaitReason::Semacquire);
            spot.waiter()
        };
        let (lost, open) = (Claim::new(), Claim::new());
        assert!(lost.expire());
        let first = pin!(Node::new(waiter(0), 0));
        let second = pin!(Node::claimed(waiter(1), &lost, 5, 1));
        let third = pin!(Node::claimed(waiter(2), &open, 6, 2));
        let urgent = pin!(Node::new(waiter(3), 3));
        let mut queue = WaitQueue::new();
        // SAFETY: the nodes outlive the queue's use, and have prepared.
        unsafe {
            queue.push(first.as_ref());
            queue.push(second.as_ref());
            queue.push(third.as_ref());
            queue.push_first(urgent.as_ref());
        }
        assert!(third.is_case_of(&open) && !third.is_case_of(&lost));
        assert_eq!(queue.first(), Some(&3));
        assert_eq!(drain(&mut queue), [3, 0, 2]);
        assert_eq!(open.taken_by(), Some(6));
        assert!(queue.is_empty() && !queue.remove(second.as_ref()));
    }

    #[test]
    fn a_waiter_takes_itself_out() {
        let spot = pin!(Spot::new());
        let waiter = spot.as_ref().waiter();
        let nodes: Vec<_> = (0..3).map(|i| std::boxed::Box::pin(Node::new(waiter, i))).collect();
        for gone in 0..3 {
            let mut queue = WaitQueue::new();
            for node in &nodes {
                // SAFETY: the nodes outlive the queue's use; nobody readies them.
                unsafe { queue.push(node.as_ref()) };
            }
            assert!(queue.remove(nodes[gone].as_ref()));
            assert!(!queue.remove(nodes[gone].as_ref()));
            let left: Vec<u32> = (0..3).filter(|i| *i as usize != gone).collect();
            let mut seen = Vec::new();
            while let Some(popped) = queue.pop() {
                seen.push(*popped.data());
            }
            assert_eq!(seen, left);
        }
    }
}
