//! What a goroutine that leaves its thread looks at: does anybody want more than the next one to
//! run? Most of the time nothing is set, and one look tells so.
//!
//! ```text
//!   STOP    set and cleared under sched.lock, by who stops the world        Go: sched.gcwaiting
//!   TRACE   set and cleared in a stopped world: constant for who has a P    Go: trace.gen != 0
//! ```

use core::sync::atomic::{AtomicU32, Ordering};

const STOP: u32 = 1;
const TRACE: u32 = 2;

/// The word.
#[derive(Debug)]
pub(crate) struct Attention(AtomicU32);

impl Attention {
    pub(crate) const fn none() -> Attention {
        Attention(AtomicU32::new(0))
    }

    /// Is anything set?
    #[inline(always)]
    pub(crate) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Does the world stop, or stand?
    #[inline(always)]
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.load(Ordering::Relaxed) & STOP != 0
    }

    /// Are events recorded? Without a P it is a glimpse.
    #[inline(always)]
    pub(crate) fn is_traced(&self) -> bool {
        self.0.load(Ordering::Relaxed) & TRACE != 0
    }

    /// The world shall stop, or goes on. SeqCst: seen before anything that its stopper does next.
    pub(crate) fn set_stopping(&self, stops: bool) {
        self.set(STOP, stops);
    }

    /// Events are recorded from now on, or no more. In a stopped world.
    pub(crate) fn set_traced(&self, traced: bool) {
        self.set(TRACE, traced);
    }

    fn set(&self, bit: u32, value: bool) {
        if value {
            self.0.fetch_or(bit, Ordering::SeqCst);
        } else {
            self.0.fetch_and(!bit, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_each_their_own() {
        let word = Attention::none();
        assert!(!word.is_any());
        word.set_traced(true);
        assert!(word.is_any() && word.is_traced() && !word.is_stopping());
        word.set_stopping(true);
        word.set_traced(false);
        assert!(word.is_any() && !word.is_traced() && word.is_stopping());
        word.set_stopping(false);
        assert!(!word.is_any());
    }
}
