//! Ranges of bytes: one of them. RFC 9110, section 14.

use core::ops::Range;

/// What a Range field asks of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it: the field makes no sense, or names several ranges, which a server need not give.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// What `field` asks of a file of `size` bytes.
#[must_use]
pub fn parse(field: &[u8], size: u64) -> Asked {
    resolve(field, size).unwrap_or(Asked::Whole)
}

/// `None`: not the one range of bytes that it must be.
fn resolve(field: &[u8], size: u64) -> Option<Asked> {
    let (unit, set) = field.split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let set = set.trim_ascii();
    let dash = set.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (&set[..dash], &set[dash + 1..]);
    if first.is_empty() {
        let len = number(last)?;
        return Some(match (len, size) {
            (0, _) => Asked::Unsatisfiable,
            (_, 0) => Asked::Whole, // there is nothing that Content-Range could name
            _ => Asked::Part(size.saturating_sub(len)..size),
        });
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some(match first < size {
        true => Asked::Part(first..last.min(size - 1) + 1),
        false => Asked::Unsatisfiable,
    })
}

/// Digits; more than fit are a very large number.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add =
        |number: u64, digit: &u8| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms() {
        for (field, asked) in [
            ("bytes=0-499", Asked::Part(0..500)),
            ("bytes=500-999", Asked::Part(500..1000)),
            ("bytes=500-", Asked::Part(500..1000)),
            ("bytes=-500", Asked::Part(500..1000)),
            ("bytes=-5000", Asked::Part(0..1000)),
            ("bytes=999-5000", Asked::Part(999..1000)),
            ("bytes=0-99999999999999999999999", Asked::Part(0..1000)),
            ("Bytes= 0-0 ", Asked::Part(0..1)),
            ("bytes=1000-", Asked::Unsatisfiable),
            ("bytes=99999999999999999999-", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
            ("bytes=0-0,-1", Asked::Whole),
            ("bytes=2-1", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes=--1", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(parse(field.as_bytes(), 1000), asked, "{field}");
        }
    }

    #[test]
    fn of_an_empty_file() {
        assert_eq!(parse(b"bytes=0-", 0), Asked::Unsatisfiable);
        assert_eq!(parse(b"bytes=-5", 0), Asked::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_within_the_file(field in "bytes=[0-9]{0,20}-[0-9]{0,20}", size: u64) {
            if let Asked::Part(range) = parse(field.as_bytes(), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }

        #[test]
        fn any_bytes_are_a_range_or_none(field: std::vec::Vec<u8>, size: u64) {
            let _any = parse(&field, size);
        }
    }
}
