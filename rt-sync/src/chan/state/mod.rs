//! What a channel has, and what may be done to it under its lock. Go: `hchan`, `send`, `recv`,
//! `closechan`.
//!
//! A value moves once: into the buffer, or straight from the stack of who sends to the stack of who
//! waits for it. Selects know no types, and so have no place for a value: one that wins gets a
//! [`Turn`], and moves the value when it completes.
//!
//! ```text
//!   who comes     finds                        does
//!   a sender      a waiting receiver           writes into its slot; it wakes with the value
//!                 a select that receives       puts the value aside for it, under a ticket
//!                 room                         buffers the value
//!   a receiver    a value                      takes it; a waiting sender's takes its place
//!                 a waiting sender, no buffer  takes the value out of its slot
//!                 a select that sends          becomes its heir: waits for what it will give
//! ```
//!
//! # Safety
//! - **slot**: the slot of a waiter that is queued or popped is an `Option<T>` on its stack, null
//!   for a select; it belongs to who holds the lock, and after a pop to the popper until `ready`.
#![allow(unsafe_code, reason = "**slot**: values move between stacks")]

mod turns;

use core::cell::Cell;
use core::ptr::null_mut;

use super::items::Items;
use crate::queue::{Popped, WaitQueue};

use turns::Promises;
pub(super) use turns::{Ticket, Turn, Won};

/// What a waiter waits with.
#[derive(Debug)]
pub(super) struct Wait {
    /// An `Option<T>`: a sender's value, or a receiver's place for one. Null: a select, or one that
    /// only watches.
    slot: *mut (),
    /// What has become of it. Written by the popper.
    pub(super) outcome: Cell<Outcome>,
}

/// What became of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It got what it waited for, or shall look again.
    Done,
    /// It has won a turn: it is a select, or an heir.
    Won(Turn),
    /// The other side is gone.
    Closed,
}

// SAFETY: **slot**.
unsafe impl Send for Wait {}

impl Wait {
    /// Of one that has a value, or a place for one.
    pub(super) fn with<T>(slot: *mut Option<T>) -> Wait {
        Wait { slot: slot.cast(), outcome: Cell::new(Outcome::Done) }
    }

    /// Of one that waits for what comes under a ticket.
    pub(super) fn heir<T>(slot: *mut Option<T>, ticket: Ticket) -> Wait {
        let wait = Wait::with(slot);
        wait.outcome.set(Outcome::Won(Turn::Receive(ticket)));
        wait
    }

    /// Of a select.
    pub(super) fn select() -> Wait {
        Wait { slot: null_mut(), outcome: Cell::new(Outcome::Done) }
    }
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct State<T> {
    /// In the buffer.
    items: Items<T>,
    /// Between selects that have won and their completion.
    promises: Promises<T>,
    /// Places in the buffer that are kept for turns to send. Stays 0 without a bound.
    rooms: usize,
    /// So many values go in; none: any number.
    cap: Option<usize>,
    /// One side is gone.
    pub(super) closed: bool,
    pub(super) senders: WaitQueue<Wait>,
    pub(super) receivers: WaitQueue<Wait>,
    /// Receivers that wait for what comes under a ticket. They are claimed already.
    heirs: WaitQueue<Wait>,
    /// Selects that want to know when the other may be done, and do nothing: `ready`.
    pub(super) send_watchers: WaitQueue<Wait>,
    pub(super) recv_watchers: WaitQueue<Wait>,
}

/// How a send went.
#[must_use = "somebody may have to be woken"]
pub(super) enum Sent<T> {
    /// It is done; whom to wake.
    Done(Option<Popped<Wait>>),
    /// It must wait.
    Full(T),
    /// Nobody will receive.
    Closed(T),
}

/// How a receive went.
#[must_use = "somebody may have to be woken"]
pub(super) enum Received<T> {
    /// It is done; whom to wake.
    Value(T, Option<Popped<Wait>>),
    /// A select will give one: wait among the heirs, with the ticket, and wake it.
    Promise(Ticket, Popped<Wait>),
    /// It must wait.
    Empty,
    /// Nobody will send.
    Closed,
}

/// Moves a value into a popped receiver's slot.
fn fill<T>(popped: &Popped<Wait>, value: T) {
    // SAFETY: **slot**: not null, seen by the caller.
    unsafe { *popped.data().slot.cast::<Option<T>>() = Some(value) };
}

/// Moves the value out of a popped sender's slot.
fn empty<T>(popped: &Popped<Wait>) -> T {
    // SAFETY: **slot**: not null, seen by the caller.
    let value = unsafe { (*popped.data().slot.cast::<Option<T>>()).take() };
    value.expect("a waiting sender has its value")
}

fn is_select(popped: &Popped<Wait>) -> bool {
    popped.data().slot.is_null()
}

/// A popped select has won.
fn grant(popped: &Popped<Wait>, turn: Turn) {
    popped.data().outcome.set(Outcome::Won(turn));
}

impl<T> State<T> {
    pub(super) fn new(cap: Option<usize>) -> State<T> {
        State {
            items: Items::new(cap),
            promises: Promises::new(),
            rooms: 0,
            cap,
            closed: false,
            senders: WaitQueue::new(),
            receivers: WaitQueue::new(),
            heirs: WaitQueue::new(),
            send_watchers: WaitQueue::new(),
            recv_watchers: WaitQueue::new(),
        }
    }

