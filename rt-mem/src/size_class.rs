//! Which kind of memory a request gets: pure arithmetic. Go: `sizeclasses.go`.
//!
//! ```text
//!   bytes          step      classes     kind
//!   1 ..= 256      16        0 ..= 15    a block of a span
//!   257 ..= 8192   1/8 of    16 ..= 55   a block of a span
//!                  the power
//!   ..= 512 KiB    4 KiB     -           a run of pages in an arena
//!   beyond         4 KiB     -           a mapping of its own
//! ```
//!
//! Eight steps to a doubling: a block wastes at most an eighth of itself beyond 128 bytes, where
//! the 16-byte alignment that every block has stops being the reason. A class's blocks are aligned
//! to the largest power of two that divides its size, so that an aligned request is only a matter
//! of the right class.

/// The unit of the page heap: the kernel's page.
pub const PAGE_BYTES: usize = 4096;
/// The size and alignment of a span.
pub const SPAN_BYTES: usize = 64 << 10;
/// How many size classes there are. Go: `_NumSizeClasses`.
pub const CLASSES: usize = 56;
/// The largest block of a span. Go: `_MaxSmallSize`.
pub const SMALL_MAX_BYTES: usize = 8192;
/// The largest run of pages in an arena; half an arena, so that two fit in most.
pub const LARGE_MAX_BYTES: usize = 512 << 10;

/// Classes up to here are 16 bytes apart.
const LINEAR_MAX_BYTES: usize = 256;
/// How many those are.
const LINEAR_CLASSES: usize = LINEAR_MAX_BYTES / 16;

/// A size class: an index below [`CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class(u8);

impl Class {
    /// The smallest class whose blocks hold `size_bytes`, which is at most [`SMALL_MAX_BYTES`].
    #[inline(always)]
    #[must_use]
    pub const fn of(size_bytes: usize) -> Class {
        debug_assert!(size_bytes <= SMALL_MAX_BYTES);
        if size_bytes <= LINEAR_MAX_BYTES {
            return Class((size_bytes.saturating_sub(1) / 16) as u8);
        }
        let last = size_bytes - 1;
        let power = last.ilog2() as usize; // 8 ..= 12
        Class((LINEAR_CLASSES + (power - 8) * 8 + (last >> (power - 3)) - 8) as u8)
    }

    /// The class of this number.
    #[must_use]
    pub const fn from_index(index: usize) -> Option<Class> {
        if index < CLASSES { Some(Class(index as u8)) } else { None }
    }

    /// Its number.
    #[inline(always)]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The size of its blocks.
    #[inline(always)]
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        let index = self.0 as usize;
        if index < LINEAR_CLASSES {
            return (index + 1) * 16;
        }
        let step = index - LINEAR_CLASSES;
        (9 + step % 8) << (5 + step / 8)
    }

    /// What its blocks are aligned to: the largest power of two in their size, at most a page.
    #[must_use]
    pub const fn block_align(self) -> usize {
        let align = 1 << self.block_bytes().trailing_zeros();
        if align < PAGE_BYTES { align } else { PAGE_BYTES }
    }
}

/// What a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A block of this class.
    Small(Class),
    /// So many pages of an arena.
    Large {
        /// The length of the run.
        pages: usize,
    },
    /// A mapping of its own, of so many bytes: whole pages.
    Huge {
        /// The length of the mapping.
        bytes: usize,
    },
    /// More than there can be.
    Never,
}

/// Decides the kind of a request. The same answer for the same request, always: a free knows by it
/// where the memory came from. `align` is a power of two.
#[inline(always)]
#[must_use]
pub const fn kind(size_bytes: usize, align: usize) -> Kind {
    if size_bytes <= SMALL_MAX_BYTES && align <= 16 {
        return Kind::Small(Class::of(size_bytes));
    }
    kind_aligned(size_bytes, align)
}

