//! Tables by P number that grow and never move. Go: `allp`, `pMask`.
//!
//! Entries lie in segments of 8, 8, 16, 32 … of which the first is in the table itself and the
//! others are allocated once and kept, so a reader needs no
//! lock, and a P that was ever made is never lost. Go copies a slice under `allpLock` instead.
//!
//! # Safety
//! - **segment**: a non-null segment pointer leads to its full length of initialised entries, for
//!   ever.
#![allow(unsafe_code, reason = "**segment**: pointers to allocated arrays")]

use alloc::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use core::cell::UnsafeCell;
use core::fmt;
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::p::P;
pub use crate::steal_order::NoMemory;

const FIRST: usize = 8;
const SEGMENTS: usize = 29;

/// A growing array whose entries stay where they are, as long as the table does.
pub struct Table<T> {
    first: [T; FIRST],
    segments: [AtomicPtr<T>; SEGMENTS], // number 0 is not used: `first` is in its place
}

fn segment_len(segment: usize) -> usize {
    if segment == 0 { FIRST } else { FIRST << (segment - 1) }
}

/// Entry `index` is in which segment, and where in it.
fn locate(index: usize) -> (usize, usize) {
    let block = index / FIRST;
    if block == 0 {
        return (0, index);
    }
    let segment = 1 + block.ilog2() as usize;
    (segment, index - segment_len(segment))
}

impl<T> Table<T> {
    /// A table that reaches as far as `first`.
    #[must_use]
    pub const fn new(first: [T; FIRST]) -> Table<T> {
        Table { first, segments: [const { AtomicPtr::new(null_mut()) }; SEGMENTS] }
    }

    /// Entry `index`, if the table ever reached it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        let (segment, offset) = locate(index);
        if segment == 0 {
            return Some(&self.first[offset]);
        }
        let start = self.segments.get(segment)?.load(Ordering::Acquire); // pairs with `grow`
        let start = NonNull::new(start)?;
        // SAFETY: **segment**; `locate` keeps the offset inside.
        Some(unsafe { start.add(offset).as_ref() })
    }

    /// Makes sure that entries below `len` exist, new ones made by `make`. Writers are serialised
    /// by the caller (`sched.lock`).
    ///
    /// # Errors
    /// [`NoMemory`]; what existed stays.
    pub fn grow(&self, len: usize, make: impl Fn() -> T) -> Result<(), NoMemory> {
        let Some(last) = len.checked_sub(1) else { return Ok(()) };
        for segment in 1..=locate(last).0 {
            let word = &self.segments[segment];
            if !word.load(Ordering::Relaxed).is_null() {
                continue;
            }
            let count = segment_len(segment);
            let layout = Layout::array::<T>(count).map_err(|_| NoMemory)?;
            // SAFETY: T is not zero-sized (see the users below) and count is at least 8.
            let start = NonNull::new(unsafe { alloc(layout) }.cast::<T>()).ok_or(NoMemory)?;
            for i in 0..count {
                // SAFETY: inside the fresh allocation.
                unsafe { start.add(i).write(make()) };
            }
            word.store(start.as_ptr(), Ordering::Release); // pairs with `get`
        }
        Ok(())
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        for (segment, word) in self.segments.iter_mut().enumerate() {
            let Some(start) = NonNull::new(*word.get_mut()) else { continue };
            let count = segment_len(segment);
            for i in 0..count {
                // SAFETY: **segment**; the table goes, nobody reads.
                unsafe { start.add(i).drop_in_place() };
            }
            let layout = Layout::array::<T>(count).expect("it was allocated with this layout");
            // SAFETY: allocated in `grow` with this layout.
            unsafe { dealloc(start.as_ptr().cast(), layout) };
        }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

/// More new Ps than this are asked for at once before they are made one by one.
const MANY: u32 = 4096;
/// So many Ps find room in [`FirstPs`].
pub const FIRST_PS: usize = 2;

/// Room for the first Ps in a program's zeroed statics, so that a short program needs no heap.
#[derive(Debug)]
pub struct FirstPs([UnsafeCell<MaybeUninit<P>>; FIRST_PS]);

// SAFETY: only one scheduler's `ensure` touches it, each place once.
unsafe impl Sync for FirstPs {}

impl FirstPs {
    /// Zeroed room.
    #[must_use]
    pub const fn zeroed() -> FirstPs {
        FirstPs([const { UnsafeCell::new(MaybeUninit::zeroed()) }; FIRST_PS])
    }
}

/// All Ps that were ever made, by number. Go: `allp`.
///
/// `len` is the number in use; the ones behind it are dead and wait to be used again.
#[derive(Debug)]
pub struct AllP {
    table: Table<AtomicPtr<P>>,
    len: AtomicU32, // written under sched.lock, world stopped
    cap: AtomicU32, // written under sched.lock; never shrinks
    room: Option<&'static FirstPs>,
}

impl AllP {
    /// No Ps. The first will be made in `room`, which no other scheduler has.
    #[must_use]
    pub const fn new(room: Option<&'static FirstPs>) -> AllP {
        AllP {
            table: Table::new([const { AtomicPtr::new(null_mut()) }; FIRST]),
            len: AtomicU32::new(0),
            cap: AtomicU32::new(0),
            room,
        }
    }

    /// How many are in use: `gomaxprocs` after every procresize.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len.load(Ordering::Relaxed)
    }

    /// Is none in use?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many exist: the largest number ever asked for.
    #[must_use]
    pub fn cap(&self) -> u32 {
        self.cap.load(Ordering::Acquire)
    }

    /// P number `id`, in use or dead.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&P> {
        let word = self.table.get(id as usize)?;
        let pp = NonNull::new(word.load(Ordering::Acquire))?; // pairs with `ensure`
        // SAFETY: a P once stored here is never freed while the table lives.
        Some(unsafe { pp.as_ref() })
    }

    /// The Ps in use, by number.
    pub fn iter(&self) -> impl Iterator<Item = &P> {
        (0..self.len()).filter_map(|id| self.get(id))
    }

    /// All that exist, dead ones too.
    pub fn iter_all(&self) -> impl Iterator<Item = &P> {
        (0..self.cap()).filter_map(|id| self.get(id))
    }

    /// Makes sure that Ps below `count` exist; old ones stay what they are.
    ///
    /// # Errors
    /// [`NoMemory`]; `len` and what existed stay, `cap` counts those that could be made.
    pub(crate) fn ensure(&self, count: u32) -> Result<(), NoMemory> {
        self.refuse_the_impossible(count)?;
        self.table.grow(count as usize, || AtomicPtr::new(null_mut()))?;
        for id in self.cap()..count {
            let pp = self.place(id).ok_or(NoMemory)?;
            // SAFETY: fresh zeroed memory of the right layout.
            unsafe { P::init_zeroed(pp, id) };
            let word = self.table.get(id as usize).expect("the table was grown");
            word.store(pp.as_ptr(), Ordering::Release); // pairs with `get`
            self.cap.store(id + 1, Ordering::Release);
        }
        Ok(())
    }

    /// A number of Ps that the machine cannot hold is refused before it has eaten all memory: the
    /// system is asked for their size at once.
    fn refuse_the_impossible(&self, count: u32) -> Result<(), NoMemory> {
        let missing = count.saturating_sub(self.cap());
        if missing < MANY {
            return Ok(());
        }
        let layout = Layout::array::<P>(missing as usize).map_err(|_| NoMemory)?;
        // SAFETY: not zero-sized.
        let probe = black_box(unsafe { alloc(layout) }); // or the compiler leaves both calls out
        let probe = NonNull::new(probe).ok_or(NoMemory)?;
        // SAFETY: just allocated with this layout, and not used.
        unsafe { dealloc(probe.as_ptr(), layout) };
        Ok(())
    }

    /// Zeroed memory for P `id`.
    fn place(&self, id: u32) -> Option<NonNull<P>> {
        if let Some(place) = self.room_for(id) {
            return Some(place);
        }
        // SAFETY: P is not zero-sized.
        NonNull::new(unsafe { alloc_zeroed(Layout::new::<P>()) }.cast::<P>())
    }

    fn room_for(&self, id: u32) -> Option<NonNull<P>> {
        let place = self.room?.0.get(id as usize)?;
        NonNull::new(place.get().cast::<P>())
    }

    /// Sets the number in use. World stopped.
    pub(crate) fn set_len(&self, len: u32) {
        debug_assert!(len <= self.cap());
        self.len.store(len, Ordering::Relaxed);
    }
}

