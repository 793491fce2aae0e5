//! A bounded channel: may's own have no bound, so a semaphore counts the free places.

use std::sync::Arc;

use may::sync::Semphore;
use may::sync::mpmc::{Receiver as MayReceiver, Sender as MaySender, channel};

/// The end to send to.
pub(crate) struct Sender<T> {
    queue: MaySender<T>,
    free: Arc<Semphore>,
}

/// The end to receive from.
pub(crate) struct Receiver<T> {
    queue: MayReceiver<T>,
    free: Arc<Semphore>,
}

/// Nobody receives any more, or nobody sends.
#[derive(Debug)]
pub(crate) struct Closed;

/// A channel for `capacity` messages, at least one.
pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel();
    let free = Arc::new(Semphore::new(capacity.max(1)));
    (Sender { queue: sender, free: Arc::clone(&free) }, Receiver { queue: receiver, free })
}

impl<T> Sender<T> {
    /// Waits for a free place.
    pub(crate) fn send(&self, message: T) -> Result<(), Closed> {
        self.free.wait();
        self.queue.send(message).map_err(|_| Closed)
    }
}

impl<T> Receiver<T> {
    /// Waits for a message.
    pub(crate) fn recv(&self) -> Result<T, Closed> {
        let message = self.queue.recv().map_err(|_| Closed)?;
        self.free.post();
        Ok(message)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender { queue: self.queue.clone(), free: Arc::clone(&self.free) }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        Receiver { queue: self.queue.clone(), free: Arc::clone(&self.free) }
    }
}
