//! Waiting for one of several operations. Go: `selectgo`; crossbeam-channel: `Select`.
//!
//! First each case is tried, in random order. If none can be done, all the channels are locked in
//! the order of their addresses, tried once more, and the select is queued in each of them; so it
//! is queued in all or in none. Whoever takes it out takes its claim: one case wins. The winner's
//! message is moved when the selected operation is completed.
//!
//! # Safety
//! - **raw**: between `lock` and `unlock` of [`Locked`] every channel of the select is locked by it.
//! - **node**: the nodes lie on the stack; they are taken out of every queue before it is left.
#![allow(unsafe_code, reason = "**raw**: locks several channels")]

use core::fmt;
use core::marker::PhantomData;
use core::pin::{Pin, pin};
use core::time::Duration;

use rt_os::sys::clock::nanotime;
use rt_wait::claim::Claim;
use rt_wait::park::{Spot, WaitReason};

use super::channel::{Channel, End};
use super::error::{
    ReadyTimeoutError, RecvError, SelectTimeoutError, SendError, TryReadyError, TrySelectError,
};
use super::few::Few;
use super::receiver::{Flavor, Receiver};
use super::sender::Sender;
use super::state::{Wait, Won};
use super::timed::{At, Tick};
use crate::host::{Host, NEVER, NoStd, deadline_after};
use crate::queue::{Node, Popped};

/// The first case takes the claim in the name of this, the next of one more.
const FIRST_CASE: usize = 2;

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
enum Source<'a> {
    Channel(&'a (dyn AnyChannel + 'a), End),
    Timed(&'a (dyn AnyTimed + 'a)),
    Never,
}

/// How a case has won.
#[derive(Clone, Copy, Debug)]
enum Token {
    /// The other side is gone.
    Closed,
    /// It has its turn.
    Promise,
    /// Time has come.
    Time(u64),
}

#[derive(Clone, Copy)]
struct Case<'a> {
    source: Source<'a>,
    /// The address of the handle: whoever completes must have the same.
    handle: *const (),
}

impl Case<'_> {
    fn try_win(&self, own: &Claim) -> Option<Token> {
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

    fn is_ready(&self) -> bool {
        match self.source {
            Source::Channel(channel, end) => channel.is_ready(end),
            Source::Timed(timed) => nanotime() >= timed.when_ns(),
            Source::Never => false,
        }
    }

    fn when_ns(&self) -> u64 {
        match self.source {
            Source::Timed(timed) => timed.when_ns(),
            Source::Channel(..) | Source::Never => NEVER,
        }
    }

    fn channel(&self) -> Option<(&dyn AnyChannel, End)> {
        match self.source {
            Source::Channel(channel, end) => Some((channel, end)),
            Source::Timed(_) | Source::Never => None,
        }
    }
}

/// Several operations, of which one shall be done: built up case by case, and used as often as one
/// likes. The macros [`crate::select!`] and [`crate::select_biased!`] are more convenient.
pub struct Select<'a, H: Host = NoStd> {
    /// By index; none: removed.
    cases: Few<Option<Case<'a>>>,
    biased: bool,
    host: PhantomData<fn() -> H>,
}

// SAFETY: it holds shared references to handles, which may be used anywhere when their messages may
// be sent; that is asked for where a case is added.
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
    TimeCame,
}

