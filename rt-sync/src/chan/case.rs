//! One case of a select: a channel of any type, and what is to be done with it.
//!
//! # Safety
//! - **raw**, **node**: of `queued`, for what it asks of a channel that it has locked.
#![allow(unsafe_code, reason = "**raw**: methods for who holds a lock")]

use core::pin::Pin;

use rt_os::sys::clock::nanotime;
use rt_wait::claim::Claim;

use super::channel::{Channel, End};
use super::state::{Wait, Won};
use super::timed::{At, Tick};
use crate::host::NEVER;
use crate::queue::Node;

/// What a select needs of a channel of any type.
pub(super) trait AnyChannel {
    fn address(&self) -> usize;
    fn is_ready(&self, end: End) -> bool;
    fn try_select(&self, end: End, own: &Claim) -> Won;
    fn abandon(&self, end: End);
    fn remove(&self, end: End, node: Pin<&Node<Wait>>, watch: bool);
    fn wake_watchers(&self);
    fn lock_raw(&self);
    /// # Safety
    /// **raw**.
    unsafe fn unlock_raw(&self);
    /// # Safety
    /// **raw**.
    unsafe fn win_raw(&self, end: End, own: &Claim) -> Won;
    /// # Safety
    /// **raw**.
    unsafe fn is_ready_raw(&self, end: End) -> bool;
    /// # Safety
    /// **raw**, **node**.
    unsafe fn push_raw(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) -> bool;
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
    Promise,
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
                Won::Promise(_) => Some(Token::Promise),
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
    fn address(&self) -> usize {
        core::ptr::from_ref(self) as usize
    }
    fn is_ready(&self, end: End) -> bool {
        self.is_ready(end)
    }
    fn try_select(&self, end: End, own: &Claim) -> Won {
        self.try_select(end, own)
    }
    fn abandon(&self, end: End) {
        self.abandon(end);
    }
    fn remove(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) {
        self.remove(end, node, watch);
    }
    fn wake_watchers(&self) {
        self.wake_watchers();
    }
    fn lock_raw(&self) {
        self.lock_raw();
    }
    unsafe fn unlock_raw(&self) {
        // SAFETY: the caller's.
        unsafe { self.unlock_raw() };
    }
    unsafe fn win_raw(&self, end: End, own: &Claim) -> Won {
        // SAFETY: the caller's.
        unsafe { self.win_raw(end, own) }
    }
    unsafe fn is_ready_raw(&self, end: End) -> bool {
        // SAFETY: the caller's.
        unsafe { self.is_ready_raw(end) }
    }
    unsafe fn push_raw(&self, end: End, node: Pin<&Node<Wait>>, watch: bool) -> bool {
        // SAFETY: the caller's.
        unsafe { self.push_raw(end, node, watch) }
    }
}
