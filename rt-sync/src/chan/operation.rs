//! An operation that a select has selected.
//!
//! # Safety
//! - **won**: the token says that the select has won the message.
#![allow(unsafe_code, reason = "**won**: a message that is moved out once")]

use core::fmt;
use core::marker::PhantomData;

use super::case::{Case, Source, Token};
use super::error::{RecvError, SendError};
use super::receiver::{Flavor, Receiver};
use super::sender::Sender;
use super::state::Turn;
use crate::host::{Host, NoStd};

/// An operation that has been selected: it must be completed, with the handle that was added.
#[must_use = "an operation that was selected must be completed"]
pub struct SelectedOperation<'a, H: Host = NoStd> {
    index: usize,
    token: Token,
    case: Case<'a>,
    host: PhantomData<fn() -> H>,
}

impl<'a, H: Host> SelectedOperation<'a, H> {
    pub(super) fn new(index: usize, token: Token, case: Case<'a>) -> SelectedOperation<'a, H> {
        SelectedOperation { index, token, case, host: PhantomData }
    }

    /// The index of the operation.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    fn complete(self, handle: *const (), what: &str) -> Token {
        assert!(self.case.handle == handle, "passed a {what} that wasn't selected");
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
            Token::Turn(turn) => s.channel().deliver(turn, msg).map_err(SendError),
            Token::Time(_) => unreachable!("time sends nothing"),
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
            (Flavor::Channel(shared), Token::Turn(Turn::Receive(ticket))) => {
                match shared.channel.collect(ticket) {
                    Some(message) => Ok(message),
                    None => r.recv(), // what was promised was not given
                }
            }
            // SAFETY: **won**.
            (Flavor::At(at), _) => unsafe { at.message() }.ok_or(RecvError),
            (Flavor::Tick(tick), Token::Time(ns)) => Ok((tick.make)(ns)),
            _ => Err(RecvError),
        }
    }
}

impl<H: Host> SelectedOperation<'_, H> {
    fn abandon(&self) {
        if let (Source::Channel(channel, _), Token::Turn(turn)) = (self.case.source, self.token) {
            channel.abandon(turn);
        }
    }

    /// As a drop, without its panic.
    #[cfg(all(test, loom))]
    pub(crate) fn forgo(self) {
        self.abandon();
        core::mem::forget(self);
    }
}

impl<H: Host> Drop for SelectedOperation<'_, H> {
    fn drop(&mut self) {
        self.abandon();
        if !H::panicking() {
            panic!("dropped `SelectedOperation` without completing the operation");
        }
    }
}

impl<H: Host> fmt::Debug for SelectedOperation<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("SelectedOperation { .. }")
    }
}
