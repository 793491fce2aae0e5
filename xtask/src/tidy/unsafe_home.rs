//! Unsafe code is denied at each library's root; a file that opts in names its invariants.

use proc_macro2::{Delimiter, Literal, TokenTree};

use super::tokens::{attribute_is, each_level, group, inner_attributes, inside, lex};
use super::{Problem, Tree};

/// Finds roots that do not deny unsafe code and files that allow it without naming why it is sound.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in tree.libraries() {
        let Some(root) = &package.lib else { continue };
        let text = tree.files.get(root).map_or("", String::as_str);
        let attributes = lex(text).map(|tokens| inner_attributes(&tokens)).unwrap_or_default();
        let denied = |attribute: &Vec<TokenTree>| {
            attribute_is(attribute, "deny", Some("unsafe_code"))
                || attribute_is(attribute, "forbid", Some("unsafe_code"))
        };
        if !attributes.iter().any(denied) {
            problems.push(Problem::new(root, "lacks #![deny(unsafe_code)]"));
        }
        let below = format!("{}/", package.dir);
        for (path, text) in tree.rust().filter(|(path, _)| path.starts_with(&below)) {
            let tokens = lex(text).unwrap_or_default();
            if !each_opt_in_says_why(&tokens) {
                problems.push(Problem::new(path, "allows unsafe_code without `//! # Safety`"));
            }
        }
    }
    problems
}

/// Whether every level of the file (itself, a module in it) that allows or expects unsafe code by
/// an inner attribute has a `# Safety` section of its own, and nothing allows it by an outer one.
fn each_opt_in_says_why(tokens: &[TokenTree]) -> bool {
    let mut all = true;
    each_level(tokens, &mut |level| {
        let inner = inner_attributes(level);
        let opts_in = inner.iter().filter(|a| {
            attribute_is(a, "allow", Some("unsafe_code"))
                || attribute_is(a, "expect", Some("unsafe_code"))
        });
        let says_why = module_doc(level).lines().any(|line| line.trim() == "# Safety");
        all &= opts_in.count() == 0 || says_why;
        all &= outer_opt_ins(level) == 0;
    });
    all
}

/// How many `#[allow(unsafe_code)]` stand before an item of this level.
fn outer_opt_ins(level: &[TokenTree]) -> usize {
    let is_hash = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == '#');
    let outer = level.windows(2).filter(|pair| is_hash(&pair[0]));
    outer
        .filter_map(|pair| group(pair.get(1), Delimiter::Bracket))
        .filter(|bracket| {
            let attribute: Vec<_> = inside(bracket);
            attribute_is(&attribute, "allow", Some("unsafe_code"))
                || attribute_is(&attribute, "expect", Some("unsafe_code"))
        })
        .count()
}

/// The text of a level's `//!` lines.
fn module_doc(tokens: &[TokenTree]) -> String {
    let mut doc = String::new();
    for attribute in inner_attributes(tokens) {
        if let [TokenTree::Ident(name), _, TokenTree::Literal(text)] = attribute.as_slice()
            && name == "doc"
        {
            doc.push_str(&unquote(text));
            doc.push('\n');
        }
    }
    doc
}

/// A string literal without its quotes and escapes, as far as a doc comment has them.
fn unquote(literal: &Literal) -> String {
    let text = literal.to_string();
    text.trim_start_matches(['r', '#']).trim_matches(['"', '#']).replace("\\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "#![no_std]\n#![deny(unsafe_code)]\nmod a;";

    fn problems(root: &str, file: &str) -> usize {
        let files = [("rt-a/src/lib.rs", root), ("rt-a/src/a.rs", file)];
        check(&Tree::of(&files).with(&["rt-a"])).len()
    }

    #[test]
    fn a_root_must_deny() {
        assert_eq!(problems(ROOT, ""), 0);
        assert_eq!(problems("#![forbid(unsafe_code)]", ""), 0);
        assert_eq!(problems("#![no_std]", ""), 1);
        assert_eq!(problems("#![warn(unsafe_code)]", ""), 1);
        assert_eq!(problems("// #![deny(unsafe_code)]", ""), 1);
    }

    #[test]
    fn a_file_that_opts_in_must_say_why_it_is_sound() {
        let named = "//! A.\n//!\n//! # Safety\n//! - **slot**: b.\n#![allow(unsafe_code)]";
        assert_eq!(problems(ROOT, named), 0);
        assert_eq!(problems(ROOT, "//! A.\n#![allow(unsafe_code, reason = \"b\")]"), 1);
        assert_eq!(
            problems(ROOT, "mod m {\n #[allow(unsafe_code)]\n /// # Safety\n fn f() {} }"),
            1
        );
        let inner = "//! A.\nmod m {\n //! # Safety\n #![allow(unsafe_code)]\n}";
        assert_eq!(problems(ROOT, inner), 0);
        let elsewhere = "//! # Safety\nmod m {\n #![allow(unsafe_code)]\n}";
        assert_eq!(problems(ROOT, elsewhere), 1);
        assert_eq!(problems(ROOT, "//! One may allow(unsafe_code) elsewhere."), 0);
    }
}
