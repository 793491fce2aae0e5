//! The part of a document that the runner writes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The lines around what is written. They stay.
const BEGIN: &str = "<!-- bench: begin; written by cargo xtask bench -->";
const END: &str = "<!-- bench: end -->";

/// Writes `text` between the marker lines of the file at `path`.
///
/// # Errors
/// When the file cannot be read or written, or lacks the markers.
pub(super) fn update(path: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let new = replaced(&old, text)
        .with_context(|| format!("{} lacks the lines `{BEGIN}` and `{END}`", path.display()))?;
    fs::write(path, new).with_context(|| path.display().to_string())
}

/// `document` with `text` between the markers, or `None` where it has none.
fn replaced(document: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("# a\n\n{BEGIN}\nold\n{END}\n\nz\n");
        let new = replaced(&document, "new\n").unwrap();
        assert_eq!(new, format!("# a\n\n{BEGIN}\n\nnew\n\n{END}\n\nz\n"));
        assert_eq!(replaced(&new, "new"), Some(new.clone()));
    }

    #[test]
    fn markers_must_be_there_in_order() {
        assert_eq!(replaced("# a\n", "new"), None);
        assert_eq!(replaced(&format!("{END}\n{BEGIN}\n"), "new"), None);
    }

    #[test]
    fn our_document_has_them() {
        let path = crate::shell::root().join("docs/BENCHMARKS.md");
        assert!(replaced(&fs::read_to_string(path).unwrap(), "new").is_some());
    }
}
