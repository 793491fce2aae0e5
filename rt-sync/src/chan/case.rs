//! One case of a select: a channel of any type, and what is to be done with it.
//!
//! # Safety
//! - **raw**, **node**: of `queued`, for what it asks of a channel that it has locked.
#![allow(unsafe_code, reason = "**raw**: methods for who holds a lock")]

use core::pin::Pin;

use rt_os::sys::clock::nanotime;
use rt_wait::claim::Claim;

use super::channel::{Channel, End};
use super::state::{State, Turn, Wait, Won};
use super::timed::{At, Tick};
use crate::host::NEVER;
use crate::queue::{Node, WaitQueue};

/// What a select needs of a channel of any type.
pub(super) trait AnyChannel {
    /// Its place among all in a model, where addresses are not the same again.
    #[cfg(loom)]
    fn number(&self) -> usize;
    /// May it be done, as far as one can see?
    fn is_ready(&self, end: End) -> bool;
    /// Wins the case, if that need not wait; wakes who must be woken.
    fn try_select(&self, end: End, own: &Claim) -> Won;
    fn abandon(&self, turn: Turn);
    /// Takes a case out, if it is still queued.
    fn remove(&self, end: End, node: Pin<&Node<Wait>>, watch: bool);
    fn wake_watchers(&self);
    fn lock_raw(&self);
    /// # Safety
    /// **raw**.
    unsafe fn unlock_raw(&self);
    /// As `try_select`; the caller wakes.
    ///
    /// # Safety
    /// **raw**.
    unsafe fn win_raw(&self, end: End, own: &Claim) -> Won;
    /// # Safety
    /// **raw**.
    unsafe fn is_ready_raw(&self, end: End) -> bool;
    /// Queues a case, or one that watches. True: somebody watches, and must be woken by
    /// `wake_watchers` once the lock is let go.
    ///
    /// # Safety
    /// **raw**, **node**.
    unsafe fn push_raw(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) -> bool;
}

/// What selects lock by, the lowest first.
#[inline(always)]
pub(super) fn order_of(channel: &dyn AnyChannel) -> usize {
    #[cfg(not(loom))]
    return core::ptr::from_ref(channel).addr();
    #[cfg(loom)]
    return channel.number();
}

/// What a select needs of a channel that time fills.
pub(super) trait AnyTimed {
    fn when_ns(&self) -> u64;
    /// Wins the message: what the operation needs to make it.
    fn win(&self) -> Option<u64>;
}

impl<T> AnyTimed for At<T> {
    fn when_ns(&self) -> u64 {
        At::when_ns(self)
    }

    fn win(&self) -> Option<u64> {
        At::win(self).then_some(0)
    }
}

impl<T> AnyTimed for Tick<T> {
    fn when_ns(&self) -> u64 {
        Tick::when_ns(self)
    }

    fn win(&self) -> Option<u64> {
        Tick::win(self)
    }
}

/// Where a case's readiness comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Channel(&'a (dyn AnyChannel + 'a), End),
    Timed(&'a (dyn AnyTimed + 'a)),
    Never,
}

/// How a case has won.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    /// The other side is gone.
    Closed,
    /// It has its turn.
    Turn(Turn),
    /// Time has come.
    Time(u64),
}

#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) source: Source<'a>,
    /// The address of the handle: whoever completes must have the same.
    pub(super) handle: *const (),
}

impl Case<'_> {
    pub(super) fn try_win(&self, own: &Claim) -> Option<Token> {
        match self.source {
            Source::Channel(channel, end) => match channel.try_select(end, own) {
                Won::Turn(turn, _) => Some(Token::Turn(turn)),
                Won::Closed => Some(Token::Closed),
                Won::No => None,
            },
            Source::Timed(timed) => timed.win().map(Token::Time),
            Source::Never => None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        match self.source {
            Source::Channel(channel, end) => channel.is_ready(end),
            Source::Timed(timed) => nanotime() >= timed.when_ns(),
            Source::Never => false,
        }
    }

    pub(super) fn when_ns(&self) -> u64 {
        match self.source {
            Source::Timed(timed) => timed.when_ns(),
            Source::Channel(..) | Source::Never => NEVER,
        }
    }

    pub(super) fn channel(&self) -> Option<(&dyn AnyChannel, End)> {
        match self.source {
            Source::Channel(channel, end) => Some((channel, end)),
            Source::Timed(_) | Source::Never => None,
        }
    }
}

impl<T> AnyChannel for Channel<T> {
    #[cfg(loom)]
    fn number(&self) -> usize {
        self.number
    }

    fn is_ready(&self, end: End) -> bool {
        can(&self.state.lock(), end)
    }

    fn try_select(&self, end: End, own: &Claim) -> Won {
        let mut state = self.state.lock();
        match win(&mut state, end, own) {
            Won::Turn(turn, woken) => {
                self.settle(state, woken);
                Won::Turn(turn, None)
            }
            other => other,
        }
    }

    fn abandon(&self, turn: Turn) {
        self.abandon(turn);
    }

    fn remove(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) {
        let mut state = self.state.lock();
        queue(&mut state, end, watch).remove(node);
        self.hint(&state);
    }

    fn wake_watchers(&self) {
        self.wake_watchers();
    }

    fn lock_raw(&self) {
        self.state.lock_raw();
    }

    unsafe fn unlock_raw(&self) {
        // SAFETY: the caller's.
        unsafe { self.state.unlock_raw() };
    }

    unsafe fn win_raw(&self, end: End, own: &Claim) -> Won {
        // SAFETY: the caller's.
        let state = unsafe { self.state.get_raw() };
        let won = win(state, end, own);
        self.hint(state);
        won
    }

    unsafe fn is_ready_raw(&self, end: End) -> bool {
        // SAFETY: the caller's.
        can(unsafe { self.state.get_raw() }, end)
    }

    unsafe fn push_raw(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) -> bool {
        // SAFETY: the caller's.
        let state = unsafe { self.state.get_raw() };
        // SAFETY: the caller's.
        unsafe { queue(state, end, watch).push(node) };
        self.hint(state);
        state.is_watched()
    }
}

fn can<T>(state: &State<T>, end: End) -> bool {
    match end {
        End::Send => state.can_send(),
        End::Receive => state.can_receive(),
    }
}

fn win<T>(state: &mut State<T>, end: End, own: &Claim) -> Won {
    match end {
        End::Send => state.select_send(own),
        End::Receive => state.select_receive(own),
    }
}

/// Where the cases of selects wait, and those that only watch.
fn queue<T>(state: &mut State<T>, end: End, watch: bool) -> &mut WaitQueue<Wait> {
    match (end, watch) {
        (End::Send, false) => &mut state.senders,
        (End::Receive, false) => &mut state.receivers,
        (End::Send, true) => &mut state.send_watchers,
        (End::Receive, true) => &mut state.recv_watchers,
    }
}
