//! The receiving end.
//!
//! # Safety
//! - **won**: the message of an `At` is asked for by who has won it.
#![allow(unsafe_code, reason = "**won**: a message that is moved out once")]

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use rt_os::sys::clock::nanotime;

use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::iter::{Iter, TryIter};
use super::timed::{self, At, Tick};
use super::{Shared, count_down, count_up};
use crate::host::{Host, NEVER, NoStd, deadline_after};

/// The receiving end of a channel. Clone it for more receivers: each message goes to one of them.
pub struct Receiver<T, H: Host = NoStd> {
    pub(super) flavor: Flavor<T>,
    host: PhantomData<fn() -> H>,
}

/// Where its messages come from.
pub(super) enum Flavor<T> {
    /// From senders.
    Channel(Arc<Shared<T>>),
    /// From the clock, one.
    At(Arc<At<T>>),
    /// From the clock, again and again.
    Tick(Arc<Tick<T>>),
    /// From nowhere.
    Never,
}

impl<T, H: Host> UnwindSafe for Receiver<T, H> {}
impl<T, H: Host> RefUnwindSafe for Receiver<T, H> {}

impl<T> At<T> {
    fn try_recv(&self) -> Option<T> {
        // SAFETY: **won**.
        if self.win() { unsafe { self.message() } } else { None }
    }
}

impl<T> Tick<T> {
    fn try_recv(&self) -> Option<T> {
        self.win().map(self.make)
    }
}

impl<T, H: Host> Receiver<T, H> {
    fn new(flavor: Flavor<T>) -> Receiver<T, H> {
        Receiver { flavor, host: PhantomData }
    }

    pub(super) fn of(shared: Arc<Shared<T>>) -> Receiver<T, H> {
        Receiver::new(Flavor::Channel(shared))
    }

    pub(super) fn at(when_ns: u64, message: T) -> Receiver<T, H> {
        Receiver::new(Flavor::At(Arc::new(At::new(when_ns, message))))
    }

    pub(super) fn tick(period_ns: u64, make: fn(u64) -> T) -> Receiver<T, H> {
        Receiver::new(Flavor::Tick(Arc::new(Tick::new(period_ns, make))))
    }

    pub(super) fn never() -> Receiver<T, H> {
        Receiver::new(Flavor::Never)
    }

    /// Receives, if that need not wait.
    ///
    /// # Errors
    /// When there is no message, and when there will be none.
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match &self.flavor {
            Flavor::Channel(shared) => shared.channel.try_recv(),
            Flavor::At(at) => at.try_recv().ok_or(TryRecvError::Empty),
            Flavor::Tick(tick) => tick.try_recv().ok_or(TryRecvError::Empty),
            Flavor::Never => Err(TryRecvError::Empty),
        }
    }

    /// Receives; waits for a message.
    ///
    /// # Errors
    /// When there is none, and no senders any more.
    #[inline]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(NEVER).map_err(|_| RecvError)
    }

    /// As [`Receiver::recv`], for at most `timeout`.
    ///
    /// # Errors
    /// When the time is over, or there is no message and no senders any more.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_until(deadline_after(timeout))
    }

    /// As [`Receiver::recv`], until `deadline` at most.
    ///
    /// # Errors
    /// As for [`Receiver::recv_timeout`].
    pub fn recv_deadline(&self, deadline: H::Instant) -> Result<T, RecvTimeoutError> {
        self.recv_until(H::ns_of(deadline))
    }

    #[inline]
    fn recv_until(&self, when_ns: u64) -> Result<T, RecvTimeoutError> {
        let received = match &self.flavor {
            Flavor::Channel(shared) => return shared.channel.recv(when_ns),
            Flavor::At(at) => timed::receive(when_ns, || at.when_ns(), || at.try_recv()),
            Flavor::Tick(tick) => timed::receive(when_ns, || tick.when_ns(), || tick.try_recv()),
            Flavor::Never => timed::receive(when_ns, || NEVER, || None),
        };
        received.ok_or(RecvTimeoutError::Timeout)
    }

    /// Might a receive be done at once? A hint, for `select!`.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __seems_ready(&self) -> bool {
        match &self.flavor {
            Flavor::Channel(shared) => shared.channel.seems_ready(),
            _ => self.time_has_come(),
        }
    }

    /// Is it a channel that time fills, and ready?
    #[cold]
    fn time_has_come(&self) -> bool {
        match &self.flavor {
            Flavor::At(at) => nanotime() >= at.when_ns(),
            Flavor::Tick(tick) => nanotime() >= tick.when_ns(),
            Flavor::Channel(_) | Flavor::Never => false,
        }
    }

    /// What a receive gives at once: for `select!`, which saves the detour by a select.
    #[doc(hidden)]
    #[inline]
    pub fn __poll(&self) -> Option<Result<T, RecvError>> {
        match self.try_recv() {
            Ok(message) => Some(Ok(message)),
            Err(TryRecvError::Disconnected) => Some(Err(RecvError)),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Is there no message? Always so with capacity 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is there no room? Always so with capacity 0.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.flavor {
            Flavor::Channel(shared) => shared.channel.is_full(),
            Flavor::At(_) | Flavor::Tick(_) => !self.is_empty(),
            Flavor::Never => true,
        }
    }

    /// How many messages there are just now.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.flavor {
            Flavor::Channel(shared) => shared.channel.len(),
            Flavor::At(at) => usize::from(nanotime() >= at.when_ns()),
            Flavor::Tick(tick) => usize::from(nanotime() >= tick.when_ns()),
            Flavor::Never => 0,
        }
    }

    /// How many messages it keeps at most; `None`: any number.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        match &self.flavor {
            Flavor::Channel(shared) => shared.channel.capacity(),
            Flavor::At(_) | Flavor::Tick(_) => Some(1),
            Flavor::Never => Some(0),
        }
    }

    /// The messages, one after another; it waits for each, and ends when there will be none.
    pub fn iter(&self) -> Iter<'_, T, H> {
        Iter::new(self)
    }

    /// The messages that are there; it never waits.
    pub fn try_iter(&self) -> TryIter<'_, T, H> {
        TryIter::new(self)
    }

    /// Do both receive from the same channel?
    #[must_use]
    pub fn same_channel(&self, other: &Receiver<T, H>) -> bool {
        match (&self.flavor, &other.flavor) {
            (Flavor::Channel(a), Flavor::Channel(b)) => Arc::ptr_eq(a, b),
            (Flavor::At(a), Flavor::At(b)) => Arc::ptr_eq(a, b),
            (Flavor::Tick(a), Flavor::Tick(b)) => Arc::ptr_eq(a, b),
            (Flavor::Never, Flavor::Never) => true,
            _ => false,
        }
    }
}

impl<T, H: Host> Clone for Receiver<T, H> {
    fn clone(&self) -> Receiver<T, H> {
        Receiver::new(match &self.flavor {
            Flavor::Channel(shared) => {
                count_up(&shared.receivers);
                Flavor::Channel(Arc::clone(shared))
            }
            Flavor::At(at) => Flavor::At(Arc::clone(at)),
            Flavor::Tick(tick) => Flavor::Tick(Arc::clone(tick)),
            Flavor::Never => Flavor::Never,
        })
    }
}

impl<T, H: Host> Drop for Receiver<T, H> {
    fn drop(&mut self) {
        if let Flavor::Channel(shared) = &self.flavor
            && count_down(&shared.receivers)
        {
            shared.channel.close(true);
        }
    }
}

impl<T, H: Host> fmt::Debug for Receiver<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Receiver { .. }")
    }
}
