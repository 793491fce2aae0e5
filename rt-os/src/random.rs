//! Randomness: the process's seed, and a cheap generator for scheduling. Not for secrets. Go:
//! `randinit`, `cheaprand`.
//!
//! # Safety
//! - **bytes**: AT_RANDOM names 16 readable bytes (getauxval(3)).
#![allow(unsafe_code, reason = "**bytes**: the kernel's pointer")]

use crate::args::Auxv;
use crate::sys::{clock, file, thread};

/// The process's seed: the kernel's 16 bytes, unless half of them is zero; then getrandom(2); then
/// /dev/urandom; then the time. Go: `randinit`.
#[must_use]
pub fn seed(auxv: &Auxv) -> [u64; 2] {
    // SAFETY: **bytes**.
    let given = auxv.random.map(|bytes| halves(unsafe { bytes.read() }));
    if let Some(seed) = given.filter(|seed| seed.iter().all(|&half| half != 0)) {
        return seed;
    }
    ask_for_seed()
}

/// Apart, for the boot comes here only when the kernel handed over nothing.
#[cold]
#[inline(never)]
fn ask_for_seed() -> [u64; 2] {
    let mut bytes = [0u8; 16];
    if thread::getrandom(&mut bytes) == Ok(16) || read_urandom(&mut bytes) == Some(16) {
        return halves(bytes);
    }
    let now = clock::nanotime_by_syscall();
    [mix(now, rt_asm::cpu::ticks()), mix(rt_asm::cpu::ticks(), !now)]
}

/// Fills `bytes` where getrandom(2) is forbidden; returns how many were read.
fn read_urandom(bytes: &mut [u8]) -> Option<usize> {
    let fd = file::open(c"/dev/urandom", file::READ_ONLY).ok()?;
    let read = file::read(fd, bytes);
    file::close(fd);
    read.ok()
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

/// A generator of one multiplication, good enough to choose whom to steal from: wyrand on 32 bits,
/// with Go's constants, so that a seed gives the same order as there. Go: `cheaprand`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheapRand(u32);

impl CheapRand {
    /// A generator that starts from the lower half of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> CheapRand {
        CheapRand(seed as u32)
    }

    /// The next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x53c5_ca59);
        let product = u64::from(self.0) * u64::from(self.0 ^ 0x7474_3c1b);
        (product >> 32) as u32 ^ product as u32
    }

    /// A number below `n`; 0 when `n` is 0. Lemire's reduction. Go: `cheaprandn`.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr::NonNull;

    fn auxv_with(random: Option<&'static [u8; 16]>) -> Auxv {
        let empty: [usize; 4] = [0; 4];
        // SAFETY: no arguments, no environment, an empty vector.
        let args = unsafe { crate::args::Args::new(0, empty.as_ptr().cast()) };
        Auxv { random: random.map(NonNull::from), ..*args.auxv() }
    }

    #[test]
    fn the_first_numbers_are_gos() {
        // Worked out by hand from the recurrence, in another language.
        for (seed, expected) in [
            (0, [0x1305_eed8, 0x82b8_a478, 0x82e9_19aa, 0x22d6_4fbf]),
            (1, [0xff19_82f3, 0xbec3_5082, 0xf04a_0635, 0x0e82_5b95]),
            (0xffff_ffff, [0x40f1_db22, 0x512c_b873, 0xf61d_05b0, 0xd9d1_7648]),
        ] {
            let mut rand = CheapRand::new(seed);
            assert_eq!([(); 4].map(|()| rand.next_u32()), expected, "seed {seed}");
        }
        // And by long multiplication in 16-bit digits, from an arbitrary state.
        let (mut rand, mut state) = (CheapRand::new(12345), 12345u32);
        for _ in 0..1000 {
            state = state.wrapping_add(0x53c5_ca59);
            let other = state ^ 0x7474_3c1b;
            let (a, b, c, d) = (state >> 16, state & 0xffff, other >> 16, other & 0xffff);
            let (ac, ad, bc, bd) = (a * c, a * d, b * c, b * d);
            let middle = (bd >> 16) + (ad & 0xffff) + (bc & 0xffff);
            let hi = ac + (ad >> 16) + (bc >> 16) + (middle >> 16);
            let lo = middle << 16 | bd & 0xffff;
            assert_eq!(rand.next_u32(), hi ^ lo);
        }
    }

    #[test]
    fn the_kernels_bytes_are_the_seed() {
        static BYTES: [u8; 16] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
        assert_eq!(seed(&auxv_with(Some(&BYTES))), [1, 2 << 56]);
    }

    #[test]
    fn half_a_seed_is_none() {
        static LOW: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
        static HIGH: [u8; 16] = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        for random in [None, Some(&LOW), Some(&HIGH)] {
            let (first, second) = (seed(&auxv_with(random)), seed(&auxv_with(random)));
            assert_ne!(first, second, "{random:?}: the same twice");
            assert!(first.iter().all(|&half| half != 0 && half != 0x0101_0101_0101_0101));
        }
    }

    #[test]
    fn urandom_stands_in() {
        let mut bytes = [0u8; 16];
        assert_eq!(read_urandom(&mut bytes), Some(16));
        assert_ne!(bytes, [0; 16]);
    }

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
