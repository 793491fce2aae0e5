//! Random delays, the same for every peer.

use std::time::Duration;

/// An endless row of delays between 1 and 100 ms: `splitmix64`, one row per task.
#[derive(Clone, Debug)]
pub struct Delays(u64);

impl Delays {
    /// Those of task number `task`.
    pub fn of(task: usize) -> Delays {
        Delays(task as u64)
    }

    /// The next number of the row.
    fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(Duration::from_millis(1 + self.next_number() % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_spread_over_the_range() {
        let mut seen: Vec<u128> = Delays::of(3).take(10_000).map(|d| d.as_millis()).collect();
        let mean = seen.iter().sum::<u128>() / 10_000;
        assert!((48..54).contains(&mean), "{mean}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (1..=100).collect::<Vec<u128>>());
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers from seed 0, as published with the algorithm.
        let mut row = Delays::of(0);
        assert_eq!(row.next_number(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(row.next_number(), 0x6e78_9e6a_a1b9_65f4);
    }
}
