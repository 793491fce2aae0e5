//! A list that needs the heap only when it is long.

use alloc::vec::Vec;

use arrayvec::ArrayVec;

/// So many lie in place: most selects have fewer cases.
const IN_PLACE: usize = 6;

/// The list.
#[derive(Clone, Debug)]
pub(super) enum Few<T> {
    InPlace(ArrayVec<T, IN_PLACE>),
    Many(Vec<T>),
}

impl<T> Few<T> {
    #[inline(always)]
    pub(super) fn new() -> Few<T> {
        Few::InPlace(ArrayVec::new())
    }

    /// `make` of each number below `len`, made in place.
    #[inline(always)]
    pub(super) fn from_fn(len: usize, make: impl FnMut(usize) -> T) -> Few<T> {
        let items = (0..len).map(make);
        if len <= IN_PLACE { Few::InPlace(items.collect()) } else { Few::Many(items.collect()) }
    }

    /// Appends; moves what there is when there is no more place.
    #[inline(always)]
    pub(super) fn push(&mut self, item: T) {
        match self {
            Few::InPlace(list) if !list.is_full() => list.push(item),
            _ => self.push_many(item),
        }
    }

    #[cold]
    fn push_many(&mut self, item: T) {
        match self {
            Few::InPlace(list) => {
                let mut many: Vec<T> = list.drain(..).collect();
                many.push(item);
                *self = Few::Many(many);
            }
            Few::Many(list) => list.push(item),
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Few::InPlace(list) => list,
            Few::Many(list) => list,
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Few::InPlace(list) => list,
            Few::Many(list) => list,
        }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.as_mut_slice().get_mut(index)
    }

    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Takes out all but the first of neighbours with the same key.
    pub(super) fn dedup_by_key<K: PartialEq>(&mut self, key: impl Fn(&T) -> K) {
        let mut last = None;
        let mut first = |item: &mut T| {
            let this = Some(key(item));
            let is_new = this != last;
            last = this;
            is_new
        };
        match self {
            Few::InPlace(list) => list.retain(&mut first),
            Few::Many(list) => list.retain_mut(first),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn long_and_short() {
        for len in [0, 1, 5, 6, 7, 20] {
            let mut list = Few::new();
            (0..len).for_each(|i| list.push(i / 2));
            assert_eq!(list.len(), len);
            list.dedup_by_key(|i| *i);
            let wanted: Vec<usize> = (0..len.div_ceil(2)).collect();
            assert_eq!(list.as_slice(), wanted);
        }
    }
}
