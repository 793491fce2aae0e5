//! The head of a ring, and the word it lies in.
//!
//! ```text
//!              a taker at the head: CAS                 the owner at the tail: CAS
//!   index, tag ------------------------> index + n, tag      index, tag --------> index, tag + 1
//! ```
//!
//! The tag makes the claim of a thief fail that has seen an older tail. It wraps after 2^32 pops at
//! the tail, all of which would have to fall into one steal.

use rt_wait::atomic::{AtomicU64, Ordering};

/// The head: where the ring begins, and how often the owner has taken something at the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) index: u32,
    pub(super) tag: u32,
}

impl Head {
    #[inline(always)]
    pub(super) fn of(word: u64) -> Head {
        Head { index: word as u32, tag: (word >> 32) as u32 }
    }

    #[inline(always)]
    pub(super) fn word(self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.index)
    }

    /// So many items were taken.
    #[inline(always)]
    pub(super) fn moved(self, count: u32) -> Head {
        Head { index: self.index.wrapping_add(count), ..self }
    }
}

/// The word.
#[derive(Debug)]
pub(super) struct HeadWord(AtomicU64);

impl HeadWord {
    pub(super) fn new(index: u32) -> HeadWord {
        HeadWord(AtomicU64::new(Head { index, tag: 0 }.word()))
    }

    #[inline(always)]
    pub(super) fn load(&self, order: Ordering) -> Head {
        Head::of(self.0.load(order))
    }

    /// Changes it, if it is what it was.
    #[inline(always)]
    pub(super) fn change(&self, from: Head, to: Head) -> bool {
        let order = Ordering::AcqRel; // **not reused early**; pairs with the loads
        self.0.compare_exchange(from.word(), to.word(), order, Ordering::Relaxed).is_ok()
    }

    /// Changes it while nobody else can.
    #[inline(always)]
    pub(super) fn store(&self, head: Head) {
        self.0.store(head.word(), Ordering::Release);
    }
}
