//! All slots of a pool: the table of its slabs, and the numbers by which slots are known.
//!
//! Slabs are added under the pool's lock and never go; looking takes no lock.

use core::iter;

use rt_os::errno::Errno;

use crate::bounds::Stack;
use crate::slab::{Note, Slab};

/// The smallest slot, and the largest, in bytes.
pub(crate) const SLOT_BYTES_MIN: usize = 16 << 10;
pub(crate) const SLOT_BYTES_MAX: usize = 1 << 30;
/// The first slab, in bytes of address space, at most; the slab at place `n` has this doubled `n`
/// times, up to the largest.
const SLAB_BYTES_FIRST: usize = 64 << 20;
const SLAB_BYTES_MAX: usize = 16 << 30;
const SLABS: usize = 64;
/// Slots of the first slab, at most: their notes lie in the table itself, so the boot maps none.
/// Few: they are part of the binary.
const INLINE_NOTES: usize = 64;
/// No slot.
pub(crate) const NONE: u32 = 0;

/// The slabs. In this order: the boot touches the head of it, and one note.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table {
    slot_bytes: usize,
    slabs: [Slab; SLABS],
    notes: [Note; INLINE_NOTES],
}

impl Table {
    pub(crate) const fn new(slot_bytes: usize) -> Table {
        assert!(slot_bytes.is_power_of_two(), "a stack's size is a power of two");
        assert!(slot_bytes >= SLOT_BYTES_MIN && slot_bytes <= SLOT_BYTES_MAX, "16 KiB to 1 GiB");
        Table {
            slot_bytes,
            slabs: [const { Slab::none() }; SLABS],
            notes: [const { Note::fresh() }; INLINE_NOTES],
        }
    }

    pub(crate) fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// Opens slab `at`, the first that is not open; a smaller one when the address space is short,
    /// down to one slot. Returns how many slots it has. Under the pool's lock.
    ///
    /// # Errors
    /// ENOMEM: no address space for one slot, or all slabs are open.
    #[cold]
    pub(crate) fn open(&'static self, at: usize) -> Result<u32, Errno> {
        let slab = self.slabs.get(at).ok_or(Errno::ENOMEM)?;
        let mut bytes = SLAB_BYTES_FIRST << at.min(8);
        if at == 0 {
            bytes = bytes.min(INLINE_NOTES * self.slot_bytes);
        }
        bytes = bytes.clamp(self.slot_bytes, SLAB_BYTES_MAX);
        loop {
            let slots = (bytes / self.slot_bytes) as u32;
            let notes = (at == 0).then(|| &self.notes[..slots as usize]);
            match slab.open(slots, self.slot_bytes, notes) {
                Ok(()) => return Ok(slots),
                Err(_) if bytes > self.slot_bytes => bytes = (bytes / 4).max(self.slot_bytes),
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn slab(&self, at: usize) -> &Slab {
        &self.slabs[at]
    }

    pub(crate) fn note(&self, id: u32) -> &Note {
        let (slab, index) = split(id);
        self.slabs[slab].note(index)
    }

    /// The slot as a range, its guard included.
    pub(crate) fn slot(&self, id: u32) -> Stack {
        let (slab, index) = split(id);
        self.slabs[slab].slot(index, self.slot_bytes)
    }

    /// The slot that contains `address`.
    pub(crate) fn id_of(&self, address: usize) -> Option<u32> {
        self.open_slabs().filter(|(_, slab)| address >= slab.base()).find_map(|(at, slab)| {
            let index = (address - slab.base()) / self.slot_bytes;
            (index < slab.slots() as usize).then(|| id(at, index as u32))
        })
    }

    /// All slots, fresh ones too.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.open_slabs().flat_map(|(at, slab)| (0..slab.slots()).map(move |index| id(at, index)))
    }

    /// The slots above `id` in its slab, nearest first.
    pub(crate) fn above(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        let (slab, index) = split(id);
        (id + 1..).take((self.slabs[slab].slots() - 1 - index) as usize)
    }

    /// The slots below `id` in its slab, nearest first.
    pub(crate) fn below(&self, id: u32) -> impl Iterator<Item = u32> + use<> {
        let (_, index) = split(id);
        iter::successors(Some(id), |id| Some(id - 1)).skip(1).take(index as usize)
    }

    fn open_slabs(&self) -> impl Iterator<Item = (usize, &Slab)> {
        self.slabs.iter().enumerate().take_while(|(_, slab)| slab.base() != 0)
    }
}

/// A slot's number, never [`NONE`]: 6 bits of slab, 26 of slot + 1. Neighbours' numbers are
/// neighbours.
pub(crate) const fn id(slab: usize, index: u32) -> u32 {
    (slab as u32) << 26 | (index + 1)
}

const fn split(id: u32) -> (usize, u32) {
    ((id >> 26) as usize, (id & ((1 << 26) - 1)) - 1)
}

const _: () = assert!(SLABS == 1 << 6 && SLAB_BYTES_MAX / SLOT_BYTES_MIN < (1 << 26) - 1);

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::boxed::Box;
    use std::vec::Vec;

    #[test]
    fn slots_have_numbers_and_neighbours() {
        let table: &'static Table = Box::leak(Box::new(Table::new(256 << 10)));
        assert_eq!(table.open(0), Ok(64));
        assert_eq!(table.open(1), Ok(512));
        assert_eq!(table.ids().count(), 576);
        for slot in [id(0, 0), id(0, 63), id(1, 0), id(1, 511)] {
            let range = table.slot(slot);
            assert_eq!(range.size_bytes(), 256 << 10);
            assert_eq!(table.id_of(range.lo), Some(slot));
            assert_eq!(table.id_of(range.hi - 1), Some(slot));
        }
        assert_eq!(table.above(id(0, 61)).collect::<Vec<_>>(), [id(0, 62), id(0, 63)]);
        assert_eq!(table.below(id(1, 2)).collect::<Vec<_>>(), [id(1, 1), id(1, 0)]);
        assert_eq!(table.above(id(1, 511)).count() + table.below(id(0, 0)).count(), 0);
        assert_eq!(table.id_of(&raw const table as usize), None);
        assert_eq!(table.open(SLABS), Err(Errno::ENOMEM));
    }

    #[test]
    fn the_first_slab_brings_no_side_table() {
        for (slot_bytes, slots) in [(16 << 10, 64), (2 << 20, 32), (1 << 30, 1)] {
            let table: &'static Table = Box::leak(Box::new(Table::new(slot_bytes)));
            assert_eq!(table.open(0), Ok(slots));
            assert!(core::ptr::eq(table.note(id(0, 0)), &table.notes[0]));
        }
    }
}
