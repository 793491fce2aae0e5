//! docs/SEED.md says of each name in the seed where it lives here, or why it has no counterpart.
//!
//! A row is `` | `name` | what it is | place | ``, where the place is one or several of
//! `` `path/to/file.rs` `item` ``, with `; ` between, or begins with "no counterpart, because".

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

use super::seed_names::NAMES;
use super::tokens::{each_level, group, has_word, inside, is_ident, is_punct, lex};
use super::{Problem, Tree};

/// The file with the table.
const SEED: &str = "docs/SEED.md";
/// How a place begins that is a reason.
const NO_COUNTERPART: &str = "no counterpart, because ";
/// Words before the name of an item.
const KEYWORDS: [&str; 10] =
    ["fn", "struct", "enum", "union", "const", "static", "mut", "trait", "type", "mod"];

/// Finds names without a row and rows whose place is gone.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let Some(text) = tree.files.get(SEED) else {
        return vec![Problem::new(SEED, "is missing")];
    };
    let mut problems = Vec::new();
    let mut named = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let place = format!("{SEED}:{}", index + 1);
        let Some((name, cells)) = row(line) else { continue };
        if !named.insert(name) {
            problems.push(Problem::new(&place, format!("a second row for `{name}`")));
        }
        let what = match cells.as_slice() {
            [_, ""] => Some("has no place".to_owned()),
            ["", _] => Some("does not say what it is".to_owned()),
            [_, cell] => wrong(tree, cell),
            _ => Some("is not of three columns".to_owned()),
        };
        problems.extend(what.map(|what| Problem::new(&place, format!("`{name}`: {what}"))));
    }
    for name in NAMES.iter().filter(|name| !named.contains(**name)) {
        problems.push(Problem::new(SEED, format!("no row for `{name}`")));
    }
    problems
}

/// The name in a row's first cell, and the other cells.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let cells = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let mut cells = cells.split(" | ").map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((name, cells.collect()))
}

/// What is wrong with a place, if anything.
fn wrong(tree: &Tree, cell: &str) -> Option<String> {
    if let Some(reason) = cell.strip_prefix(NO_COUNTERPART) {
        return reason.trim().is_empty().then(|| "no reason is given".to_owned());
    }
    cell.split("; ").find_map(|place| {
        let parts: Vec<&str> = place.split('`').collect();
        let ["", path, " ", item, rest] = parts.as_slice() else {
            return Some(format!("{place} is not `file` `item`"));
        };
        let note = rest.is_empty() || (rest.starts_with(" (") && rest.ends_with(')'));
        if !note {
            return Some(format!("{place} is not `file` `item`"));
        }
        let Some(text) = tree.files.get(*path) else { return Some(format!("{path} is gone")) };
        let name = item.rsplit("::").next().unwrap_or(item).trim_end_matches("()");
        let there = if path.ends_with(".rs") { has_item(text, name) } else { has_word(text, name) };
        (!there).then(|| format!("{item} is gone from {path}"))
    })
}

/// Whether Rust code has an item, field, variant, macro, literal or assembly label of this name.
/// Comments and mere uses do not count.
fn has_item(text: &str, name: &str) -> bool {
    let tokens = lex(text).unwrap_or_default();
    let mut found = false;
    each_level(&tokens, &mut |level| {
        found |= level.iter().enumerate().any(|(index, token)| match token {
            TokenTree::Ident(ident) => ident == name && is_defined(level, index),
            TokenTree::Literal(literal) => {
                let doc = level.first().is_some_and(|head| is_ident(Some(head), "doc"));
                !doc && has_word(&literal.to_string(), name)
            }
            TokenTree::Group(body) => is_enum(level, index) && has_variant(&inside(body), name),
            TokenTree::Punct(_) => false,
        });
    });
    found
}

/// Whether the identifier at `index` is where something gets its name.
fn is_defined(level: &[TokenTree], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|index| level.get(index));
    let keyword = KEYWORDS.iter().any(|keyword| is_ident(before, keyword));
    let macro_rules =
        is_punct(before, '!') && index >= 2 && is_ident(level.get(index - 2), "macro_rules");
    let field = is_punct(level.get(index + 1), ':') && !is_punct(level.get(index + 2), ':');
    keyword || macro_rules || field
}

