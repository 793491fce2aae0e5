//! A channel: its lock, and how one waits for it. Go: `chansend`, `chanrecv`.
//!
//! # Safety
//! - **node**: a waiter's node and slot lie on its stack; it leaves when it was woken, or has taken
//!   its node out under the lock.
#![allow(unsafe_code, reason = "**node**: queues lead to stacks")]

use core::pin::pin;

use rt_wait::atomic::{AtomicBool, Ordering};
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};
use rt_wait::spin::{Guard, SpinLock};

use super::error::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use super::state::{Outcome, Received, Sent, State, Ticket, Turn, Wait};
use crate::queue::{Node, Popped};
use crate::wait;

/// The channel.
#[derive(Debug)]
pub(super) struct Channel<T> {
    pub(super) state: SpinLock<State<T>>,
    /// Could something be received when the lock was last let go? A hint for who may look again.
    /// Stored under the lock.
    seems_ready: AtomicBool,
    /// Its place among all; a model's addresses are not the same again.
    #[cfg(loom)]
    pub(super) number: usize,
}

/// Which end of a channel a select uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It sends.
    Send,
    /// It receives.
    Receive,
}

impl<T> Channel<T> {
    pub(super) fn new(cap: Option<usize>) -> Channel<T> {
        Channel {
            state: SpinLock::new(State::new(cap)),
            seems_ready: AtomicBool::new(false),
            #[cfg(loom)]
            number: {
                use core::sync::atomic::{AtomicUsize, Ordering};
                static NEXT: AtomicUsize = AtomicUsize::new(0);
                NEXT.fetch_add(1, Ordering::Relaxed)
            },
        }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.state.lock().cap()
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().len()
    }

    pub(super) fn is_full(&self) -> bool {
        !self.state.lock().has_room()
    }

    /// Lets the lock go and wakes who must be woken.
    #[inline(always)]
    pub(super) fn settle(&self, state: Guard<'_, State<T>>, woken: Option<Popped<Wait>>) {
        let watched = state.is_watched();
        self.hint(&state);
        drop(state);
        if let Some(woken) = woken {
            woken.ready();
        }
        if watched {
            self.wake_watchers();
        }
    }

    /// Says what `seems_ready` will; before the lock is let go.
    #[inline]
    pub(super) fn hint(&self, state: &State<T>) {
        let ready = state.can_receive();
        if self.seems_ready() != ready {
            self.seems_ready.store(ready, Ordering::Relaxed);
        }
    }

    /// A hint: could something be received?
    #[inline(always)]
    pub(super) fn seems_ready(&self) -> bool {
        self.seems_ready.load(Ordering::Relaxed)
    }

