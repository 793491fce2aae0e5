//! The sending end.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::channel::Channel;
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::{Shared, count_down, count_up};
use crate::host::{Host, NEVER, NoStd, deadline_after};

/// The sending end of a channel. Clone it for more senders.
pub struct Sender<T, H: Host = NoStd> {
    shared: Arc<Shared<T>>,
    host: PhantomData<fn() -> H>,
}

impl<T, H: Host> UnwindSafe for Sender<T, H> {}
impl<T, H: Host> RefUnwindSafe for Sender<T, H> {}

impl<T, H: Host> Sender<T, H> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Sender<T, H> {
        Sender { shared, host: PhantomData }
    }

    #[inline(always)]
    pub(super) fn channel(&self) -> &Channel<T> {
        &self.shared.channel
    }

    /// Sends, if that need not wait.
    ///
    /// # Errors
    /// The message, when there is no room (with capacity 0: no receiver waits) or no receiver.
    #[inline]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        self.channel().try_send(msg)
    }

    /// Sends; waits for room, or with capacity 0 for a receiver.
    ///
    /// # Errors
    /// The message, when there are no receivers any more.
    #[inline]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        self.channel().send(msg, NEVER).map_err(|error| SendError(error.into_inner()))
    }

    /// As [`Sender::send`], for at most `timeout`.
    ///
    /// # Errors
    /// The message, when the time is over or there are no receivers any more.
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.channel().send(msg, deadline_after(timeout))
    }

    /// As [`Sender::send`], until `deadline` at most.
    ///
    /// # Errors
    /// As for [`Sender::send_timeout`].
    pub fn send_deadline(&self, msg: T, deadline: H::Instant) -> Result<(), SendTimeoutError<T>> {
        self.channel().send(msg, H::ns_of(deadline))
    }

    /// Is there no message? Always so with capacity 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is there no room? Always so with capacity 0.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.channel().is_full()
    }

    /// How many messages it keeps just now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channel().len()
    }

    /// How many messages it keeps at most; `None`: any number.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.channel().capacity()
    }

    /// Do both send into the same channel?
    #[must_use]
    pub fn same_channel(&self, other: &Sender<T, H>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T, H: Host> Clone for Sender<T, H> {
    fn clone(&self) -> Sender<T, H> {
        count_up(&self.shared.senders);
        Sender::new(Arc::clone(&self.shared))
    }
}

impl<T, H: Host> Drop for Sender<T, H> {
    fn drop(&mut self) {
        if count_down(&self.shared.senders) {
            self.channel().close(false);
        }
    }
}

impl<T, H: Host> fmt::Debug for Sender<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Sender { .. }")
    }
}