    /// How many values go in; none: any number.
    pub(super) fn cap(&self) -> Option<usize> {
        self.cap
    }

    /// How many values are in the buffer.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.cap.is_none_or(|cap| self.items.len() + self.rooms < cap)
    }

    /// May a receive be done, as far as one can see?
    #[inline]
    pub(super) fn can_receive(&self) -> bool {
        !self.items.is_empty() || self.closed || !self.senders.is_empty()
    }

    /// May a send be done, as far as one can see?
    #[inline]
    pub(super) fn can_send(&self) -> bool {
        self.closed || !self.receivers.is_empty() || self.has_room()
    }

    /// Does somebody only watch?
    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        !self.send_watchers.is_empty() || !self.recv_watchers.is_empty()
    }

    /// Sends, if that need not wait.
    #[inline]
    pub(super) fn send(&mut self, value: T) -> Sent<T> {
        if self.closed {
            return Sent::Closed(value);
        }
        if !self.receivers.is_empty()
            && let Some(receiver) = self.receivers.pop()
        {
            self.hand(&receiver, value);
            return Sent::Done(Some(receiver));
        }
        if !self.has_room() {
            return Sent::Full(value);
        }
        self.items.push_back(value);
        Sent::Done(None)
    }

    /// Receives, if that need not wait.
    #[inline]
    pub(super) fn receive(&mut self) -> Received<T> {
        if let Some(value) = self.items.pop_front() {
            let sender = if self.senders.is_empty() { None } else { self.refill() };
            return Received::Value(value, sender);
        }
        match self.senders.pop() {
            Some(sender) if is_select(&sender) => {
                let ticket = self.promises.issue();
                grant(&sender, Turn::Debt(ticket));
                Received::Promise(ticket, sender)
            }
            Some(sender) => Received::Value(empty(&sender), Some(sender)),
            None if self.closed => Received::Closed,
            None => Received::Empty,
        }
    }

    /// A value for a popped receiver.
    #[inline]
    fn hand(&mut self, receiver: &Popped<Wait>, value: T) {
        if is_select(receiver) {
            let ticket = self.promises.keep(value);
            grant(receiver, Turn::Receive(ticket));
        } else {
            fill(receiver, value);
        }
    }

    /// There may be room in the buffer: for a sender that waits.
    fn refill(&mut self) -> Option<Popped<Wait>> {
        if !self.has_room() {
            return None;
        }
        let sender = self.senders.pop()?;
        if is_select(&sender) {
            grant(&sender, Turn::Room);
            self.rooms += 1;
        } else {
            self.items.push_back(empty(&sender));
        }
        Some(sender)
    }

    /// Waits among those who were promised a value.
    ///
    /// # Safety
    /// As for [`WaitQueue::push`].
    pub(super) unsafe fn push_heir(&mut self, node: core::pin::Pin<&crate::queue::Node<Wait>>) {
        // SAFETY: the caller's.
        unsafe { self.heirs.push(node) };
    }

    /// One side is gone. Whoever waits must be woken, by [`State::pop_closed`]. Returns the values
    /// that nobody will receive, to be dropped without the lock.
    pub(super) fn close(&mut self, discard: bool) -> Option<Items<T>> {
        self.closed = true;
        discard.then(|| self.items.take())
    }

    /// One of those who wait for a side that is gone.
    pub(super) fn pop_closed(&mut self) -> Option<Popped<Wait>> {
        let waits = self.senders.pop().or_else(|| self.receivers.pop());
        let popped = waits.or_else(|| self.send_watchers.pop());
        let popped = popped.or_else(|| self.recv_watchers.pop())?;
        popped.data().outcome.set(Outcome::Closed);
        Some(popped)
    }

    /// One of those who watch and may now have something to see.
    pub(super) fn pop_watcher(&mut self) -> Option<Popped<Wait>> {
        let seen = if self.can_receive() { self.recv_watchers.pop() } else { None };
        seen.or_else(|| if self.can_send() { self.send_watchers.pop() } else { None })
    }
}
