//! What selects do to a channel: they win turns, and complete them or not. Go has no such step, its
//! selects know where the value lies.
//!
//! A turn to receive has a ticket, and so has the debt of the select that will pay it. Each ticket
//! ends in one of four ways, whatever comes first:
//!
//! ```text
//!                  the value is there, or comes        its sender gives up
//!   the receiver
//!   asks for it    `promised` -> receiver              a gap in `promised` -> it looks again
//!   waits for it   `heirs`: into its slot              `heirs`: woken with an empty slot
//!   gives up       `promised` -> the next receiver     nothing is left
//!                  `forsaken`: a send like any other
//! ```
//!
//! The lists are as long as there are selects between their win and their completion: short.

use alloc::vec::Vec;

use rt_wait::claim::Claim;

use super::{Outcome, State, Wait, empty, fill, grant, is_select};
use crate::chan::items::Items;
use crate::queue::Popped;

/// What a select has won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chan) enum Turn {
    /// To receive what comes under this ticket.
    Receive(Ticket),
    /// To send, into a place that is kept.
    Room,
    /// To send, to the one with this ticket: it is a debt.
    Debt(Ticket),
}

/// What connects a promise with its receiver. Unique in its channel's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chan) struct Ticket(u64);

/// Receives that have been won and not completed.
#[derive(Debug)]
pub(super) struct Promises<T> {
    issued: u64,
    /// Values that are there. Empty: the debt was not paid, look again.
    promised: Vec<(Ticket, Option<T>)>,
    /// Debts that are under way, and whose receiver has given up.
    forsaken: Vec<Ticket>,
}

impl<T> Promises<T> {
    pub(super) fn new() -> Promises<T> {
        Promises { issued: 0, promised: Vec::new(), forsaken: Vec::new() }
    }

    /// A ticket for a value that will come.
    pub(super) fn issue(&mut self) -> Ticket {
        self.issued += 1;
        Ticket(self.issued)
    }

    /// A ticket for a value that is there.
    pub(super) fn keep(&mut self, value: T) -> Ticket {
        let ticket = self.issue();
        self.promised.push((ticket, Some(value)));
        ticket
    }

    fn take(&mut self, ticket: Ticket) -> Option<Option<T>> {
        let at = self.promised.iter().position(|(this, _)| *this == ticket)?;
        Some(self.promised.swap_remove(at).1)
    }

    fn was_forsaken(&mut self, ticket: Ticket) -> bool {
        let at = self.forsaken.iter().position(|this| *this == ticket);
        at.map(|at| self.forsaken.swap_remove(at)).is_some()
    }
}

/// How a select's case went.
#[must_use = "somebody may have to be woken"]
pub(in crate::chan) enum Won {
    /// It has won, and must complete; whom to wake.
    Turn(Turn, Option<Popped<Wait>>),
    /// It has won: the other side is gone.
    Closed,
    /// It must wait.
    No,
}

impl<T> State<T> {
    /// Wins a send for the select with claim `own`, if that need not wait. Its own cases are no
    /// partners.
    pub(in crate::chan) fn select_send(&mut self, own: &Claim) -> Won {
        if self.closed {
            return Won::Closed;
        }
        if let Some(receiver) = self.receivers.pop_unless(|node| node.is_case_of(own)) {
            let ticket = self.promises.issue();
            grant(&receiver, Turn::Receive(ticket));
            if is_select(&receiver) {
                return Won::Turn(Turn::Debt(ticket), Some(receiver)); // it will come for the value
            }
            self.heirs.adopt(receiver); // it waits on, for us
            return Won::Turn(Turn::Debt(ticket), None);
        }
        if !self.has_room() {
            return Won::No;
        }
        self.rooms += usize::from(self.cap.is_some());
        Won::Turn(Turn::Room, None)
    }

    /// Wins a receive for the select with claim `own`, if that need not wait.
    pub(in crate::chan) fn select_receive(&mut self, own: &Claim) -> Won {
        if let Some(value) = self.items.pop_front() {
            let ticket = self.promises.keep(value);
            return Won::Turn(Turn::Receive(ticket), self.refill());
        }
        match self.senders.pop_unless(|node| node.is_case_of(own)) {
            Some(sender) if is_select(&sender) => {
                let ticket = self.promises.issue();
                grant(&sender, Turn::Debt(ticket));
                Won::Turn(Turn::Receive(ticket), Some(sender))
            }
            Some(sender) => {
                let ticket = self.promises.keep(empty(&sender));
                Won::Turn(Turn::Receive(ticket), Some(sender))
            }
            None if self.closed => Won::Closed,
            None => Won::No,
        }
    }

    /// Completes a send. Returns whom to wake, or the value when nobody will receive.
    pub(in crate::chan) fn deliver(
        &mut self,
        turn: Turn,
        value: T,
    ) -> Result<Option<Popped<Wait>>, T> {
        if let Turn::Debt(ticket) = turn {
            if let Some(heir) = self.pop_heir(ticket) {
                fill(&heir, value);
                return Ok(Some(heir));
            }
            if !self.promises.was_forsaken(ticket) {
                self.promises.promised.push((ticket, Some(value)));
                return Ok(None);
            }
        } else {
            self.free_room();
        }
        if self.closed {
            return Err(value);
        }
        Ok(self.pass_on(value, Items::push_back))
    }

    /// Completes a receive: a value; or nothing, and the caller looks again. `None`: the value has
    /// not come yet.
    pub(in crate::chan) fn collect(&mut self, ticket: Ticket) -> Option<Option<T>> {
        self.promises.take(ticket)
    }

    /// A turn that will not be used goes on. Returns whom to wake.
    pub(in crate::chan) fn abandon(&mut self, turn: Turn) -> Option<Popped<Wait>> {
        match turn {
            Turn::Receive(ticket) => match self.promises.take(ticket) {
                Some(value) => self.pass_on(value?, Items::push_front), // it was the next
                None => {
                    self.promises.forsaken.push(ticket);
                    None
                }
            },
            Turn::Room => {
                self.free_room();
                self.refill()
            }
            Turn::Debt(ticket) => {
                let heir = self.pop_heir(ticket); // with an empty slot: it looks again
                if heir.is_none() && !self.promises.was_forsaken(ticket) {
                    self.promises.promised.push((ticket, None));
                }
                heir
            }
        }
    }

    /// Who waits for what comes under this ticket.
    fn pop_heir(&mut self, ticket: Ticket) -> Option<Popped<Wait>> {
        let mine = Outcome::Won(Turn::Receive(ticket));
        self.heirs.pop_claimed(|wait| wait.outcome.get() == mine)
    }

    fn free_room(&mut self) {
        self.rooms -= usize::from(self.cap.is_some());
    }

    /// A value for who waits, else for the buffer. Returns whom to wake.
    fn pass_on(&mut self, value: T, put: fn(&mut Items<T>, T)) -> Option<Popped<Wait>> {
        let receiver = self.receivers.pop();
        match &receiver {
            Some(receiver) => self.hand(receiver, value),
            None => put(&mut self.items, value),
        }
        receiver
    }
}