impl<'a, H: Host> Select<'a, H> {
    /// No operations. With several ready ones, one is taken at random.
    #[must_use]
    pub fn new() -> Select<'a, H> {
        Select { cases: Few::new(), biased: false, host: PhantomData }
    }

    /// No operations. With several ready ones, the first that was added is taken.
    #[must_use]
    pub fn new_biased() -> Select<'a, H> {
        Select { biased: true, ..Select::new() }
    }

    fn add(&mut self, source: Source<'a>, handle: *const ()) -> usize {
        self.cases.push(Some(Case { source, handle }));
        self.cases.len() - 1
    }

    /// Adds a send; returns its index.
    pub fn send<T>(&mut self, s: &'a Sender<T, H>) -> usize {
        let source = Source::Channel(s.channel(), End::Send);
        self.add(source, core::ptr::from_ref(s).cast())
    }

    /// Adds a receive; returns its index.
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
        self.run(None).ok_or(TrySelectError)
    }

    /// Waits until an operation can be done, and selects it. Without operations it waits for ever.
    ///
    /// # Panics
    /// Never; as crossbeam it has no other end.
    pub fn select(&mut self) -> SelectedOperation<'a, H> {
        self.run(Some(NEVER)).expect("for ever does not end")
    }

    /// As [`Select::select`], for at most `timeout`.
    ///
    /// # Errors
    /// When the time is over.
    pub fn select_timeout(
        &mut self,
        timeout: Duration,
    ) -> Result<SelectedOperation<'a, H>, SelectTimeoutError> {
        self.run(Some(deadline_after(timeout))).ok_or(SelectTimeoutError)
    }

    /// As [`Select::select`], until `deadline` at most.
    ///
    /// # Errors
    /// When that time has come.
    pub fn select_deadline(
        &mut self,
        deadline: H::Instant,
    ) -> Result<SelectedOperation<'a, H>, SelectTimeoutError> {
        self.run(Some(H::ns_of(deadline))).ok_or(SelectTimeoutError)
    }

    /// The index of an operation that could be done without waiting.
    ///
    /// # Errors
    /// When there is none.
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.look(None).ok_or(TryReadyError)
    }

    /// Waits until an operation could be done, and returns its index. Another may do it first.
    ///
    /// # Panics
    /// When there are no operations.
    pub fn ready(&mut self) -> usize {
        self.look(Some(NEVER)).expect("for ever does not end")
    }

    /// As [`Select::ready`], for at most `timeout`.
    ///
    /// # Errors
    /// When the time is over.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        self.look(Some(deadline_after(timeout))).ok_or(ReadyTimeoutError)
    }

    /// As [`Select::ready`], until `deadline` at most.
    ///
    /// # Errors
    /// When that time has come.
    pub fn ready_deadline(&mut self, deadline: H::Instant) -> Result<usize, ReadyTimeoutError> {
        self.look(Some(H::ns_of(deadline))).ok_or(ReadyTimeoutError)
    }

    /// The indexes in the order in which they are tried.
    fn order(&self) -> Few<usize> {
        let mut order = Few::new();
        let present = self.cases.as_slice().iter().enumerate().filter(|(_, case)| case.is_some());
        present.for_each(|(index, _)| order.push(index));
        if !self.biased && order.len() > 1 {
            let mut random = rt_asm::cpu::ticks().wrapping_mul(0x9E37_79B9_7F4A_7C15);
            for last in (1..order.len()).rev() {
                random ^= random >> 29;
                random = random.wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let with = ((random >> 32) * (last as u64 + 1)) >> 32;
                order.as_mut_slice().swap(last, with as usize);
            }
        }
        order
    }

    fn case(&self, index: usize) -> &Case<'a> {
        self.cases.as_slice()[index].as_ref().expect("the order has what is present")
    }

    fn run(&mut self, until_ns: Option<u64>) -> Option<SelectedOperation<'a, H>> {
        let order = self.order();
        let (index, token) = loop {
            let own = Claim::new();
            let mut tried = order.as_slice().iter();
            let won = tried.find_map(|&i| Some((i, self.case(i).try_win(&own)?)));
            if let Some(won) = won {
                break won;
            }
            match self.wait(&order, Goal::Win, until_ns?) {
                Ended::Case(index, token) => break (index, token),
                Ended::TimeCame if nanotime() >= until_ns? => return None,
                Ended::TimeCame => {}
            }
        };
        let Case { source, handle } = *self.case(index);
        Some(SelectedOperation { index, token, source, handle, host: PhantomData })
    }

    fn look(&mut self, until_ns: Option<u64>) -> Option<usize> {
        let order = self.order();
        loop {
            let mut tried = order.as_slice().iter();
            if let Some(&ready) = tried.find(|&&index| self.case(index).is_ready()) {
                return Some(ready);
            }
            match self.wait(&order, Goal::Watch, until_ns?) {
                Ended::Case(index, _) => return Some(index),
                Ended::TimeCame if nanotime() >= until_ns? => return None,
                Ended::TimeCame => {}
            }
        }
    }

    /// Queues in every channel and sleeps, unless a case can be won now.
    #[cold]
    #[inline(never)]
    fn wait(&self, order: &Few<usize>, goal: Goal, until_ns: u64) -> Ended {
        let timed = order.as_slice().iter().map(|&i| self.case(i).when_ns()).min();
        let when_ns = timed.unwrap_or(NEVER).min(until_ns);
        if when_ns != NEVER && nanotime() >= when_ns {
            return Ended::TimeCame;
        }
        let spot = pin!(Spot::new());
        let spot = spot.into_ref();
        let claim = Claim::new();
        let mut nodes = Few::new();
        for at in 0..order.len() {
            let by = FIRST_CASE + at;
            nodes.push(Node::claimed(spot.waiter(), &claim, by, Wait::select()));
        }
        let queued = Queued { select: self, order, nodes: &nodes, watch: goal == Goal::Watch };
        let locked = Locked::lock(&queued);
        if let Some((index, token, woken)) = locked.win(goal, &claim) {
            let watched = locked.unlock();
            if let Some(woken) = woken {
                woken.ready();
            }
            queued.wake_watchers(watched);
            return Ended::Case(index, token);
        }
        spot.prepare(if order.len() == 0 { WaitReason::SelectNoCases } else { WaitReason::Select });
        locked.push();
        let watched = locked.unlock();
        queued.wake_watchers(watched);
        if when_ns == NEVER {
            spot.commit();
        } else {
            let _woken = spot.commit_until(&claim, when_ns);
        }
        queued.remove();
        let Some(by) = claim.taken_by() else { return Ended::TimeCame };
        let at = by - FIRST_CASE;
        let closed = nodes.as_slice()[at].data.closed.get();
        let token = if closed { Token::Closed } else { Token::Promise };
        Ended::Case(order.as_slice()[at], token)
    }
}

