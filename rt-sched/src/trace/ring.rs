//! A flight recorder: keeps the last events, and counts those it has lost.
//!
//! One party writes; it is read when nobody writes any more. So there is no atomic word in it.

use alloc::vec::Vec;
use core::cell::Cell;

use rt_asm::cpu::ticks;

use super::event::{Event, Kind, TEXT_MAX};
use crate::allp::NoMemory;

/// One in so many readied goroutines is timed, as without a trace.
const TIMED_EVERY: u32 = 64;

/// One event as it lies there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// Ticks since the base, and the kind below.
    pub(super) head: u64,
    pub(super) body: u64,
}

/// The ring. Its fields are the writer's.
pub(crate) struct Ring {
    slots: Vec<Cell<Slot>>, // a power of two of them
    /// So many were written in all.
    written: Cell<u64>,
    /// The reading of the counter from which ticks are told.
    base: Cell<u64>,
    readied: Cell<u32>,
}

impl core::fmt::Debug for Ring {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Ring({} of {})", self.written.get(), self.slots.len())
    }
}

impl Ring {
    /// A ring of `len` slots, rounded up to a power of two. Its memory is touched: it costs no page
    /// fault later.
    pub(super) fn new(len: usize) -> Result<Ring, NoMemory> {
        let len = len.max(2).checked_next_power_of_two().ok_or(NoMemory)?;
        let mut slots = Vec::new();
        slots.try_reserve_exact(len).map_err(|_| NoMemory)?;
        slots.resize(len, Cell::new(Slot::default()));
        let [written, base] = [const { Cell::new(0) }; 2];
        Ok(Ring { slots, written, base, readied: Cell::new(0) })
    }

    /// Ticks are told from this reading of the counter on.
    pub(super) fn set_base(&self, base: u64) {
        self.base.set(base);
    }

    /// Records an event of now.
    #[inline(always)]
    pub(super) fn put(&self, event: Event) {
        self.put_at(ticks(), event);
    }

    /// Records an event of a moment before.
    #[inline(always)]
    pub(super) fn put_at(&self, ticks: u64, event: Event) {
        self.push(ticks, event.kind, event.body());
    }

    /// Records an event with an address.
    pub(super) fn put_with_address(&self, event: Event, address: u64) {
        let now = ticks();
        self.put_at(now, event);
        self.push(now, Kind::Address, address);
    }

    /// Records an event with a text: its length goes into `how`.
    pub(super) fn put_text(&self, event: Event, text: &str) {
        let text = &text.as_bytes()[..text.floor_char_boundary(TEXT_MAX)];
        let now = ticks();
        self.put_at(now, Event { how: text.len() as u8, ..event });
        for part in text.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..part.len()].copy_from_slice(part);
            self.push(now, Kind::Text, u64::from_le_bytes(bytes));
        }
    }

    #[inline(always)]
    fn push(&self, ticks: u64, kind: Kind, body: u64) {
        let at = self.written.get();
        self.written.set(at + 1);
        let mask = self.slots.len() - 1;
        let head = ticks.wrapping_sub(self.base.get()) << 8 | kind as u64;
        self.slots[at as usize & mask].set(Slot { head, body });
    }

    /// Is the goroutine that is readied now one of those that are timed?
    pub(super) fn times_this_one(&self) -> bool {
        let readied = self.readied.get().wrapping_add(1);
        self.readied.set(readied);
        readied.is_multiple_of(TIMED_EVERY)
    }

    /// How many slots were overwritten.
    pub(super) fn lost(&self) -> u64 {
        self.written.get().saturating_sub(self.slots.len() as u64)
    }

    /// What it keeps, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        let mask = self.slots.len() - 1;
        (self.lost()..self.written.get()).map(move |at| self.slots[at as usize & mask].get())
    }
}

impl Slot {
    pub(super) fn ticks(self) -> u64 {
        self.head >> 8
    }

    pub(super) fn kind(self) -> Option<Kind> {
        Kind::from_u8(self.head as u8)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The last that were written are kept, in order, and the others counted.
        #[test]
        fn the_last_are_kept(len in 1usize..40, many in 0u64..200) {
            let ring = Ring::new(len).unwrap();
            let capacity = len.max(2).next_power_of_two() as u64;
            for number in 0..many {
                ring.put_at(number * 3, Event::new(Kind::Start, number));
            }
            prop_assert_eq!(ring.lost(), many.saturating_sub(capacity));
            let number = |slot: Slot| Event::unpack(Kind::Start, slot.body).number;
            let kept = ring.iter().map(|slot| (slot.ticks(), number(slot)));
            prop_assert!(kept.eq((ring.lost()..many).map(|number| (number * 3, number))));
        }

        /// A text is cut between characters, and comes back from its slots.
        #[test]
        fn texts_come_back(text in "\\PC{0,60}") {
            let ring = Ring::new(64).unwrap();
            ring.put_text(Event::new(Kind::Mark, 0), &text);
            let mut slots = ring.iter();
            let head = Event::unpack(Kind::Mark, slots.next().unwrap().body);
            let bytes: Vec<u8> = slots.flat_map(|slot| slot.body.to_le_bytes()).collect();
            let back = core::str::from_utf8(&bytes[..usize::from(head.how)]).unwrap();
            prop_assert!(text.starts_with(back));
            prop_assert!(back.len() == text.len() || back.len() > TEXT_MAX - 4);
        }
    }

    #[test]
    fn too_large_a_ring_is_an_error() {
        assert!(Ring::new(usize::MAX).is_err());
        assert!(Ring::new(1 << 59).is_err());
    }
}
