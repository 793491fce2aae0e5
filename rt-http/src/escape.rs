//! Texts inside of other texts: URLs and HTML.

use core::fmt;

/// Bytes of a path, shown with all but letters, digits and `-._~/` percent-encoded. RFC 3986.
#[derive(Clone, Copy, Debug)]
pub struct Url<'a>(pub &'a [u8]);

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spans(
            f,
            self.0,
            |byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte),
            |f, b| write!(f, "%{b:02X}"),
        )
    }
}

/// A query, shown as it came, but for what no URL contains.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(pub &'a [u8]);

impl fmt::Display for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        spans(f, self.0, is_plain, |f, b| write!(f, "%{b:02X}"))
    }
}

/// Bytes, shown as text in HTML, in attributes too. What is no UTF-8 is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Html<'a>(pub &'a [u8]);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            spans(
                f,
                chunk.valid().as_bytes(),
                |byte| !b"&<>\"'".contains(&byte),
                |f, byte| write!(f, "&#{byte};"),
            )?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

/// Bytes, shown as in a quoted part of an access log: on one line, whatever they are.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && !b"\"\\".contains(&byte);
        spans(f, self.0, is_plain, |f, byte| match byte {
            b'"' | b'\\' => write!(f, "\\{}", byte as char),
            _ => write!(f, "\\x{byte:02x}"),
        })
    }
}

/// Writes runs of plain bytes at once, and the others one by one. What is plain must leave whole
/// characters together.
fn spans(
    f: &mut fmt::Formatter<'_>,
    bytes: &[u8],
    is_plain: impl Fn(u8) -> bool,
    escape: impl Fn(&mut fmt::Formatter<'_>, u8) -> fmt::Result,
) -> fmt::Result {
    let mut rest = bytes;
    while !rest.is_empty() {
        let plain = rest.iter().position(|&byte| !is_plain(byte)).unwrap_or(rest.len());
        let (span, behind) = rest.split_at(plain);
        f.write_str(core::str::from_utf8(span).map_err(|_| fmt::Error)?)?;
        rest = behind;
        if let Some((&byte, behind)) = rest.split_first() {
            escape(f, byte)?;
            rest = behind;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn each_in_its_way() {
        let bytes = "a b/\"<&>'\\%\u{e9}\n:".as_bytes();
        assert_eq!(Url(bytes).to_string(), "a%20b/%22%3C%26%3E%27%5C%25%C3%A9%0A%3A");
        assert_eq!(Query(b"a=%20&b=<\xff>").to_string(), "a=%20&b=%3C%FF%3E");
        let html = "a b/&#34;&#60;&#38;&#62;&#39;\\%\u{e9}\n:";
        assert_eq!(Html(bytes).to_string(), html);
        assert_eq!(Html(b"\xffa\xc3").to_string(), "\u{fffd}a\u{fffd}");
        assert_eq!(Quoted(bytes).to_string(), "a b/\\\"<&>'\\\\%\\xc3\\xa9\\x0a:");
    }

    proptest! {
        #[test]
        fn nothing_breaks_out(bytes: Vec<u8>) {
            let url = Url(&bytes).to_string();
            prop_assert!(url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)));
            let query = Query(&bytes).to_string();
            prop_assert!(query.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'<'));
            let html = Html(&bytes).to_string();
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let quoted = Quoted(&bytes).to_string();
            prop_assert!(quoted.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert!(!quoted.replace("\\\\", "").replace("\\\"", "").contains('"'));
        }
    }
}