/// A select with a node for each of its cases.
struct Queued<'s, 'a, H: Host> {
    select: &'s Select<'a, H>,
    order: &'s Few<usize>,
    nodes: &'s Few<Node<Wait>>,
    watch: bool,
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

    fn remove(&self) {
        for (_, channel, end, node) in self.channels() {
            channel.remove(end, node, self.watch);
        }
    }

    #[inline]
    fn wake_watchers(&self, watched: bool) {
        if watched {
            self.channels().for_each(|(_, channel, ..)| channel.wake_watchers());
        }
    }
}

/// All its channels are locked.
struct Locked<'q, 's, 'a, H: Host> {
    queued: &'q Queued<'s, 'a, H>,
    /// The channels, by address, each once.
    channels: Few<&'s dyn AnyChannel>,
    watched: core::cell::Cell<bool>,
}

impl<'q, 's, 'a, H: Host> Locked<'q, 's, 'a, H> {
    fn lock(queued: &'q Queued<'s, 'a, H>) -> Locked<'q, 's, 'a, H> {
        let mut channels = Few::new();
        queued.channels().for_each(|(_, channel, ..)| channels.push(channel));
        channels.as_mut_slice().sort_unstable_by_key(|channel| channel.address());
        channels.dedup_by_key(|channel| channel.address());
        channels.as_slice().iter().for_each(|channel| channel.lock_raw());
        Locked { queued, channels, watched: core::cell::Cell::new(false) }
    }

    /// A case that can be done now, and whom to wake.
    fn win(&self, goal: Goal, claim: &Claim) -> Option<(usize, Token, Option<Popped<Wait>>)> {
        for (at, channel, end, _) in self.queued.channels() {
            let index = self.queued.order.as_slice()[at];
            if goal == Goal::Watch {
                // SAFETY: **raw**.
                if unsafe { channel.is_ready_raw(end) } {
                    return Some((index, Token::Promise, None));
                }
                continue;
            }
            // SAFETY: **raw**.
            match unsafe { channel.win_raw(end, claim) } {
                Won::Promise(woken) => {
                    self.watched.set(true);
                    return Some((index, Token::Promise, woken));
                }
                Won::Closed => return Some((index, Token::Closed, None)),
                Won::No => {}
            }
        }
        None
    }

    fn push(&self) {
        for (_, channel, end, node) in self.queued.channels() {
            // SAFETY: **raw**, **node**: `remove` follows.
            let watched = unsafe { channel.push_raw(end, node, self.queued.watch) };
            self.watched.set(self.watched.get() | watched);
        }
    }

    /// True: somebody watches a channel where something has changed.
    fn unlock(self) -> bool {
        for channel in self.channels.as_slice() {
            // SAFETY: **raw**: until now.
            unsafe { channel.unlock_raw() };
        }
        self.watched.get()
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

/// An operation that has been selected: it must be completed, with the handle that was added.
#[must_use = "an operation that was selected must be completed"]
pub struct SelectedOperation<'a, H: Host = NoStd> {
    index: usize,
    token: Token,
    source: Source<'a>,
    handle: *const (),
    host: PhantomData<fn() -> H>,
}

impl<H: Host> SelectedOperation<'_, H> {
    /// The index of the operation.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    fn complete(self, handle: *const (), what: &str) -> Token {
        assert!(self.handle == handle, "passed a {what} that wasn't selected");
        let token = self.token;
        core::mem::forget(self);
        token
    }

    /// Completes a send.
    ///
    /// # Errors
    /// The message, when there are no receivers any more.
    ///
    /// # Panics
    /// When `s` is not the sender that was selected.
    pub fn send<T>(self, s: &Sender<T, H>, msg: T) -> Result<(), SendError<T>> {
        match self.complete(core::ptr::from_ref(s).cast(), "sender") {
            Token::Closed => Err(SendError(msg)),
            Token::Promise | Token::Time(_) => {
                s.channel().deliver(msg);
                Ok(())
            }
        }
    }

    /// Completes a receive.
    ///
    /// # Errors
    /// When there are no messages and no senders any more.
    ///
    /// # Panics
    /// When `r` is not the receiver that was selected.
    pub fn recv<T>(self, r: &Receiver<T, H>) -> Result<T, RecvError> {
        let token = self.complete(core::ptr::from_ref(r).cast(), "receiver");
        match (&r.flavor, token) {
            (Flavor::Channel(shared), Token::Promise) => match shared.channel.collect() {
                Some(message) => Ok(message),
                None => r.recv(), // what was promised was not given
            },
            // SAFETY: the token says that we have won it.
            (Flavor::At(at), _) => unsafe { at.message() }.ok_or(RecvError),
            (Flavor::Tick(tick), Token::Time(ns)) => Ok((tick.make)(ns)),
            _ => Err(RecvError),
        }
    }
}

impl<H: Host> Drop for SelectedOperation<'_, H> {
    fn drop(&mut self) {
        if let (Source::Channel(channel, end), Token::Promise) = (self.source, self.token) {
            channel.abandon(end);
        }
        if !H::panicking() {
            panic!("dropped `SelectedOperation` without completing the operation");
        }
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

impl<H: Host> fmt::Debug for SelectedOperation<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("SelectedOperation { .. }")
    }
}
