//! Dates, in the three forms that HTTP has had. RFC 9110, section 5.6.7.
//!
//! Days are turned into dates by counting 400-year cycles that begin on the first of March, so that
//! the leap day is the last of its year.

use core::fmt;

const DAY_S: u64 = 86_400;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From the first of March of year 0 to 1970, in days.
const MARCH_0_TO_1970: u64 = 719_468;
const CYCLE_DAYS: u64 = 146_097;
/// The last second that has a year of four digits.
const LAST_S: u64 = 253_402_300_799;

/// A date and time of day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: u64,
    month: u64, // 1..=12
    day: u64,   // 1..=31
    second: u64,
}

impl Civil {
    fn of(seconds: u64) -> Civil {
        let days = seconds / DAY_S + MARCH_0_TO_1970;
        let (cycle, of_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
        // Leap days so far: every 4 years, but not every 100, and the last of the 400.
        let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153; // from March: 31 30 31 30 31, 153 days in five
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + 400 * cycle + u64::from(month <= 2);
        Civil { year, month, day, second: seconds % DAY_S }
    }

    /// Since 1970; `None` when there is no such day, or it is before 1970.
    fn seconds(self) -> Option<u64> {
        let Civil { year, month, day, second } = self;
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || second >= DAY_S {
            return None;
        }
        let march_year = year - u64::from(month <= 2);
        let march_month = if month > 2 { month - 3 } else { month + 9 };
        let (cycle, of_cycle) = (march_year / 400, march_year % 400);
        let of_year = (153 * march_month + 2) / 5 + day.checked_sub(1)?;
        let days = cycle * CYCLE_DAYS + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
        let seconds = days.checked_sub(MARCH_0_TO_1970)? * DAY_S + second;
        // A 31st of April comes back as the first of May.
        (Civil::of(seconds) == self).then_some(seconds)
    }

    fn time(&self) -> (u64, u64, u64) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }

    fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }
}

/// Seconds since 1970, shown as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpDate(pub u64);

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.min(LAST_S);
        let civil = Civil::of(seconds);
        let (hour, minute, second) = civil.time();
        let week_day = DAYS[((seconds / DAY_S + 3) % 7) as usize]; // 1970 began on a Thursday
        let (month, year) = (civil.month_name(), civil.year);
        write!(f, "{week_day}, {:02} {month} {year:04} ", civil.day)?;
        write!(f, "{hour:02}:{minute:02}:{second:02} GMT")
    }
}

/// Seconds since 1970, shown as in an access log: `06/Nov/1994:08:49:37 +0000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogDate(pub u64);

impl fmt::Display for LogDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = Civil::of(self.0.min(LAST_S));
        let (hour, minute, second) = civil.time();
        write!(f, "{:02}/{}/{:04}", civil.day, civil.month_name(), civil.year)?;
        write!(f, ":{hour:02}:{minute:02}:{second:02} +0000")
    }
}

/// Reads a date in any of the three forms; seconds since 1970. `now` says which century a year of
/// two digits means: none more than 50 years ahead. The name of the day must be one, not the right
/// one.
#[must_use]
pub fn parse(text: &[u8], now: u64) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    if let Some((name, rest)) = text.split_once(", ") {
        if DAYS.contains(&name) {
            return imf(rest);
        }
        return LONG_DAYS.contains(&name).then(|| rfc850(rest, now))?;
    }
    let (name, rest) = text.split_at_checked(3)?;
    DAYS.contains(&name).then(|| asctime(rest.strip_prefix(' ')?))?
}

/// `06 Nov 1994 08:49:37 GMT`
fn imf(text: &str) -> Option<u64> {
    let [day, month, year, time, "GMT"] = words(text, ' ')? else { return None };
    civil(number(day, 2)?, month, number(year, 4)?, time)
}

/// `06-Nov-94 08:49:37 GMT`
fn rfc850(text: &str, now: u64) -> Option<u64> {
    let [date, time, "GMT"] = words(text, ' ')? else { return None };
    let [day, month, year] = words(date, '-')?;
    let this_year = Civil::of(now.min(LAST_S)).year;
    let mut year = this_year / 100 * 100 + number(year, 2)?;
    if year > this_year + 50 {
        year -= 100;
    }
    civil(number(day, 2)?, month, year, time)
}

