//! What a handful of runs comes to.

/// The middle of the values; the mean of the two in the middle where their number is even. `None`
/// for none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// How far the values are apart, as a part of their median. `None` for none, or a median of 0.
pub(super) fn spread(values: &[f64]) -> Option<f64> {
    let middle = median(values).filter(|middle| *middle != 0.0)?;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((high - low) / middle.abs())
}

/// `ours` in times of the least of the others. `None` where one side is missing or not above 0.
pub(super) fn ratio_to_best(ours: Option<f64>, others: &[f64]) -> Option<f64> {
    let best = others.iter().copied().filter(|value| *value > 0.0).reduce(f64::min)?;
    ours.filter(|ours| *ours > 0.0).map(|ours| ours / best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), Some(3.0));
    }

    #[test]
    fn the_spread_is_relative() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[0.0, 0.0]), None);
        assert_eq!(spread(&[5.0]), Some(0.0));
        assert_eq!(spread(&[8.0, 10.0, 13.0]), Some(0.5));
    }

    #[test]
    fn ours_is_compared_with_the_least() {
        assert_eq!(ratio_to_best(Some(6.0), &[4.0, 3.0, 9.0]), Some(2.0));
        assert_eq!(ratio_to_best(Some(6.0), &[]), None);
        assert_eq!(ratio_to_best(None, &[3.0]), None);
        // Memory that did not grow at all compares with nothing.
        assert_eq!(ratio_to_best(Some(6.0), &[0.0, -1.0, 12.0]), Some(0.5));
        assert_eq!(ratio_to_best(Some(0.0), &[3.0]), None);
    }
}