    #[cold]
    pub(super) fn wake_watchers(&self) {
        loop {
            let popped = self.state.lock().pop_watcher();
            let Some(popped) = popped else { return };
            popped.ready();
        }
    }

    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.state.lock();
        match state.send(value) {
            Sent::Done(woken) => {
                self.settle(state, woken);
                Ok(())
            }
            Sent::Full(value) => {
                drop(state);
                Err(TrySendError::Full(value))
            }
            Sent::Closed(value) => {
                drop(state);
                Err(TrySendError::Disconnected(value))
            }
        }
    }

    /// Sends until `when_ns` at most.
    #[inline]
    pub(super) fn send(&self, value: T, when_ns: u64) -> Result<(), SendTimeoutError<T>> {
        let mut state = self.state.lock();
        match state.send(value) {
            Sent::Done(woken) => {
                self.settle(state, woken);
                Ok(())
            }
            Sent::Full(value) => self.send_wait(state, value, when_ns),
            Sent::Closed(value) => {
                drop(state);
                Err(SendTimeoutError::Disconnected(value))
            }
        }
    }

    /// There is no room: waits for some.
    #[cold]
    #[inline(never)]
    fn send_wait(
        &self,
        mut state: Guard<'_, State<T>>,
        value: T,
        when_ns: u64,
    ) -> Result<(), SendTimeoutError<T>> {
        if wait::is_over(when_ns) {
            drop(state);
            return Err(SendTimeoutError::Timeout(value));
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let mut slot = Some(value);
        let place = &raw mut slot;
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, Wait::with(place)));
        let node = node.into_ref();
        spot.prepare(WaitReason::ChanSend);
        // SAFETY: **node**.
        unsafe { state.senders.push(node) };
        self.settle(state, None);
        let in_time = wait::commit(spot, &claim, when_ns);
        if !in_time {
            self.state.lock().senders.remove(node);
        }
        // SAFETY: **node**: woken, or taken out.
        match unsafe { (*place).take() } {
            None => Ok(()),
            Some(value) if in_time => Err(SendTimeoutError::Disconnected(value)),
            Some(value) => Err(SendTimeoutError::Timeout(value)),
        }
    }

    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.state.lock();
        match state.receive() {
            Received::Value(value, woken) => {
                self.settle(state, woken);
                Ok(value)
            }
            Received::Empty => Err(TryRecvError::Empty),
            Received::Closed => Err(TryRecvError::Disconnected),
            Received::Promise(ticket, giver) => match self.inherit(state, ticket, Some(giver)) {
                Some(value) => Ok(value),
                None => self.try_recv(), // it was not given after all
            },
        }
    }

    /// Receives until `when_ns` at most.
    #[inline]
    pub(super) fn recv(&self, when_ns: u64) -> Result<T, RecvTimeoutError> {
        loop {
            let mut state = self.state.lock();
            let done = match state.receive() {
                Received::Value(value, woken) => {
                    self.settle(state, woken);
                    return Ok(value);
                }
                Received::Empty => self.recv_wait(state, when_ns),
                Received::Closed => return Err(RecvTimeoutError::Disconnected),
                Received::Promise(ticket, giver) => {
                    self.inherit(state, ticket, Some(giver)).map(Ok)
                }
            };
            if let Some(done) = done {
                return done;
            }
        }
    }

    /// There is no value: waits for one. `None`: one was promised and not given.
    #[cold]
    #[inline(never)]
    fn recv_wait(
        &self,
        mut state: Guard<'_, State<T>>,
        when_ns: u64,
    ) -> Option<Result<T, RecvTimeoutError>> {
        if wait::is_over(when_ns) {
            return Some(Err(RecvTimeoutError::Timeout));
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let mut slot: Option<T> = None;
        let place = &raw mut slot;
        let node = pin!(wait::node(spot.waiter(), &claim, when_ns, Wait::with(place)));
        let node = node.into_ref();
        spot.prepare(WaitReason::ChanReceive);
        // SAFETY: **node**.
        unsafe { state.receivers.push(node) };
        self.settle(state, None);
        let in_time = wait::commit(spot, &claim, when_ns);
        if !in_time {
            self.state.lock().receivers.remove(node);
        }
        // SAFETY: **node**: woken, or taken out.
        match unsafe { (*place).take() } {
            Some(value) => Some(Ok(value)),
            None if !in_time => Some(Err(RecvTimeoutError::Timeout)),
            None if node.data.outcome.get() == Outcome::Closed => {
                Some(Err(RecvTimeoutError::Disconnected))
            }
            None => None,
        }
    }

    /// Waits for a value that a select has promised, after waking it. `None`: it was not given.
    #[cold]
    fn inherit(
        &self,
        mut state: Guard<'_, State<T>>,
        ticket: Ticket,
        giver: Option<Popped<Wait>>,
    ) -> Option<T> {
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let mut slot: Option<T> = None;
        let place = &raw mut slot;
        let node = pin!(Node::new(spot.waiter(), Wait::heir(place, ticket)));
        spot.prepare(WaitReason::ChanReceive);
        // SAFETY: **node**: it waits until it is popped.
        unsafe { state.push_heir(node.as_ref()) };
        self.settle(state, giver);
        spot.commit();
        // SAFETY: **node**: woken.
        unsafe { (*place).take() }
    }

    /// Completes a send that a select has won. Gives the value back when nobody will receive.
    pub(super) fn deliver(&self, turn: Turn, value: T) -> Result<(), T> {
        let mut state = self.state.lock();
        let woken = state.deliver(turn, value)?;
        self.settle(state, woken);
        Ok(())
    }

    /// Completes a receive that a select has won. `None`: its value was not given.
    pub(super) fn collect(&self, ticket: Ticket) -> Option<T> {
        let mut state = self.state.lock();
        match state.collect(ticket) {
            Some(value) => {
                drop(state);
                value
            }
            None => self.inherit(state, ticket, None),
        }
    }

    /// A select that has won does not complete.
    pub(super) fn abandon(&self, turn: Turn) {
        let mut state = self.state.lock();
        let woken = state.abandon(turn);
        self.settle(state, woken);
    }

    /// One side is gone: all who wait wake. Values that nobody will receive are dropped.
    #[cold]
    pub(super) fn close(&self, discard: bool) {
        let mut state = self.state.lock();
        let left = state.close(discard);
        self.settle(state, None);
        loop {
            let popped = self.state.lock().pop_closed();
            let Some(popped) = popped else { break };
            popped.ready();
        }
        drop(left);
    }
}