const fn kind_aligned(size_bytes: usize, align: usize) -> Kind {
    if size_bytes <= SMALL_MAX_BYTES && align <= PAGE_BYTES {
        let mut class = Class::of(if size_bytes > align { size_bytes } else { align });
        while class.block_align() < align {
            class = Class(class.0 + 1); // 8192 ends it: it has a page's alignment
        }
        return Kind::Small(class);
    }
    if size_bytes <= LARGE_MAX_BYTES && align <= SPAN_BYTES {
        let pages = size_bytes.div_ceil(PAGE_BYTES);
        return Kind::Large { pages: if pages > 0 { pages } else { 1 } };
    }
    if size_bytes > (isize::MAX as usize - PAGE_BYTES).saturating_sub(align) {
        return Kind::Never;
    }
    let bytes = size_bytes.next_multiple_of(PAGE_BYTES);
    Kind::Huge { bytes: if bytes > 0 { bytes } else { PAGE_BYTES } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_the_smallest_class_that_fits() {
        for size in 1..=SMALL_MAX_BYTES {
            let class = Class::of(size);
            assert!(class.block_bytes() >= size, "{size}");
            if let Some(below) = class.index().checked_sub(1).and_then(Class::from_index) {
                assert!(below.block_bytes() < size, "{size} fits a smaller class");
            }
            if size > 128 {
                let waste = class.block_bytes() - size;
                assert!(waste * 8 <= class.block_bytes(), "{size} wastes {waste}");
            }
        }
        assert_eq!(Class::of(0), Class::of(1));
        assert_eq!(Class::of(SMALL_MAX_BYTES).index(), CLASSES - 1);
        assert_eq!(Class::from_index(CLASSES), None);
    }

    #[test]
    fn sizes_rise_and_keep_sixteen() {
        let sizes: [usize; CLASSES] =
            core::array::from_fn(|i| Class::from_index(i).unwrap().block_bytes());
        assert!(sizes.is_sorted_by(|a, b| a < b));
        assert!(sizes.iter().all(|size| size % 16 == 0));
        assert_eq!(sizes[..3], [16, 32, 48]);
        assert_eq!(sizes[14..18], [240, 256, 288, 320]);
        assert_eq!(sizes[53..], [6656 + 512, 7680, 8192]);
    }

    #[test]
    fn any_alignment_is_honoured_by_the_smallest_class_that_has_it() {
        for size in 1..=SMALL_MAX_BYTES {
            for align in (0..=12).map(|power| 1 << power) {
                let Kind::Small(class) = kind(size, align) else { panic!("{size} {align}") };
                assert!(class.block_bytes() >= size && class.block_align() >= align);
                let first = (0..CLASSES)
                    .filter_map(Class::from_index)
                    .find(|c| c.block_bytes() >= size && c.block_bytes() % align == 0);
                assert_eq!(Some(class), first, "{size} {align}");
            }
        }
    }

    #[test]
    fn beyond_blocks_come_pages_and_mappings() {
        assert_eq!(kind(8193, 1), Kind::Large { pages: 3 });
        assert_eq!(kind(1, 8192), Kind::Large { pages: 1 });
        assert_eq!(kind(1, SPAN_BYTES), Kind::Large { pages: 1 });
        assert_eq!(kind(1, SPAN_BYTES * 2), Kind::Huge { bytes: 4096 });
        assert_eq!(kind(LARGE_MAX_BYTES, 1), Kind::Large { pages: 128 });
        assert_eq!(kind(LARGE_MAX_BYTES + 1, 1), Kind::Huge { bytes: LARGE_MAX_BYTES + 4096 });
        assert_eq!(kind(0, 8192), Kind::Large { pages: 1 });
        assert_eq!(kind(0, SPAN_BYTES * 2), Kind::Huge { bytes: 4096 });
        assert_eq!(kind(isize::MAX as usize, 1), Kind::Never);
        assert_eq!(kind(1, 1 << 63), Kind::Never);
    }
}
