//! A CPU limit, and how many Ps it is worth. Pure. Go: `cgroup.ReadCPULimit`,
//! `adjustCgroupGOMAXPROCS`.

/// So much CPU time in each period, in µs of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// CPU time that all threads may use together.
    pub quota_us: u64,
    /// In so much time.
    pub period_us: u64,
}

/// The text is not what the kernel writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// However low a limit is, so many Ps there are at least, if there are CPUs: a program that waits
/// for its quota does so less often with two. Go: the same floor.
const PROCS_MIN: u64 = 2;

impl Limit {
    /// A limit, if it limits anything.
    #[must_use]
    pub const fn new(quota_us: u64, period_us: u64) -> Option<Limit> {
        if period_us == 0 { None } else { Some(Limit { quota_us, period_us }) }
    }

    /// Is this one tighter?
    #[must_use]
    pub fn is_below(self, other: Limit) -> bool {
        let (this, that) = (u128::from(self.quota_us), u128::from(other.quota_us));
        this * u128::from(other.period_us) < that * u128::from(self.period_us)
    }

    /// How many Ps use it up: rounded up, so that no part of the quota is lost.
    #[must_use]
    pub fn procs(self) -> u64 {
        self.quota_us.div_ceil(self.period_us).max(PROCS_MIN)
    }
}

/// How many Ps a process with so many CPUs should have under a limit. Go: `defaultGOMAXPROCS`.
#[must_use]
pub fn default_procs(ncpu: u32, limit: Option<Limit>) -> u32 {
    match limit {
        Some(limit) => u32::try_from(limit.procs()).unwrap_or(u32::MAX).min(ncpu),
        None => ncpu,
    }
}

/// Reads the text of `cpu.max`: "max 100000" is no limit, "150000 100000" one of a CPU and a half.
///
/// # Errors
/// [`Malformed`].
pub fn parse_v2(text: &[u8]) -> Result<Option<Limit>, Malformed> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let space = text.iter().position(|&byte| byte == b' ').ok_or(Malformed)?;
    let (quota, period) = (&text[..space], number(&text[space + 1..])?);
    if quota == b"max" { Ok(None) } else { Ok(Limit::new(number(quota)?, period)) }
}

/// Reads the texts of `cpu.cfs_quota_us` and `cpu.cfs_period_us`: a quota of -1 is no limit.
///
/// # Errors
/// [`Malformed`].
pub fn parse_v1(quota: &[u8], period: &[u8]) -> Result<Option<Limit>, Malformed> {
    let line = |text: &[u8]| text.strip_suffix(b"\n").map_or(text.len(), <[u8]>::len);
    let (quota, period) = (&quota[..line(quota)], &period[..line(period)]);
    let period = number(period)?;
    if let Some(negative) = quota.strip_prefix(b"-") {
        return number(negative).map(|_| None);
    }
    Ok(Limit::new(number(quota)?, period))
}

fn number(digits: &[u8]) -> Result<u64, Malformed> {
    let add = |value: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    };
    let value = digits.iter().try_fold(0, add).ok_or(Malformed)?;
    if digits.is_empty() { Err(Malformed) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: u64 = 100_000;

    /// Go: TestCgroupGOMAXPROCSRound, TestCgroupGOMAXPROCSHigherThanNumCPU.
    #[test]
    fn procs_are_rounded_up_and_at_least_two() {
        let table = [(200_001, 3), (250_000, 3), (299_999, 3), (300_000, 3)];
        let low = [(1, 2), (50_000, 2), (100_000, 2), (150_000, 2), (200_000, 2)];
        for (quota, procs) in table.into_iter().chain(low) {
            assert_eq!(default_procs(8, Limit::new(quota, PERIOD)), procs, "{quota}");
        }
        assert_eq!(default_procs(4, Limit::new(900_000, PERIOD)), 4);
        assert_eq!(default_procs(1, Limit::new(900_000, PERIOD)), 1);
        assert_eq!(default_procs(4, Limit::new(u64::MAX, 1)), 4);
        assert_eq!(default_procs(4, None), 4);
    }

    /// Go: TestParseV2Limit.
    #[test]
    fn version_2() {
        assert_eq!(parse_v2(b"max 100000\n"), Ok(None));
        assert_eq!(parse_v2(b"150000 100000\n"), Ok(Limit::new(150_000, PERIOD)));
        assert_eq!(parse_v2(b"0 100000"), Ok(Limit::new(0, PERIOD)));
        assert_eq!(parse_v2(b"5 0\n"), Ok(None), "no period, no limit");
        for bad in ["", "\n", "max", "max\n", " 100000", "1 ", "-1 100000", "1 2 3", "1.5 2"] {
            assert_eq!(parse_v2(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
        assert_eq!(parse_v2(b"18446744073709551616 1"), Err(Malformed));
    }

    /// Go: TestParseV1Number.
    #[test]
    fn version_1() {
        assert_eq!(parse_v1(b"-1\n", b"100000\n"), Ok(None));
        assert_eq!(parse_v1(b"250000\n", b"100000\n"), Ok(Limit::new(250_000, PERIOD)));
        for (quota, period) in [("", "1"), ("1", ""), ("-", "1"), ("x", "1"), ("1", "-1")] {
            let read = parse_v1(quota.as_bytes(), period.as_bytes());
            assert_eq!(read, Err(Malformed), "{quota:?} {period:?}");
        }
    }

    #[test]
    fn the_tighter_one() {
        let limit = |quota, period| Limit::new(quota, period).unwrap();
        assert!(limit(1, 2).is_below(limit(2, 3)));
        assert!(!limit(2, 4).is_below(limit(1, 2)));
        assert!(limit(u64::MAX - 1, 7).is_below(limit(u64::MAX, 7)));
    }
}