/// Whether the group at `index` is the body of an enum.
fn is_enum(level: &[TokenTree], index: usize) -> bool {
    let body = group(level.get(index), Delimiter::Brace).is_some();
    let enums = level[..index].iter().rev().take_while(|token| {
        group(Some(token), Delimiter::Brace).is_none() && !is_punct(Some(token), ';')
    });
    body && enums.into_iter().any(|token| is_ident(Some(token), "enum"))
}

/// Whether the body of an enum has this variant.
fn has_variant(body: &[TokenTree], name: &str) -> bool {
    body.iter().enumerate().any(|(index, token)| {
        let before = index.checked_sub(1).and_then(|index| body.get(index));
        let start = before.is_none() || is_punct(before, ',');
        let attributed = group(before, Delimiter::Bracket).is_some();
        is_ident(Some(token), name) && (start || attributed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "//! settls\n/// m0\npub struct M { pub tls: usize }\n\
        enum S { Idle, Running(u8) }\n\
        static mut M0: u8 = 0; use a::elsewhere;\nfn run() { called(0x123); }\n\
        global_asm!(\"_rt0_amd64: nop\"); macro_rules! entry { () => {} }";

    /// Problems of a table in which `last` is the row of the last name, the others being fine.
    fn problems(last: &str) -> Vec<String> {
        let mut table = String::from("| Seed | What | Where |\n|---|---|---|\n");
        for name in &NAMES[..NAMES.len() - 1] {
            table.push_str(&format!("| `{name}` | a | no counterpart, because b |\n"));
        }
        table.push_str(last);
        let found = check(&Tree::of(&[(SEED, &table), ("a.rs", CODE), ("b.toml", "key = 1")]));
        found.into_iter().map(|problem| problem.what).collect()
    }

    fn place(place: &str) -> Vec<String> {
        problems(&format!("| `{}` | what | {place} |", NAMES[NAMES.len() - 1]))
    }

    #[test]
    fn places_that_are_there_pass() {
        for item in
            ["M", "M::tls", "Idle", "S::Running", "M0", "run", "0x123", "_rt0_amd64", "entry"]
        {
            assert_eq!(place(&format!("`a.rs` `{item}`")), Vec::<String>::new(), "{item}");
        }
        assert!(place("`a.rs` `M`; `b.toml` `key` (the default)").is_empty());
        assert!(place("no counterpart, because it is not needed").is_empty());
    }

    #[test]
    fn places_that_are_gone_are_found() {
        let name = NAMES[NAMES.len() - 1];
        for item in ["settls", "m0", "elsewhere", "called", "u8"] {
            let found = place(&format!("`a.rs` `M`; `a.rs` `{item}`"));
            assert_eq!(found, [format!("`{name}`: {item} is gone from a.rs")]);
        }
        assert_eq!(place("`gone.rs` `M`"), [format!("`{name}`: gone.rs is gone")]);
        assert_eq!(place("`b.toml` `lock`").len(), 1);
    }

    #[test]
    fn rows_without_a_place_are_found() {
        let unplaced = concat!("TO", "DO-PLACE");
        for cell in [unplaced, "", "a.rs M", "no counterpart, because ", "none", "`a.rs` `M` too"] {
            assert_eq!(place(cell).len(), 1, "{cell}");
        }
        let name = NAMES[NAMES.len() - 1];
        assert_eq!(problems(&format!("| `{name}` | what |")).len(), 1);
        assert_eq!(problems(&format!("| `{name}` |  | `a.rs` `M` |")).len(), 1);
    }

    #[test]
    fn a_name_has_one_row() {
        let name = NAMES[NAMES.len() - 1];
        assert_eq!(problems(""), [format!("no row for `{name}`")]);
        let row = format!("| `{name}` | what | `a.rs` `M` |\n");
        assert_eq!(problems(&row.repeat(2)), [format!("a second row for `{name}`")]);
        assert_eq!(check(&Tree::of(&[])), [Problem::new(SEED, "is missing")]);
    }
}