/// `Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<u64> {
    let (month, rest) = text.split_at_checked(3)?;
    let (day, rest) = rest.strip_prefix(' ')?.split_at_checked(2)?;
    let day = match day.strip_prefix(' ') {
        Some(digit) => number(digit, 1)?,
        None => number(day, 2)?,
    };
    let [time, year] = words(rest.strip_prefix(' ')?, ' ')?;
    civil(day, month, number(year, 4)?, time)
}

fn civil(day: u64, month: &str, year: u64, time: &str) -> Option<u64> {
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let [hour, minute, second] = words(time, ':')?;
    let [hour, minute, second] = [number(hour, 2)?, number(minute, 2)?, number(second, 2)?];
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // A leap second is the one before it.
    let second = hour * 3600 + minute * 60 + second.min(59);
    Civil { year, month, day, second }.seconds()
}

/// Exactly `N` words.
fn words<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let mut parts = text.split(separator);
    let mut words = [""; N];
    for word in &mut words {
        *word = parts.next()?;
    }
    parts.next().is_none().then_some(words)
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::format;
    use std::string::ToString;

    /// The RFC's example.
    const EXAMPLE: u64 = 784_111_777;

    #[test]
    fn the_three_forms_of_the_rfc() {
        assert_eq!(HttpDate(EXAMPLE).to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(LogDate(EXAMPLE).to_string(), "06/Nov/1994:08:49:37 +0000");
        let forms = [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ];
        for form in forms {
            assert_eq!(parse(form.as_bytes(), EXAMPLE), Some(EXAMPLE), "{form}");
        }
        assert_eq!(parse(b"Sun Nov 16 08:49:37 1994", 0), Some(EXAMPLE + 10 * DAY_S));
    }

    #[test]
    fn edges() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LAST_S, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(HttpDate(seconds).to_string(), text);
            assert_eq!(parse(text.as_bytes(), 0), Some(seconds));
        }
        assert_eq!(HttpDate(u64::MAX).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        let leap = parse(b"Sat, 31 Dec 2016 23:59:60 GMT", 0);
        assert_eq!(leap, parse(b"Sat, 31 Dec 2016 23:59:59 GMT", 0));
    }

    #[test]
    fn two_digits_mean_the_nearer_century() {
        let now = parse(b"Wed, 01 Jan 2025 00:00:00 GMT", 0).unwrap();
        let year = |text: &str| {
            let text = format!("Sunday, 06-Nov-{text} 08:49:37 GMT");
            parse(text.as_bytes(), now).map(|seconds| Civil::of(seconds).year)
        };
        assert_eq!(year("25"), Some(2025));
        assert_eq!(year("75"), Some(2075));
        assert_eq!(year("76"), Some(1976));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "0",
            "Sun",
            "Sun, ",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 31 Apr 1994 00:00:00 GMT",
            "Sun, 29 Feb 2100 00:00:00 GMT",
            "Sun, 00 Nov 1994 00:00:00 GMT",
            "Sun, 06 Nov 1969 00:00:00 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Son, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sonntag, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "S\u{fc}n Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text.as_bytes(), EXAMPLE), None, "{text:?}");
        }
        assert_eq!(parse(b"\xff", 0), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(seconds in 0..=LAST_S) {
            let text = HttpDate(seconds).to_string();
            prop_assert_eq!(text.len(), 29);
            prop_assert_eq!(parse(text.as_bytes(), seconds), Some(seconds));
        }

        #[test]
        fn any_bytes_are_a_date_or_none(bytes: std::vec::Vec<u8>, now: u64) {
            let _any = parse(&bytes, now);
        }

        #[test]
        fn days_follow_each_other(day in 0..LAST_S / DAY_S - 1) {
            let [one, next] = [day, day + 1].map(|day| Civil::of(day * DAY_S));
            let behind = Civil { day: one.day + 1, ..one };
            let same_month = next == behind;
            let is_first = next.day == 1 && one.day >= 28;
            prop_assert!(same_month || is_first, "{one:?} {next:?}");
        }
    }
}
