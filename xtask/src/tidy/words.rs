//! Words that no file of the tree may contain.

use super::tokens::has_word;
use super::{Problem, Tree};

/// Each with the reason. Put together here, so that this file does not contain them.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!(".libr", "ary"), "a path of one machine"),
    (concat!("../sha", "red"), "a path of one machine"),
    (concat!("to", "do!("), "unfinished"),
    (concat!("unimpl", "emented!("), "unfinished"),
    (concat!("db", "g!("), "left from debugging"),
    (concat!("FIX", "ME"), "unfinished"),
    (concat!("XX", "X"), "unfinished"),
    (concat!("#[ig", "nore]"), "a test that is not run, without a reason"),
];

/// A path of one machine as well, but code may need it.
const TEMPORARY: &str = concat!("/t", "mp/");

/// Finds forbidden words.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in &tree.files {
        let document = path.ends_with(".md") || path.ends_with(".toml");
        for (index, line) in text.lines().enumerate() {
            let place = || format!("{path}:{}", index + 1);
            for (word, reason) in FORBIDDEN {
                if has_word(line, word) {
                    problems.push(Problem::new(place(), format!("`{word}`: {reason}")));
                }
            }
            if document && line.contains(TEMPORARY) {
                problems.push(Problem::new(place(), format!("`{TEMPORARY}` in a document")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forbidden_word_is_found() {
        for (word, _) in FORBIDDEN {
            let text = format!("fine\n  {word} \n");
            let found = check(&Tree::of(&[("a.rs", &text)]));
            assert_eq!(found.len(), 1, "{word}");
            assert_eq!(found[0].place, "a.rs:2");
        }
    }

    #[test]
    fn temporary_paths_are_for_code_only() {
        let text = format!("see {TEMPORARY}a");
        assert_eq!(check(&Tree::of(&[("README.md", &text)])).len(), 1);
        assert!(check(&Tree::of(&[("tests/src/lib.rs", &text)])).is_empty());
    }

    #[test]
    fn other_words_pass() {
        let reason = concat!("#[ig", "nore = \"a reason\"]");
        for text in [reason, "homework/", "XXXL", "a todo list", "mdbg"] {
            assert!(check(&Tree::of(&[("a.rs", text)])).is_empty(), "{text}");
        }
    }
}
