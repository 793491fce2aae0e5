//! What lies in a channel's buffer, oldest first.
//!
//! A buffer without a bound grows by segments, so that no message is moved again while the channel
//! is locked: a ring that doubles would stop everybody for as long as it copies.
//!
//! ```text
//!   pop <- front | middle: full segments | back <- push
//! ```

use alloc::collections::{LinkedList, VecDeque};
use core::mem::{size_of, swap, take};

/// The messages.
#[derive(Debug)]
pub(super) enum Items<T> {
    /// At most as many as it has places for.
    Ring(VecDeque<T>),
    /// Any number.
    Segments(Segments<T>),
}

/// A queue of segments.
#[derive(Debug)]
pub(super) struct Segments<T> {
    front: VecDeque<T>,
    middle: LinkedList<VecDeque<T>>,
    back: VecDeque<T>,
    /// One empty segment, or none.
    spare: LinkedList<VecDeque<T>>,
    len: usize,
}

impl<T> Segments<T> {
    /// So many messages are in a full segment: about a page.
    const FULL: usize = match size_of::<T>() {
        ..=16 => 256,
        17..=512 => 4096 / size_of::<T>(),
        _ => 8,
    };

    fn new() -> Segments<T> {
        Segments {
            front: VecDeque::new(),
            middle: LinkedList::new(),
            back: VecDeque::new(),
            spare: LinkedList::new(),
            len: 0,
        }
    }

    #[inline]
    fn push_back(&mut self, item: T) {
        if self.back.len() >= Self::FULL {
            self.seal();
        }
        self.back.push_back(item);
        self.len += 1;
    }

    /// The back becomes the last of the middle; an empty segment takes its place.
    #[cold]
    fn seal(&mut self) {
        let mut segment = take(&mut self.spare);
        if segment.is_empty() {
            segment.push_back(VecDeque::with_capacity(Self::FULL));
        }
        segment.iter_mut().for_each(|empty| swap(empty, &mut self.back));
        self.middle.append(&mut segment);
    }

    #[inline]
    fn pop_front(&mut self) -> Option<T> {
        if self.front.is_empty() {
            if self.len == 0 {
                return None;
            }
            self.refill();
        }
        self.len -= 1;
        self.front.pop_front()
    }

    /// The front is empty: the next segment takes its place.
    #[cold]
    fn refill(&mut self) {
        if self.middle.is_empty() {
            return swap(&mut self.front, &mut self.back);
        }
        let rest = self.middle.split_off(1);
        let mut segment = core::mem::replace(&mut self.middle, rest);
        segment.iter_mut().for_each(|full| swap(full, &mut self.front));
        self.spare = segment;
    }
}

impl<T> Items<T> {
    /// Room for `cap`; none: for any number.
    pub(super) fn new(cap: Option<usize>) -> Items<T> {
        match cap {
            Some(cap) => Items::Ring(VecDeque::with_capacity(cap)),
            None => Items::Segments(Segments::new()),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Items::Ring(ring) => ring.len(),
            Items::Segments(segments) => segments.len,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn push_back(&mut self, item: T) {
        match self {
            Items::Ring(ring) => ring.push_back(item),
            Items::Segments(segments) => segments.push_back(item),
        }
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<T> {
        match self {
            Items::Ring(ring) => ring.pop_front(),
            Items::Segments(segments) => segments.pop_front(),
        }
    }

    /// Gives one back that was taken.
    pub(super) fn push_front(&mut self, item: T) {
        match self {
            Items::Ring(ring) => ring.push_front(item),
            Items::Segments(segments) => {
                segments.front.push_front(item);
                segments.len += 1;
            }
        }
    }

    /// All of them; none are left.
    pub(super) fn take(&mut self) -> Items<T> {
        core::mem::replace(self, Items::Ring(VecDeque::new()))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn segments_are_a_queue() {
        let mut items = Items::new(None);
        let (mut pushed, mut popped) = (0u64, 0);
        let mut random = 1u64;
        for _ in 0..3_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (count, pushes) = (random >> 54, random >> 33 & 1 == 1);
            for _ in 0..count {
                if pushes {
                    items.push_back(pushed);
                    pushed += 1;
                } else if let Some(item) = items.pop_front() {
                    assert_eq!(item, popped);
                    popped += 1;
                }
                assert_eq!(items.len() as u64, pushed - popped);
            }
            if let Some(item) = items.pop_front() {
                items.push_front(item);
            }
        }
        assert!(popped > 4 * Segments::<u64>::FULL as u64, "{popped}");
        let mut left = items.take();
        assert!(items.is_empty() && core::iter::from_fn(|| left.pop_front()).eq(popped..pushed));
    }

    #[test]
    fn a_segment_is_about_a_page() {
        assert_eq!((Segments::<()>::FULL, Segments::<u8>::FULL), (256, 256));
        assert_eq!((Segments::<u64>::FULL, Segments::<[u8; 128]>::FULL), (256, 32));
        assert_eq!(Segments::<[u8; 4096]>::FULL, 8);
    }
}
