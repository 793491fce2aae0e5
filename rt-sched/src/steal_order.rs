//! In which order a thief looks at the Ps: every one once, from a random start, in a random stride.
//! Go: `randomOrder`, `stealOrder`.

use alloc::vec::Vec;

use arrayvec::ArrayVec;

const FEW: usize = 8;

/// The strides for `count` Ps: the numbers up to `count` that are coprime to it. A stride that
/// shares no factor with the count meets every P once.
#[derive(Debug, Default)]
pub struct StealOrder {
    count: u32,
    few: ArrayVec<u32, FEW>, // up to so many strides need no memory
    many: Vec<u32>,          // else they are here
}

/// One round over all Ps.
#[derive(Clone, Debug)]
pub struct Round {
    left: u32,
    count: u32,
    position: u32,
    stride: u32,
}

/// There was no memory for the strides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl StealOrder {
    /// An order over no Ps.
    #[must_use]
    pub const fn new() -> StealOrder {
        StealOrder { count: 0, few: ArrayVec::new_const(), many: Vec::new() }
    }

    /// Changes the number of Ps. Go: `randomOrder.reset`.
    ///
    /// # Errors
    /// [`NoMemory`]; the order is then what it was.
    pub fn reset(&mut self, count: u32) -> Result<(), NoMemory> {
        let strides = || (1..=count).filter(|&i| gcd(i, count) == 1);
        let need = strides().count();
        if need > FEW && need > self.many.capacity() {
            let mut grown = Vec::new();
            grown.try_reserve_exact(need).map_err(|_| NoMemory)?;
            self.many = grown;
        }
        self.few.clear();
        self.many.clear();
        if need > FEW {
            self.many.extend(strides());
        } else {
            self.few.extend(strides());
        }
        self.count = count;
        Ok(())
    }

    /// The round that `random` chooses. Go: `randomOrder.start`.
    #[must_use]
    pub fn start(&self, random: u32) -> Round {
        let count = self.count.max(1);
        let strides = self.coprimes();
        let stride = match strides.len() {
            0 => 1,
            len => strides[(random / count) as usize % len],
        };
        Round { left: self.count, count, position: random % count, stride }
    }

    /// The strides, ascending.
    #[must_use]
    pub fn coprimes(&self) -> &[u32] {
        if self.many.is_empty() { &self.few } else { &self.many }
    }
}

impl Iterator for Round {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let position = self.position;
        self.position = (position + self.stride) % self.count;
        Some(position)
    }
}

fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
