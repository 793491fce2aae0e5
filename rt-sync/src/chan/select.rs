//! Waiting for one of several operations. Go: `selectgo`; crossbeam-channel: `Select`.
//!
//! First each case is tried, in random order. If none can be done, all the channels are locked in
//! the order of their addresses, tried once more, and the select is queued in each of them; so it
//! is queued in all or in none. Whoever takes it out takes its claim: one case wins. The winner's
//! message is moved when the selected operation is completed.
//!
//! # Safety
//! - **shared**: it holds shared references to handles, nothing of its own.
#![allow(unsafe_code, reason = "**shared**: it may be used anywhere")]

use core::fmt;
use core::marker::PhantomData;
use core::pin::pin;
use core::time::Duration;

use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};

use super::case::{Case, Source, Token};
use super::channel::End;
use super::error::{ReadyTimeoutError, SelectTimeoutError, TryReadyError, TrySelectError};
use super::few::Few;
use super::operation::SelectedOperation;
use super::queued::{Locked, Queued};
use super::receiver::{Flavor, Receiver};
use super::sender::Sender;
use super::state::{Outcome, Wait};
use crate::host::{Host, NEVER, NoStd, deadline_after};
use crate::queue::Node;
use crate::wait::{self, AT_ONCE};

/// The first case takes the claim in the name of this, the next of one more.
const FIRST_CASE: usize = 2;

/// Several operations, of which one shall be done: built up case by case, and used as often as one
/// likes. The macros [`crate::select!`] and [`crate::select_biased!`] are more convenient.
pub struct Select<'a, H: Host = NoStd> {
    /// By index; none: removed.
    cases: Few<Option<Case<'a>>>,
    biased: bool,
    host: PhantomData<fn() -> H>,
}

// SAFETY: **shared**: as crossbeam's; handles of messages that may be sent may be used anywhere.
unsafe impl<H: Host> Send for Select<'_, H> {}
// SAFETY: as above.
unsafe impl<H: Host> Sync for Select<'_, H> {}

/// What a wait is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// To win a case.
    Win,
    /// To see that one could be done.
    Watch,
}

/// How a wait ended.
enum Ended {
    Case(usize, Token),
    /// A channel that time fills may be ready.
    TimeCame,
    /// It may wait no longer.
    Over,
}

