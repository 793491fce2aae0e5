//! How many stacks are worth keeping: the demand of the last epochs. Pure.
//!
//! It keeps the larger of the epoch's peak and half of what it kept before, so a burst is forgotten
//! by halves, and a program that breathes does not return and fault its pages anew with every
//! breath.

/// What was needed lately. Guarded by the pool's lock.
#[derive(Debug)]
pub(crate) struct Watermark {
    /// The most in use in this epoch.
    peak: usize,
    /// How many slots may have pages, as the last epoch decided.
    target: usize,
    /// When the epoch ends, in ns; 0 until somebody has asked.
    end_ns: u64,
}

impl Watermark {
    pub(crate) const fn new() -> Watermark {
        Watermark { peak: 0, target: 0, end_ns: 0 }
    }

    /// So many are in use.
    pub(crate) fn saw(&mut self, in_use: usize) {
        self.peak = self.peak.max(in_use);
    }

    /// Is the epoch over? The first question begins one.
    #[must_use]
    pub(crate) fn is_over(&mut self, now_ns: u64, epoch_ns: u64) -> bool {
        let over = self.end_ns != 0 && now_ns >= self.end_ns;
        if over || self.end_ns == 0 {
            self.end_ns = now_ns.saturating_add(epoch_ns).max(1);
        }
        over
    }

    /// Ends the epoch. Returns how many slots may keep their pages, those in use included.
    #[must_use]
    pub(crate) fn end_epoch(&mut self, in_use: usize) -> usize {
        self.target = self.peak.max(self.target / 2);
        self.peak = in_use;
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgotten_by_halves() {
        let mut mark = Watermark::new();
        mark.saw(100);
        mark.saw(3);
        assert_eq!(mark.end_epoch(10), 100);
        mark.saw(12);
        assert_eq!(mark.end_epoch(2), 50);
        assert_eq!(mark.end_epoch(2), 25);
        mark.saw(40);
        assert_eq!(mark.end_epoch(0), 40);
        assert_eq!([(); 7].map(|()| mark.end_epoch(0)), [20, 10, 5, 2, 1, 0, 0]);
    }

    #[test]
    fn epochs_follow_the_clock() {
        let mut mark = Watermark::new();
        assert!(!mark.is_over(1000, 60));
        assert!(!mark.is_over(1059, 60));
        assert!(mark.is_over(1060, 60));
        assert!(!mark.is_over(1061, 60));
        assert!(mark.is_over(5000, 60));
        assert!(!mark.is_over(5059, 60));
        assert!(!Watermark::new().is_over(0, u64::MAX));
    }
}
