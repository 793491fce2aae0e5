//! What a receiver gives, one by one.

use super::Receiver;
use crate::host::{Host, NoStd};

/// Waits for each; ends when all senders are gone. std: `std::sync::mpsc::Iter`.
#[derive(Debug)]
pub struct Iter<'a, T: 'a, H: Host = NoStd> {
    receiver: &'a Receiver<T, H>,
}

/// What is there now; never waits. std: `std::sync::mpsc::TryIter`.
#[derive(Debug)]
pub struct TryIter<'a, T: 'a, H: Host = NoStd> {
    receiver: &'a Receiver<T, H>,
}

/// As [`Iter`], with the receiver. std: `std::sync::mpsc::IntoIter`.
#[derive(Debug)]
pub struct IntoIter<T, H: Host = NoStd> {
    receiver: Receiver<T, H>,
}

impl<T, H: Host> Receiver<T, H> {
    /// Waits for each value; ends when all senders are gone.
    pub fn iter(&self) -> Iter<'_, T, H> {
        Iter { receiver: self }
    }

    /// The values that are there; never waits.
    pub fn try_iter(&self) -> TryIter<'_, T, H> {
        TryIter { receiver: self }
    }
}

impl<T, H: Host> Iterator for Iter<'_, T, H> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T, H: Host> Iterator for TryIter<'_, T, H> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

impl<T, H: Host> Iterator for IntoIter<T, H> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<'a, T, H: Host> IntoIterator for &'a Receiver<T, H> {
    type Item = T;
    type IntoIter = Iter<'a, T, H>;
    fn into_iter(self) -> Iter<'a, T, H> {
        self.iter()
    }
}

impl<T, H: Host> IntoIterator for Receiver<T, H> {
    type Item = T;
    type IntoIter = IntoIter<T, H>;
    fn into_iter(self) -> IntoIter<T, H> {
        IntoIter { receiver: self }
    }
}