impl<'a, H: Host> Select<'a, H> {
    /// No operations. With several ready ones, one is taken at random.
    #[must_use]
    #[inline]
    pub fn new() -> Select<'a, H> {
        Select { cases: Few::new(), biased: false, host: PhantomData }
    }

    /// No operations. With several ready ones, the first that was added is taken.
    #[must_use]
    #[inline]
    pub fn new_biased() -> Select<'a, H> {
        Select { biased: true, ..Select::new() }
    }

    #[inline]
    fn add(&mut self, source: Source<'a>, handle: *const ()) -> usize {
        self.cases.push(Some(Case { source, handle }));
        self.cases.len() - 1
    }

    /// Adds a send; returns its index.
    #[inline]
    pub fn send<T>(&mut self, s: &'a Sender<T, H>) -> usize {
        let source = Source::Channel(s.channel(), End::Send);
        self.add(source, core::ptr::from_ref(s).cast())
    }

    /// Adds a receive; returns its index.
    #[inline]
    pub fn recv<T>(&mut self, r: &'a Receiver<T, H>) -> usize {
        let source = match &r.flavor {
            Flavor::Channel(shared) => Source::Channel(&shared.channel, End::Receive),
            Flavor::At(at) => Source::Timed(&**at),
            Flavor::Tick(tick) => Source::Timed(&**tick),
            Flavor::Never => Source::Never,
        };
        self.add(source, core::ptr::from_ref(r).cast())
    }

    /// Takes an operation out; the indexes of the others stay.
    ///
    /// # Panics
    /// When there is none with this index.
    pub fn remove(&mut self, index: usize) {
        let case = self.cases.get_mut(index).and_then(Option::take);
        assert!(case.is_some(), "no operation with index {index}");
    }

    /// Selects an operation that need not wait.
    ///
    /// # Errors
    /// When all would.
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a, H>, TrySelectError> {
        self.run(AT_ONCE).ok_or(TrySelectError)
    }

    /// Waits until an operation can be done, and selects it.
    ///
    /// # Panics
    /// When there are no operations.
    pub fn select(&mut self) -> SelectedOperation<'a, H> {
        self.assert_not_empty();
        loop {
            if let Some(selected) = self.run(NEVER) {
                return selected;
            }
        }
    }

    /// As [`Select::select`], for who has just tried each operation, in random order if that must
    /// be: for `select!`.
    #[doc(hidden)]
    pub fn __select_wait(&mut self) -> SelectedOperation<'a, H> {
        let order = self.present();
        match self.wait(&order, Goal::Win, NEVER) {
            Ended::Case(index, token) => SelectedOperation::new(index, token, *self.case(index)),
            Ended::TimeCame | Ended::Over => self.select(),
        }
    }

    /// As [`Select::select`], for at most `timeout`.
    ///
    /// # Errors
    /// When the time is over.
    pub fn select_timeout(
        &mut self,
        timeout: Duration,
    ) -> Result<SelectedOperation<'a, H>, SelectTimeoutError> {
        self.run(deadline_after(timeout)).ok_or(SelectTimeoutError)
    }

    /// As [`Select::select`], until `deadline` at most.
    ///
    /// # Errors
    /// When that time has come.
    pub fn select_deadline(
        &mut self,
        deadline: H::Instant,
    ) -> Result<SelectedOperation<'a, H>, SelectTimeoutError> {
        self.run(H::ns_of(deadline)).ok_or(SelectTimeoutError)
    }

    /// The index of an operation that could be done without waiting.
    ///
    /// # Errors
    /// When there is none.
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.look(AT_ONCE).ok_or(TryReadyError)
    }

    /// Waits until an operation could be done, and returns its index. Another may do it first.
    ///
    /// # Panics
    /// When there are no operations.
    pub fn ready(&mut self) -> usize {
        self.assert_not_empty();
        loop {
            if let Some(ready) = self.look(NEVER) {
                return ready;
            }
        }
    }

    /// As [`Select::ready`], for at most `timeout`.
    ///
    /// # Errors
    /// When the time is over.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        self.look(deadline_after(timeout)).ok_or(ReadyTimeoutError)
    }

    /// As [`Select::ready`], until `deadline` at most.
    ///
    /// # Errors
    /// When that time has come.
    pub fn ready_deadline(&mut self, deadline: H::Instant) -> Result<usize, ReadyTimeoutError> {
        self.look(H::ns_of(deadline)).ok_or(ReadyTimeoutError)
    }

    fn assert_not_empty(&self) {
        let some = self.cases.as_slice().iter().any(Option::is_some);
        assert!(some, "no operations have been added to `Select`");
    }

    /// The indexes of all operations, as they were added.
    fn present(&self) -> Few<usize> {
        let mut order = Few::new();
        let present = self.cases.as_slice().iter().enumerate().filter(|(_, case)| case.is_some());
        present.for_each(|(index, _)| order.push(index));
        order
    }

    /// The indexes in the order in which they are tried.
    fn order(&self) -> Few<usize> {
        let mut order = self.present();
        // A model must take the same way again.
        if !self.biased && order.len() > 1 && cfg!(not(loom)) {
            let mut random = super::random();
            for last in (1..order.len()).rev() {
                let with = super::below(random, last as u64 + 1);
                order.as_mut_slice().swap(last, with as usize);
                random = random.wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (random >> 29);
            }
        }
        order
    }

    pub(super) fn case(&self, index: usize) -> &Case<'a> {
        self.cases.as_slice()[index].as_ref().expect("the order has what is present")
    }

    fn run(&mut self, until_ns: u64) -> Option<SelectedOperation<'a, H>> {
        let order = self.order();
        let (index, token) = loop {
            let own = Claim::new();
            let mut tried = order.as_slice().iter();
            let won = tried.find_map(|&i| Some((i, self.case(i).try_win(&own)?)));
            if let Some(won) = won {
                break won;
            }
            match self.wait(&order, Goal::Win, until_ns) {
                Ended::Case(index, token) => break (index, token),
                Ended::TimeCame => {}
                Ended::Over => return None,
            }
        };
        Some(SelectedOperation::new(index, token, *self.case(index)))
    }

    fn look(&mut self, until_ns: u64) -> Option<usize> {
        let order = self.order();
        loop {
            let mut tried = order.as_slice().iter();
            if let Some(&ready) = tried.find(|&&index| self.case(index).is_ready()) {
                return Some(ready);
            }
            match self.wait(&order, Goal::Watch, until_ns) {
                Ended::Case(index, _) => return Some(index),
                Ended::TimeCame => {}
                Ended::Over => return None,
            }
        }
    }

    /// Queues in every channel and sleeps, unless a case can be won now or the time is over. That
    /// none can be won is seen with all channels locked: tried one by one, each may be ready but at
    /// its turn.
    #[cold]
    #[inline(never)]
    fn wait(&self, order: &Few<usize>, goal: Goal, until_ns: u64) -> Ended {
        let timed = order.as_slice().iter().map(|&i| self.case(i).when_ns()).min();
        let when_ns = timed.unwrap_or(NEVER).min(until_ns);
        let over = if timed == Some(when_ns) { Ended::TimeCame } else { Ended::Over };
        let is_over = wait::is_over(when_ns);
        if is_over && (matches!(over, Ended::TimeCame) || order.len() < 2) {
            return over;
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let waiter = spot.waiter();
        let nodes = Few::from_fn(order.len(), |at| {
            Node::claimed(waiter, &claim, FIRST_CASE + at, Wait::select())
        });
        let queued = Queued { select: self, order, nodes: &nodes, watch: goal == Goal::Watch };
        let locked = Locked::lock(&queued);
        if let Some((index, token, woken)) = locked.win(&claim) {
            let watched = locked.unlock();
            if let Some(woken) = woken {
                woken.ready();
            }
            queued.wake_watchers(watched);
            return Ended::Case(index, token);
        }
        if is_over {
            let _unwatched = locked.unlock();
            return over;
        }
        spot.prepare(if order.len() == 0 { WaitReason::SelectNoCases } else { WaitReason::Select });
        locked.push();
        let watched = locked.unlock();
        queued.wake_watchers(watched);
        let _in_time = wait::commit(spot, &claim, when_ns);
        queued.remove();
        let Some(by) = claim.taken_by() else { return over };
        let at = by - FIRST_CASE;
        let token = match nodes.as_slice()[at].data.outcome.get() {
            Outcome::Won(turn) => Token::Turn(turn),
            Outcome::Done | Outcome::Closed => Token::Closed, // done: it only looks
        };
        Ended::Case(order.as_slice()[at], token)
    }
}

impl<H: Host> Default for Select<'_, H> {
    fn default() -> Self {
        Select::new()
    }
}

impl<H: Host> Clone for Select<'_, H> {
    fn clone(&self) -> Self {
        Select { cases: self.cases.clone(), biased: self.biased, host: PhantomData }
    }
}

impl<H: Host> fmt::Debug for Select<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Select { .. }")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::chan::bounded;

    #[test]
    #[should_panic(expected = "no operations have been added to `Select`")]
    fn without_operations_it_would_wait_for_ever() {
        let (sender, _receiver) = bounded::<u8, NoStd>(1);
        let mut select = Select::new();
        let index = select.send(&sender);
        assert_eq!(select.ready(), index);
        select.remove(index);
        assert!(select.try_ready().is_err() && select.select_timeout(Duration::ZERO).is_err());
        select.ready();
    }
}
