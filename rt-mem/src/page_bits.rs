//! One bit for each page of an arena.

/// The pages of an arena.
pub(crate) const PAGES: usize = 256;

/// A set of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageBits([u64; PAGES / 64]);

impl PageBits {
    /// No page.
    pub(crate) const NONE: PageBits = PageBits([0; PAGES / 64]);

    /// Puts pages in or takes them out.
    pub(crate) fn set(&mut self, start: usize, pages: usize, value: bool) {
        for (word, mask) in masks(start, pages) {
            if value {
                self.0[word] |= mask;
            } else {
                self.0[word] &= !mask;
            }
        }
    }

    /// Whether any of these pages is in.
    pub(crate) fn any(&self, start: usize, pages: usize) -> bool {
        masks(start, pages).any(|(word, mask)| self.0[word] & mask != 0)
    }

    /// Whether all of these pages are in.
    pub(crate) fn all(&self, start: usize, pages: usize) -> bool {
        masks(start, pages).all(|(word, mask)| self.0[word] & mask == mask)
    }

    /// How many of these pages are in.
    pub(crate) fn count(&self, start: usize, pages: usize) -> usize {
        masks(start, pages).map(|(word, mask)| (self.0[word] & mask).count_ones() as usize).sum()
    }

    /// The first page from `at` on that is in (`value`) or out; [`PAGES`] when there is none.
    pub(crate) fn next(&self, at: usize, value: bool) -> usize {
        let flip = if value { 0 } else { u64::MAX };
        for word in at / 64..PAGES / 64 {
            let mut bits = self.0[word] ^ flip;
            if word == at / 64 {
                bits &= u64::MAX << (at % 64);
            }
            if bits != 0 {
                return word * 64 + bits.trailing_zeros() as usize;
            }
        }
        PAGES
    }

    /// The first run of `pages` pages that are out, beginning at a multiple of `align` pages, or
    /// else the length of the longest run.
    pub(crate) fn find_out(&self, pages: usize, align: usize) -> Result<usize, usize> {
        let mut longest = 0;
        let mut start = self.next(0, false);
        while start < PAGES {
            let end = self.next(start, true);
            let aligned = start.next_multiple_of(align);
            if aligned + pages <= end {
                return Ok(aligned);
            }
            longest = longest.max(end - start);
            start = self.next(end, false);
        }
        Err(longest)
    }
}

/// The words and the bits in them for these pages.
fn masks(start: usize, pages: usize) -> impl Iterator<Item = (usize, u64)> {
    debug_assert!(start + pages <= PAGES);
    let end = start + pages;
    (start / 64..end.div_ceil(64)).map(move |word| {
        let lo = start.saturating_sub(word * 64);
        let hi = (end - word * 64).min(64);
        (word, (u64::MAX << lo) & (u64::MAX >> (64 - hi)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn behaves_as_a_row_of_bools(
            sets in prop::collection::vec((0..PAGES, 0..PAGES, any::<bool>()), 0..12),
            pages in 1..40usize,
            align in prop::sample::select(&[1usize, 2, 4, 16]),
        ) {
            let mut bits = PageBits::NONE;
            let mut model = [false; PAGES];
            for (start, len, value) in sets {
                let len = len.min(PAGES - start);
                bits.set(start, len, value);
                model[start..start + len].fill(value);
                let count = model[start..].iter().filter(|&&m| m).count();
                prop_assert_eq!(bits.count(start, PAGES - start), count);
                prop_assert_eq!(bits.any(start, PAGES - start), count > 0);
                prop_assert_eq!(bits.all(start, PAGES - start), count == PAGES - start);
            }
            let fits = |&s: &usize| s % align == 0 && !model[s..s + pages].contains(&true);
            let want = (0..=PAGES - pages).find(fits);
            let found = bits.find_out(pages, align);
            prop_assert_eq!(found.ok(), want);
            if let Err(longest) = found {
                let runs: Vec<usize> =
                    model.split(|&m| m).map(|run| run.len()).collect();
                prop_assert_eq!(Some(longest), runs.into_iter().max());
            }
        }
    }
}
