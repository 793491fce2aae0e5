//! A select in the queues of all its channels, or in none.
//!
//! # Safety
//! - **raw**: between `lock` and `unlock` of [`Locked`] every channel of the select is locked by
//!   it, in the order of their addresses, each once.
//! - **node**: the nodes do not move before `remove`, which takes them out of every queue.
#![allow(unsafe_code, reason = "**raw**: locks several channels")]

use core::cell::Cell;
use core::pin::Pin;

use rt_wait::claim::Claim;
use rt_wait::spin::Several;

use super::case::{AnyChannel, Token, order_of};
use super::channel::End;
use super::few::Few;
use super::select::Select;
use super::state::{Wait, Won};
use crate::host::Host;
use crate::queue::{Node, Popped};

/// A select with a node for each of its cases.
pub(super) struct Queued<'s, 'a, H: Host> {
    pub(super) select: &'s Select<'a, H>,
    pub(super) order: &'s Few<usize>,
    pub(super) nodes: &'s Few<Node<Wait>>,
    pub(super) watch: bool,
}

impl<'s, H: Host> Queued<'s, '_, H> {
    /// Its cases on channels: their places in the order, their channels and nodes.
    fn channels(
        &self,
    ) -> impl Iterator<Item = (usize, &'s dyn AnyChannel, End, Pin<&'s Node<Wait>>)> + '_ {
        let (select, nodes) = (self.select, self.nodes);
        self.order.as_slice().iter().enumerate().filter_map(move |(at, &index)| {
            let (channel, end) = select.case(index).channel()?;
            // SAFETY: **node**: they do not move until `remove`.
            let node = unsafe { Pin::new_unchecked(&nodes.as_slice()[at]) };
            Some((at, channel, end, node))
        })
    }

    pub(super) fn remove(&self) {
        for (_, channel, end, node) in self.channels() {
            channel.remove(end, node, self.watch);
        }
    }

    #[inline]
    pub(super) fn wake_watchers(&self, watched: bool) {
        if watched {
            self.channels().for_each(|(_, channel, ..)| channel.wake_watchers());
        }
    }
}

/// All its channels are locked.
pub(super) struct Locked<'q, 's, 'a, H: Host> {
    queued: &'q Queued<'s, 'a, H>,
    /// The channels, by address, each once.
    channels: Few<&'s dyn AnyChannel>,
    watched: Cell<bool>,
    _rank: Several,
}

impl<'q, 's, 'a, H: Host> Locked<'q, 's, 'a, H> {
    pub(super) fn lock(queued: &'q Queued<'s, 'a, H>) -> Locked<'q, 's, 'a, H> {
        let rank = Several::begin();
        let mut channels = Few::new();
        queued.channels().for_each(|(_, channel, ..)| channels.push(channel));
        channels.as_mut_slice().sort_unstable_by_key(|&channel| order_of(channel));
        channels.dedup_by_key(|&channel| order_of(channel));
        channels.as_slice().iter().for_each(|channel| channel.lock_raw());
        Locked { queued, channels, watched: Cell::new(false), _rank: rank }
    }

    /// A case that can be done now, and whom to wake.
    pub(super) fn win(&self, claim: &Claim) -> Option<(usize, Token, Option<Popped<Wait>>)> {
        for (at, channel, end, _) in self.queued.channels() {
            let index = self.queued.order.as_slice()[at];
            if self.queued.watch {
                // SAFETY: **raw**.
                if unsafe { channel.is_ready_raw(end) } {
                    return Some((index, Token::Closed, None)); // no token is needed to look
                }
                continue;
            }
            // SAFETY: **raw**.
            match unsafe { channel.win_raw(end, claim) } {
                Won::Turn(turn, woken) => {
                    self.watched.set(true);
                    return Some((index, Token::Turn(turn), woken));
                }
                Won::Closed => return Some((index, Token::Closed, None)),
                Won::No => {}
            }
        }
        None
    }

    pub(super) fn push(&self) {
        for (_, channel, end, node) in self.queued.channels() {
            // SAFETY: **raw**, **node**: `remove` follows.
            let watched = unsafe { channel.push_raw(end, node, self.queued.watch) };
            self.watched.set(self.watched.get() | watched);
        }
    }

    /// True: somebody watches a channel where something has changed.
    pub(super) fn unlock(self) -> bool {
        self.watched.get()
    }
}

impl<H: Host> Drop for Locked<'_, '_, '_, H> {
    fn drop(&mut self) {
        for channel in self.channels.as_slice() {
            // SAFETY: **raw**: until now.
            unsafe { channel.unlock_raw() };
        }
    }
}
