//! What selects do to a channel: they win turns, and complete them or not. Go has no such step, its
//! selects know where the value lies.
//!
//! Who gets which of the promised values does not matter, but there is one for each:
//!
//! - **balance**: turns to receive + `heirs` + `surplus` = `promised` + debts.
//!
//! So whoever comes for a value that is not there yet waits among the heirs, and one with a debt
//! will serve it. A turn that is dropped leaves a gap on its side: an empty promise for the value
//! that will not come, a surplus for the one that will and has no taker.

use rt_wait::claim::Claim;

use super::{State, Wait, empty, fill, grant, is_select};
use crate::queue::Popped;

/// What a select has won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chan) enum Turn {
    /// To receive: a value is promised.
    Receive,
    /// To send, into a place that is kept.
    Room,
    /// To send, to one who was promised a value: it is a debt.
    Debt,
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
            if is_select(&receiver) {
                grant(&receiver, Turn::Receive);
                return Won::Turn(Turn::Debt, Some(receiver)); // it will come for the value
            }
            self.heirs.adopt(receiver); // it waits on, for us
            return Won::Turn(Turn::Debt, None);
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
            self.promised.push_back(Some(value));
            return Won::Turn(Turn::Receive, self.refill());
        }
        match self.senders.pop_unless(|node| node.is_case_of(own)) {
            Some(sender) => {
                if is_select(&sender) {
                    grant(&sender, Turn::Debt);
                } else {
                    self.promised.push_back(Some(empty(&sender)));
                }
                Won::Turn(Turn::Receive, Some(sender))
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
        if turn == Turn::Debt {
            if let Some(heir) = self.heirs.pop_claimed() {
                fill(&heir, value);
                return Ok(Some(heir));
            }
            if self.surplus == 0 {
                self.promised.push_back(Some(value));
                return Ok(None);
            }
            self.surplus -= 1;
        } else {
            self.free_room();
        }
        if self.closed {
            return Err(value);
        }
        let receiver = self.receivers.pop();
        match &receiver {
            Some(receiver) => self.hand(receiver, value),
            None => self.items.push_back(value),
        }
        Ok(receiver)
    }

    /// Completes a receive: a value; or nothing, and the caller looks again. `None`: the value has
    /// not come yet.
    pub(in crate::chan) fn collect(&mut self) -> Option<Option<T>> {
        self.promised.pop_front()
    }

    /// A turn that will not be used goes on. Returns whom to wake.
    pub(in crate::chan) fn abandon(&mut self, turn: Turn) -> Option<Popped<Wait>> {
        match turn {
            Turn::Receive => match self.promised.pop_front() {
                Some(value) => self.give_back(value?),
                None => {
                    self.surplus += 1;
                    None
                }
            },
            Turn::Room => {
                self.free_room();
                self.refill()
            }
            Turn::Debt => {
                let heir = self.heirs.pop_claimed(); // with an empty slot: it looks again
                if heir.is_none() {
                    match self.surplus.checked_sub(1) {
                        Some(fewer) => self.surplus = fewer,
                        None => self.promised.push_back(None),
                    }
                }
                heir
            }
        }
    }

    fn free_room(&mut self) {
        self.rooms -= usize::from(self.cap.is_some());
    }

    /// A value that was taken goes to the one who comes next.
    fn give_back(&mut self, value: T) -> Option<Popped<Wait>> {
        let receiver = self.receivers.pop();
        match &receiver {
            Some(receiver) => self.hand(receiver, value),
            None => self.items.push_front(value),
        }
        receiver
    }
}
