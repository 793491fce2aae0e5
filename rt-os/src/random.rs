//! Randomness: the process's seed, and a cheap generator for scheduling. Not for secrets. Go:
//! `randinit`, `cheaprand`.
//!
//! # Safety
//! - **bytes**: AT_RANDOM names 16 readable bytes (getauxval(3)).
#![allow(unsafe_code, reason = "**bytes**: the kernel's pointer")]

use crate::args::Auxv;
use crate::sys::{clock, thread};

/// The process's seed: the kernel's 16 bytes, unless half of them is zero; then getrandom(2); then
/// the time. Go: `randinit`.
#[must_use]
pub fn seed(auxv: &Auxv) -> [u64; 2] {
    // SAFETY: **bytes**.
    let given = auxv.random.map(|bytes| halves(unsafe { bytes.read() }));
    if let Some(seed) = given.filter(|seed| seed.iter().all(|&half| half != 0)) {
        return seed;
    }
    let mut bytes = [0u8; 16];
    if thread::getrandom(&mut bytes) == Ok(16) {
        return halves(bytes);
    }
    let now = clock::nanotime_by_syscall();
    [mix(now, rt_asm::cpu::ticks()), mix(rt_asm::cpu::ticks(), !now)]
}

fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as u64, (both >> 64) as u64]
}

/// Mixes two words into one: the 128-bit product folded, as in wyhash.
#[must_use]
pub fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd1b5_4a32_d192_ed03);
    (product >> 64) as u64 ^ product as u64
}

/// A generator of one multiplication, good enough to choose whom to steal from. Go: `cheaprand`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheapRand(u64);

impl CheapRand {
    /// A generator that starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> CheapRand {
        CheapRand(seed)
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.0) * u128::from(self.0 ^ 0xe703_7ed1_a0b4_28db);
        ((product >> 64) as u64 ^ product as u64) as u32
    }

    /// A number below `n`; 0 when `n` is 0. Lemire's reduction.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_buckets_are_met_evenly() {
        let mut rand = CheapRand::new(42);
        let mut buckets = [0u32; 10];
        for _ in 0..100_000 {
            buckets[rand.below(10) as usize] += 1;
        }
        assert!(buckets.iter().all(|&n| (9_500..10_500).contains(&n)), "{buckets:?}");
        assert_eq!(rand.below(0), 0);
    }

    #[test]
    fn different_seeds_differ_and_the_same_repeats() {
        let row = |seed| {
            let mut rand = CheapRand::new(seed);
            [(); 8].map(|()| rand.next_u32())
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
        assert_ne!(mix(1, 2), mix(2, 1));
    }
}
