//! Conditions: is what the client has still what we have? RFC 9110, sections 8.8 and 13.

use alloc::string::ToString;
use core::fmt;

use crate::date;
use crate::head::Fields;
use crate::range::{self, Asked};
use crate::request::Method;

const NS_PER_S: u64 = 1_000_000_000;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators {
    modified_ns: u64,
    size: u64,
    /// It was not written in this second, or the one before: so none that is written later has the
    /// same time.
    is_strong: bool,
}

impl Validators {
    /// Of a file of `size` bytes, last written at `modified_ns` since 1970, looked at at `now_s`.
    #[must_use]
    pub fn of(size: u64, modified_ns: u64, now_s: u64) -> Validators {
        let is_strong = now_s.saturating_sub(modified_ns / NS_PER_S) >= 2;
        Validators { modified_ns, size, is_strong }
    }

    /// When it was written, in whole seconds since 1970.
    #[must_use]
    pub fn modified_s(&self) -> u64 {
        self.modified_ns / NS_PER_S
    }

    /// Bytes of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// The entity tag.
impl fmt::Display for Validators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.is_strong { "" } else { "W/" };
        write!(f, "{weak}\"{:x}-{:x}\"", self.modified_ns, self.size)
    }
}

/// What is to be done with a file that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send what the request asks for.
    Send(Asked),
    /// The client has it: 304.
    NotModified,
    /// It is not what the client takes it for: 412.
    Failed,
}

/// Looks at all conditions, in the order of RFC 9110, section 13.2.2.
#[must_use]
pub fn judge(fields: Fields<'_>, method: Method, file: &Validators, now_s: u64) -> Verdict {
    let tag = file.to_string();
    let date = |name| fields.only(name).and_then(|text| date::parse(text, now_s));
    if fields.has("if-match") {
        if !fields.all("if-match").any(|list| names(list, &tag, true)) {
            return Verdict::Failed;
        }
    } else if date("if-unmodified-since").is_some_and(|date| file.modified_s() > date) {
        return Verdict::Failed;
    }
    if fields.has("if-none-match") {
        if fields.all("if-none-match").any(|list| names(list, &tag, false)) {
            return Verdict::NotModified;
        }
    } else if date("if-modified-since").is_some_and(|date| file.modified_s() <= date) {
        return Verdict::NotModified;
    }
    let Some(range) = fields.only("range").filter(|_| method == Method::Get) else {
        return Verdict::Send(Asked::Whole);
    };
    let is_same = match fields.only("if-range") {
        None => !fields.has("if-range"),
        Some(value @ ([b'"', ..] | [b'W', b'/', ..])) => names(value, &tag, true),
        Some(value) => file.is_strong && date::parse(value, now_s) == Some(file.modified_s()),
    };
    Verdict::Send(if is_same { range::parse(range, file.size) } else { Asked::Whole })
}

/// Does a list of entity tags have this one? A strong comparison knows no weak tags.
fn names(list: &[u8], tag: &str, is_strong: bool) -> bool {
    if list == b"*" {
        return true;
    }
    let is_weak = tag.starts_with("W/");
    if is_strong && is_weak {
        return false;
    }
    let tag = tag.trim_start_matches("W/").as_bytes();
    let mut rest = list;
    loop {
        rest = match rest {
            [b' ' | b'\t' | b',', rest @ ..] => rest,
            _ => {
                let weak = rest.strip_prefix(b"W/");
                let Some(len) = tag_len(weak.unwrap_or(rest)) else { return false };
                let (found, behind) = weak.unwrap_or(rest).split_at(len);
                if found == tag && !(is_strong && weak.is_some()) {
                    return true;
                }
                behind
            }
        }
    }
}

