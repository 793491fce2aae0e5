//! Many slices on few dots: those too narrow to be seen are put together.

use super::read::{Lane, Slice};

/// A slice, or several in a row of which one has most of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn<'a> {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The longest of them.
    pub(super) slice: &'a Slice,
    pub(super) many: usize,
}

/// The slices of a lane; neighbours shorter than `grain` ns, and no further apart, as one.
pub(super) fn thin(slices: &[Slice], grain: u64) -> Vec<Drawn<'_>> {
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    for slice in slices {
        let one = Drawn { from: slice.from, to: slice.to, slice, many: 1 };
        let is_short = |drawn: &Drawn<'_>| drawn.to - drawn.from < grain;
        match drawn.last_mut() {
            Some(last)
                if is_short(last)
                    && is_short(&one)
                    && one.from.saturating_sub(last.to) < grain
                    && one.from >= last.to =>
            {
                let is_longer = slice.to - slice.from > last.slice.to - last.slice.from;
                let longest = if is_longer { slice } else { last.slice };
                *last = Drawn { to: one.to, slice: longest, many: last.many + 1, ..*last };
            }
            _ => drawn.push(one),
        }
    }
    drawn
}

/// The finest grain with which no more than `most` slices are drawn, in ns.
pub(super) fn grain<'a>(
    lanes: impl Iterator<Item = &'a Lane> + Clone,
    whole_ns: u64,
    most: usize,
) -> u64 {
    let mut grain = (whole_ns / 1_000_000).max(1);
    let count = |grain| lanes.clone().map(|lane| thin(&lane.slices, grain).len()).sum::<usize>();
    while grain < whole_ns / 1000 && count(grain) > most {
        grain *= 2;
    }
    grain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(from: u64, to: u64) -> Slice {
        Slice { from, to, name: format!("{from}"), details: String::new() }
    }

    #[test]
    fn narrow_neighbours_become_one() {
        let slices = [slice(0, 100), slice(100, 103), slice(104, 109), slice(110, 111)];
        let seen = |grain| {
            let drawn = thin(&slices, grain);
            drawn.iter().map(|d| (d.from, d.to, d.slice.from, d.many)).collect::<Vec<_>>()
        };
        assert_eq!(seen(1).len(), 4);
        assert_eq!(seen(20), [(0, 100, 0, 1), (100, 111, 104, 3)]);
    }

    #[test]
    fn the_grain_keeps_the_page_small() {
        let slices: Vec<_> = (0..100_000).map(|i| slice(i * 10, i * 10 + 5)).collect();
        let lane = Lane { slices, ..Lane::default() };
        let grain = grain([&lane].into_iter(), 1_000_000, 1000);
        let drawn = thin(&lane.slices, grain).len();
        assert!((100..=1000).contains(&drawn), "{drawn} with {grain}");
    }
}