impl Drop for AllP {
    fn drop(&mut self) {
        for id in 0..self.cap() {
            let Some(word) = self.table.get(id as usize) else { continue };
            let pp = word.load(Ordering::Relaxed);
            // SAFETY: made in `ensure`; the table goes, nobody refers to it.
            unsafe { pp.drop_in_place() };
            if self.room_for(id).is_none() {
                // SAFETY: as above, with the layout of `place`.
                unsafe { dealloc(pp.cast(), Layout::new::<P>()) };
            }
        }
    }
}

/// One bit for each P, read without a lock. Go: `pMask`.
#[derive(Debug)]
pub struct PMask {
    words: Table<AtomicU32>,
}

impl Default for PMask {
    fn default() -> PMask {
        PMask::new()
    }
}

impl PMask {
    /// No bits.
    #[must_use]
    pub const fn new() -> PMask {
        PMask { words: Table::new([const { AtomicU32::new(0) }; FIRST]) }
    }

    /// Is P `id`'s bit set? False beyond the end.
    #[must_use]
    pub fn read(&self, id: u32) -> bool {
        let word = self.words.get(id as usize / 32);
        word.is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (id % 32)) != 0)
    }

    /// Sets or clears P `id`'s bit; written under sched.lock.
    pub(crate) fn write(&self, id: u32, value: bool) {
        let word = self.words.get(id as usize / 32).expect("a bit for each P");
        let old = word.load(Ordering::Relaxed);
        let bit = 1 << (id % 32);
        word.store(if value { old | bit } else { old & !bit }, Ordering::Relaxed);
    }

    /// Makes room for `count` Ps and clears what lies beyond.
    ///
    /// # Errors
    /// [`NoMemory`]; the bits stay.
    pub(crate) fn resize(&self, count: u32, cap: u32) -> Result<(), NoMemory> {
        self.words.grow((count.max(cap) as usize).div_ceil(32), || AtomicU32::new(0))?;
        for id in count..cap {
            self.write(id, false);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_its_own_place() {
        let mut expected = (0, 0);
        for index in 0..10_000 {
            assert_eq!(locate(index), expected, "index {index}");
            expected.1 += 1;
            if expected.1 == segment_len(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn entries_stay_where_they_are() {
        let table = Table::new([const { AtomicU32::new(7) }; FIRST]);
        table.grow(3, || AtomicU32::new(7)).unwrap();
        let first: *const AtomicU32 = table.get(2).unwrap();
        table.grow(5000, || AtomicU32::new(8)).unwrap();
        assert!(core::ptr::eq(first, table.get(2).unwrap()));
        assert_eq!(table.get(2).unwrap().load(Ordering::Relaxed), 7);
        assert_eq!(table.get(4999).unwrap().load(Ordering::Relaxed), 8);
        assert!(table.get(1 << 20).is_none());
    }
}
