//! Messages as iterators.

use core::fmt;
use core::iter::FusedIterator;

use super::Receiver;
use crate::host::{Host, NoStd};

/// See [`Receiver::iter`].
pub struct Iter<'a, T, H: Host = NoStd> {
    receiver: &'a Receiver<T, H>,
}

/// See [`Receiver::try_iter`].
pub struct TryIter<'a, T, H: Host = NoStd> {
    receiver: &'a Receiver<T, H>,
}

/// The messages of a receiver that it owns; it waits for each.
pub struct IntoIter<T, H: Host = NoStd> {
    receiver: Receiver<T, H>,
}

impl<'a, T, H: Host> Iter<'a, T, H> {
    pub(super) fn new(receiver: &'a Receiver<T, H>) -> Iter<'a, T, H> {
        Iter { receiver }
    }
}

impl<'a, T, H: Host> TryIter<'a, T, H> {
    pub(super) fn new(receiver: &'a Receiver<T, H>) -> TryIter<'a, T, H> {
        TryIter { receiver }
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

impl<T, H: Host> FusedIterator for Iter<'_, T, H> {}
impl<T, H: Host> FusedIterator for IntoIter<T, H> {}

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

impl<T, H: Host> fmt::Debug for Iter<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Iter { .. }")
    }
}

impl<T, H: Host> fmt::Debug for TryIter<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("TryIter { .. }")
    }
}

impl<T, H: Host> fmt::Debug for IntoIter<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("IntoIter { .. }")
    }
}
