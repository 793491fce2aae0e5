//! Channels with one receiver, under std's names, on [`crate::chan`]. std: `std::sync::mpsc`.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use crate::chan;
use crate::host::{Host, NoStd};

mod error;
mod iter;

pub use error::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
pub use iter::{IntoIter, Iter, TryIter};

/// Sends without waiting, to a channel that takes any number. std: `std::sync::mpsc::Sender`.
pub struct Sender<T, H: Host = NoStd> {
    inner: chan::Sender<T, H>,
}

/// Sends to a channel with so much room, and waits for it. std: `std::sync::mpsc::SyncSender`.
pub struct SyncSender<T, H: Host = NoStd> {
    inner: chan::Sender<T, H>,
}

/// The only one that receives. std: `std::sync::mpsc::Receiver`.
pub struct Receiver<T, H: Host = NoStd> {
    inner: chan::Receiver<T, H>,
    _not_sync: PhantomData<Cell<()>>, // as std's
}

impl<T, H: Host> UnwindSafe for Sender<T, H> {}
impl<T, H: Host> RefUnwindSafe for Sender<T, H> {}
impl<T, H: Host> UnwindSafe for SyncSender<T, H> {}
impl<T, H: Host> RefUnwindSafe for SyncSender<T, H> {}
impl<T, H: Host> UnwindSafe for Receiver<T, H> {}
impl<T, H: Host> RefUnwindSafe for Receiver<T, H> {}

/// A channel that takes any number of values. std: `std::sync::mpsc::channel`.
pub fn channel<T, H: Host>() -> (Sender<T, H>, Receiver<T, H>) {
    let (sender, receiver) = chan::unbounded();
    (Sender { inner: sender }, Receiver { inner: receiver, _not_sync: PhantomData })
}

/// A channel with room for `bound` values; with none, who sends waits for the receiver. std:
/// `std::sync::mpsc::sync_channel`.
pub fn sync_channel<T, H: Host>(bound: usize) -> (SyncSender<T, H>, Receiver<T, H>) {
    let (sender, receiver) = chan::bounded(bound);
    (SyncSender { inner: sender }, Receiver { inner: receiver, _not_sync: PhantomData })
}

impl<T, H: Host> Sender<T, H> {
    /// Sends a value; never waits.
    ///
    /// # Errors
    /// The value, when the receiver is gone.
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.inner.send(t).map_err(|error| SendError(error.0))
    }
}

impl<T, H: Host> SyncSender<T, H> {
    /// Sends a value; waits for room, or for the receiver if there is never room.
    ///
    /// # Errors
    /// The value, when the receiver is gone.
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        self.inner.send(t).map_err(|error| SendError(error.0))
    }

    /// Sends a value if there is room; when there is never room, if the receiver waits.
    ///
    /// # Errors
    /// The value, when there is no room or the receiver is gone.
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        self.inner.try_send(t).map_err(|error| match error {
            chan::TrySendError::Full(t) => TrySendError::Full(t),
            chan::TrySendError::Disconnected(t) => TrySendError::Disconnected(t),
        })
    }
}

impl<T, H: Host> Receiver<T, H> {
    /// Waits for a value.
    ///
    /// # Errors
    /// When all senders are gone and nothing is left.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.inner.recv().map_err(|_| RecvError)
    }

    /// A value, if there is one.
    ///
    /// # Errors
    /// When there is none, and whether there will ever be one.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.inner.try_recv().map_err(|error| match error {
            chan::TryRecvError::Empty => TryRecvError::Empty,
            chan::TryRecvError::Disconnected => TryRecvError::Disconnected,
        })
    }

    /// Waits for a value, so long at most.
    ///
    /// # Errors
    /// When the time is over, or all senders are gone and nothing is left.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.inner.recv_timeout(timeout).map_err(|error| match error {
            chan::RecvTimeoutError::Timeout => RecvTimeoutError::Timeout,
            chan::RecvTimeoutError::Disconnected => RecvTimeoutError::Disconnected,
        })
    }
}

impl<T, H: Host> Clone for Sender<T, H> {
    fn clone(&self) -> Sender<T, H> {
        Sender { inner: self.inner.clone() }
    }
}

impl<T, H: Host> Clone for SyncSender<T, H> {
    fn clone(&self) -> SyncSender<T, H> {
        SyncSender { inner: self.inner.clone() }
    }
}

impl<T, H: Host> fmt::Debug for Sender<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T, H: Host> fmt::Debug for SyncSender<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

impl<T, H: Host> fmt::Debug for Receiver<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