/// Bytes of the quoted text that this begins with.
fn tag_len(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"\"")?;
    Some(inside.iter().position(|&byte| byte == b'"')? + 2)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::date::HttpDate;
    use crate::head::{Parsed, Room, parse};
    use proptest::prelude::*;
    use std::format;

    const MODIFIED: u64 = 784_111_777;
    const NOW: u64 = MODIFIED + 1000;

    fn file() -> Validators {
        Validators::of(1000, MODIFIED * NS_PER_S + 5, NOW)
    }

    fn judged_of(fields: &str, method: Method, file: &Validators) -> Verdict {
        let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let mut room = Room::default();
        let Parsed::Whole(head, _) = parse(text.as_bytes(), &mut room) else { panic!("{text}") };
        judge(head.fields, method, file, NOW)
    }

    fn judged(fields: &str) -> Verdict {
        judged_of(fields, Method::Get, &file())
    }

    const WHOLE: Verdict = Verdict::Send(Asked::Whole);

    #[test]
    fn tags() {
        assert_eq!(file().to_string(), format!("\"{:x}-3e8\"", MODIFIED * NS_PER_S + 5));
        let fresh = Validators::of(1, NOW * NS_PER_S, NOW);
        assert!(fresh.to_string().starts_with("W/\""));
        assert!(Validators::of(1, (NOW + 9) * NS_PER_S, NOW).to_string().starts_with("W/\""));
    }

    #[test]
    fn lists_of_tags() {
        for (list, strong, weak) in [
            ("\"a\"", true, true),
            ("*", true, true),
            ("W/\"a\"", false, true),
            ("\"b\", \"a\"", true, true),
            ("\"b\",,\t W/\"c\" \"a\"", true, true),
            ("\"b, \"a\"", false, false),
            ("\"b\"", false, false),
            ("a", false, false),
            ("\"a", false, false),
            ("", false, false),
            ("w/\"a\"", false, false),
        ] {
            assert_eq!(names(list.as_bytes(), "\"a\"", true), strong, "{list}");
            assert_eq!(names(list.as_bytes(), "\"a\"", false), weak, "{list}");
            assert_eq!(names(list.as_bytes(), "W/\"a\"", false), weak, "{list}");
            assert_eq!(names(list.as_bytes(), "W/\"a\"", true), list == "*", "{list}");
        }
    }

    #[test]
    fn conditions_on_tags() {
        let tag = file().to_string();
        assert_eq!(judged(&format!("If-None-Match: {tag}\r\n")), Verdict::NotModified);
        assert_eq!(
            judged(&format!("If-None-Match: \"x\"\r\nif-none-match: W/{tag}\r\n")),
            Verdict::NotModified
        );
        assert_eq!(judged("If-None-Match: *\r\n"), Verdict::NotModified);
        assert_eq!(judged("If-None-Match: \"x\"\r\n"), WHOLE);
        assert_eq!(judged(&format!("If-Match: {tag}\r\n")), WHOLE);
        assert_eq!(judged("If-Match: \"x\"\r\n"), Verdict::Failed);
        assert_eq!(judged(&format!("If-Match: W/{tag}\r\n")), Verdict::Failed);
    }

    #[test]
    fn conditions_on_dates() {
        let [before, same, after] = [MODIFIED - 1, MODIFIED, MODIFIED + 1].map(HttpDate);
        assert_eq!(judged(&format!("If-Modified-Since: {before}\r\n")), WHOLE);
        for date in [same, after] {
            assert_eq!(judged(&format!("If-Modified-Since: {date}\r\n")), Verdict::NotModified);
            assert_eq!(judged(&format!("If-Unmodified-Since: {date}\r\n")), WHOLE);
        }
        assert_eq!(judged(&format!("If-Unmodified-Since: {before}\r\n")), Verdict::Failed);
        // A tag is looked at instead of a date.
        let fields = format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {same}\r\n");
        assert_eq!(judged(&fields), WHOLE);
        let fields = format!("If-Match: *\r\nIf-Unmodified-Since: {before}\r\n");
        assert_eq!(judged(&fields), WHOLE);
        assert_eq!(judged("If-Modified-Since: yesterday\r\n"), WHOLE);
    }

    #[test]
    fn ranges() {
        let (part, tag) = (Verdict::Send(Asked::Part(0..1)), file().to_string());
        let range = "Range: bytes=0-0\r\n";
        assert_eq!(judged(range), part);
        assert_eq!(judged_of(range, Method::Head, &file()), WHOLE);
        assert_eq!(judged(&format!("{range}{range}")), WHOLE);
        assert_eq!(judged(&format!("{range}If-Range: {tag}\r\n")), part);
        assert_eq!(judged(&format!("{range}If-Range: W/{tag}\r\n")), WHOLE);
        assert_eq!(judged(&format!("{range}If-Range: \"x\"\r\n")), WHOLE);
        assert_eq!(judged(&format!("{range}If-Range: {tag}\r\nIf-Range: {tag}\r\n")), WHOLE);
        assert_eq!(judged(&format!("{range}If-Range: {}\r\n", HttpDate(MODIFIED))), part);
        assert_eq!(judged(&format!("{range}If-Range: {}\r\n", HttpDate(MODIFIED + 1))), WHOLE);
        let fresh = Validators::of(1000, NOW * NS_PER_S, NOW);
        let fields = format!("{range}If-Range: {}\r\n", HttpDate(NOW));
        assert_eq!(judged_of(&fields, Method::Get, &fresh), WHOLE);
        assert_eq!(judged("Range: bytes=1000-\r\n"), Verdict::Send(Asked::Unsatisfiable));
        let fields = format!("{range}If-None-Match: {tag}\r\n");
        assert_eq!(judged(&fields), Verdict::NotModified);
    }

    proptest! {
        #[test]
        fn any_list_is_read_to_its_end(list: std::vec::Vec<u8>, text in "[W/\", a]{0,12}") {
            for list in [&list[..], text.as_bytes()] {
                let strong = names(list, "\"a\"", true);
                prop_assert!(!strong || names(list, "\"a\"", false));
            }
        }
    }
}
