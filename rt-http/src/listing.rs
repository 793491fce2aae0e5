//! A folder as a page of HTML.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::escape::{Html, Url};
use crate::path::Path;
use crate::response::Text;

/// The most names of a page.
pub const NAMES_MAX: usize = 10_000;

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name.
    pub name: Vec<u8>,
    /// It is a folder.
    pub is_folder: bool,
}

/// The page of the folder at `path`, its names in order. `is_cut`: there are more.
#[must_use]
pub fn page(path: &Path, entries: &mut [Entry], is_cut: bool) -> Vec<u8> {
    entries.sort_unstable();
    let mut page = Vec::new();
    let _infallible = write(&mut Text(&mut page), path, entries, is_cut);
    page
}

fn write(out: &mut Text<'_>, path: &Path, entries: &[Entry], is_cut: bool) -> fmt::Result {
    let slash = if path.as_bytes().is_empty() { "" } else { "/" };
    let title = Html(path.as_bytes());
    out.write_str("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n")?;
    write!(
        out,
        "<title>/{title}{slash}</title>\n</head>\n<body>\n<h1>/{title}{slash}</h1>\n<ul>\n"
    )?;
    if !slash.is_empty() {
        out.write_str("<li><a href=\"../\">../</a></li>\n")?;
    }
    for Entry { name, is_folder } in entries {
        let slash = if *is_folder { "/" } else { "" };
        let (url, text) = (Url(name), Html(name));
        writeln!(out, "<li><a href=\"{url}{slash}\">{text}{slash}</a></li>")?;
    }
    out.write_str("</ul>\n")?;
    if is_cut {
        writeln!(out, "<p>Only {} names of many.</p>", entries.len())?;
    }
    out.write_str("</body>\n</html>\n")
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::String;

    fn shown(target: &str, names: &[&str], is_cut: bool) -> String {
        let path = Path::decode(target.as_bytes()).unwrap();
        let entry = |name: &&str| Entry {
            name: name.trim_end_matches('/').into(),
            is_folder: name.ends_with('/'),
        };
        let mut entries: Vec<Entry> = names.iter().map(entry).collect();
        String::from_utf8(page(&path, &mut entries, is_cut)).unwrap()
    }

    #[test]
    fn names_are_ordered_and_escaped() {
        let page = shown("/", &["b/", "<a href='x'>&\"", "a:b"], false);
        let list = "<ul>\n\
            <li><a href=\"%3Ca%20href%3D%27x%27%3E%26%22\">\
            &#60;a href=&#39;x&#39;&#62;&#38;&#34;</a></li>\n\
            <li><a href=\"a%3Ab\">a:b</a></li>\n\
            <li><a href=\"b/\">b/</a></li>\n</ul>\n</body>";
        assert!(page.contains(list), "{page}");
        assert!(page.contains("<title>/</title>"), "{page}");
    }

    #[test]
    fn a_folder_below_leads_up_and_says_what_it_leaves_out() {
        let page = shown("/%3Cb%3E/", &["a"], true);
        assert!(page.contains("<h1>/&#60;b&#62;/</h1>\n<ul>\n<li><a href=\"../\">"), "{page}");
        assert!(page.contains("<p>Only 1 names of many.</p>"), "{page}");
    }
}
