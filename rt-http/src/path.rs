//! From the target of a request to the name of a file. RFC 9112, section 3.2; RFC 3986.
//!
//! A path leads down only: it is decoded once, then cut at slashes, also at those that were
//! encoded, then `.` and `..` are resolved. What would lead above the root is no path.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::CStr;

/// A name below the root: parts that are neither empty nor `.` nor `..`, with slashes in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// `.` is the root itself.
    name: CString,
    is_folder: bool,
}

impl Path {
    /// Decodes the path of a target. `None`: it has no slash at its beginning, a percent sign
    /// without two digits, a zero, or leads above the root.
    #[must_use]
    pub fn decode(target: &[u8]) -> Option<Path> {
        let bytes = unescape(target.strip_prefix(b"/")?)?;
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut is_folder = true;
        for part in bytes.split(|&byte| byte == b'/') {
            is_folder = matches!(part, b"" | b"." | b"..");
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()?),
                _ => parts.push(part),
            }
        }
        let name = if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') };
        Some(Path { name: CString::new(name).ok()?, is_folder })
    }

    /// For open(2), from the root: `.` is the root itself.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        &self.name
    }

    /// Its parts with slashes in between; nothing for the root.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self.name.to_bytes() {
            b"." => b"",
            bytes => bytes,
        }
    }

    /// It ends in a slash.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// The file of this name in it.
    #[must_use]
    pub fn join(&self, name: &CStr) -> Path {
        let mut bytes = self.as_bytes().to_vec();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend(name.to_bytes());
        Path { name: CString::new(bytes).unwrap_or_default(), is_folder: false }
    }
}

/// A target without its query, and the query.
#[must_use]
pub fn split_query(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match target.iter().position(|&byte| byte == b'?') {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    }
}

/// A target that names a server, without that: `http://host/path` is `/path`.
#[must_use]
pub fn strip_server(target: &[u8]) -> &[u8] {
    for scheme in [&b"http://"[..], b"https://"] {
        if let Some((start, rest)) = target.split_at_checked(scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
            return match end.map(|end| &rest[end..]) {
                _ if end.unwrap_or(rest.len()) == 0 => b"", // no server, which is no target
                Some(path @ [b'/', ..]) => path,
                _ => b"/", // only a server, or one with a query, which files do not look at
            };
        }
    }
    target
}

/// Decodes percent signs, once.
fn unescape(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        plain.push(match byte {
            b'%' => digit(*rest.next()?)? << 4 | digit(*rest.next()?)?,
            _ => byte,
        });
    }
    Some(plain)
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::escape::Url;
    use proptest::prelude::*;
    use std::format;
    use std::string::String;
    use std::vec;

    fn decoded(target: &str) -> Option<String> {
        let path = Path::decode(target.as_bytes())?;
        let end = if path.is_folder() { "/" } else { "" };
        Some(format!("{}{end}", String::from_utf8_lossy(path.as_c_str().to_bytes())))
    }

    #[test]
    fn paths() {
        for (target, expected) in [
            ("/", "./"),
            ("//", "./"),
            ("/a", "a"),
            ("/a/", "a/"),
            ("//a//b", "a/b"),
            ("/./a/./b/.", "a/b/"),
            ("/a/b/..", "a/"),
            ("/a/../b", "b"),
            ("/a%20b%2fc", "a b/c"),
            ("/%2e%2E%2fa", ""),
            ("/a/%2e%2e/b", "b"),
            ("/a+b", "a+b"),
            ("/%2561", "%61"),
            ("/...", "..."),
            ("/a\\..\\b", "a\\..\\b"),
            ("/%5c..%5c..%5cetc", "\\..\\..\\etc"),
        ] {
            let expected = (!expected.is_empty()).then(|| expected.into());
            assert_eq!(decoded(target), expected, "{target}");
        }
    }

    #[test]
    fn no_paths() {
        for target in [
            "",
            "a",
            "*",
            "/..",
            "/a/../..",
            "/%2e%2e",
            "/a/../../a",
            "/%00",
            "/a%00b",
            "/%",
            "/%1",
        ] {
            assert_eq!(decoded(target), None, "{target}");
        }
        for target in ["/%g0", "/%0g", "/%+1", "/% 1", "/../a", "/..%2f..%2fetc/passwd"] {
            assert_eq!(decoded(target), None, "{target}");
        }
    }

    #[test]
    fn parts_of_a_target() {
        assert_eq!(split_query(b"/a?b?c"), (&b"/a"[..], Some(&b"b?c"[..])));
        assert_eq!(split_query(b"/a"), (&b"/a"[..], None));
        for (target, path) in [
            ("/http://a/b", "/http://a/b"),
            ("http://a/b?c", "/b?c"),
            ("HTTPS://a:1/", "/"),
            ("http://a", "/"),
            ("http://a?b/c", "/"),
            ("ftp://a/b", "ftp://a/b"),
            ("http:/", "http:/"),
        ] {
            assert_eq!(strip_server(target.as_bytes()), path.as_bytes(), "{target}");
        }
    }

    #[test]
    fn files_in_folders() {
        let index = |target: &[u8]| Path::decode(target).unwrap().join(c"index.html");
        assert_eq!(index(b"/").as_c_str(), c"index.html");
        assert_eq!(index(b"/a/b/").as_c_str(), c"a/b/index.html");
    }

    /// Pieces that paths are made of, the dangerous ones often.
    fn target() -> impl Strategy<Value = std::vec::Vec<u8>> {
        let piece = prop_oneof![
            Just(b"/".to_vec()),
            Just(b"..".to_vec()),
            Just(b".".to_vec()),
            Just(b"%2e".to_vec()),
            Just(b"%2F".to_vec()),
            Just(b"%252e".to_vec()),
            Just(b"%5c".to_vec()),
            Just(b"%00".to_vec()),
            Just(b"%c0%af".to_vec()),
            Just(b"a".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_path_escapes(rest in target()) {
            let target = [b"/", &rest[..]].concat();
            if let Some(path) = Path::decode(&target) {
                let bytes = path.as_bytes();
                let parts = bytes.split(|&byte| byte == b'/');
                let leads_down = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
                prop_assert!(bytes.is_empty() || parts.into_iter().all(leads_down));
                prop_assert!(!bytes.contains(&0) && bytes.len() <= target.len());
                // Its URL leads to it again.
                let end = if path.is_folder() && !bytes.is_empty() { "/" } else { "" };
                let url = format!("/{}{end}", Url(bytes));
                prop_assert_eq!(Path::decode(url.as_bytes()), Some(path));
            }
        }
    }
}
