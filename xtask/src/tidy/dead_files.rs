//! Every Rust file below a `src` is part of a crate: a `mod` names it.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{each_level, group, inside, is_ident, is_punct, lex};
use super::{Problem, Tree};

/// Finds files that no crate reaches.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut reached = BTreeSet::new();
    for root in tree.packages.iter().flat_map(|package| &package.targets) {
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        reach(tree, root.clone(), &folder, &mut reached);
    }
    let mut problems = Vec::new();
    for package in &tree.packages {
        let below = format!("{}/src/", package.dir);
        for (path, _) in tree.rust().filter(|(path, _)| path.starts_with(&below)) {
            if !reached.contains(path) {
                problems.push(Problem::new(path, "no `mod` names it"));
            }
        }
    }
    problems
}

/// Adds the file `path`, whose modules are in `folder`, and the files it names.
fn reach(tree: &Tree, path: String, folder: &str, reached: &mut BTreeSet<String>) {
    let Some(text) = tree.files.get(&path) else { return };
    let own = path.rsplit_once('/').map_or("", |(own, _)| own).to_owned();
    if !reached.insert(path) {
        return;
    }
    let tokens = lex(text).unwrap_or_default();
    modules(tree, &tokens, &own, folder, reached);
    each_level(&tokens, &mut |level| {
        for triple in level.windows(3) {
            if is_ident(triple.first(), "include")
                && is_punct(triple.get(1), '!')
                && let Some(TokenTree::Group(argument)) = triple.get(2)
                && let Some(name) = text_of(inside(argument).first())
            {
                reach(tree, join(&own, &name), folder, reached);
            }
        }
    });
}

/// Reaches the modules declared by these tokens. `own` is the folder of their file, `folder` that
/// of the modules they declare.
fn modules(
    tree: &Tree,
    tokens: &[TokenTree],
    own: &str,
    folder: &str,
    reached: &mut BTreeSet<String>,
) {
    for (index, token) in tokens.iter().enumerate() {
        let Some(TokenTree::Ident(name)) = tokens.get(index + 1) else { continue };
        if !is_ident(Some(token), "mod") {
            continue;
        }
        let name = name.to_string().trim_start_matches("r#").to_owned();
        let below = join(folder, &name);
        if let Some(body) = group(tokens.get(index + 2), Delimiter::Brace) {
            modules(tree, &inside(body), own, &below, reached);
        } else if let Some(path) = path_attribute(&tokens[..index]) {
            let path = join(own, &path);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            reach(tree, path, &folder, reached);
        } else {
            reach(tree, format!("{below}.rs"), &below, reached);
            reach(tree, format!("{below}/mod.rs"), &below, reached);
        }
    }
    // A macro may hold declarations, as `cfg_if!` does.
    for pair in tokens.windows(2).filter(|pair| is_punct(pair.first(), '!')) {
        if let Some(body) = group(pair.get(1), Delimiter::Brace) {
            each_level(&inside(body), &mut |level| {
                modules(tree, level, own, folder, reached);
            });
        }
    }
}

/// The text of the last `#[path = "…"]` before a `mod`, with at most `pub(…)` and attributes
/// between.
fn path_attribute(before: &[TokenTree]) -> Option<String> {
    for token in before.iter().rev() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let attribute = inside(group);
                if is_ident(attribute.first(), "path") {
                    return text_of(attribute.get(2));
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {}
            TokenTree::Ident(ident) if ident == "pub" => {}
            TokenTree::Punct(punct) if punct.as_char() == '#' => {}
            _ => return None,
        }
    }
    None
}

/// The text of a plain string literal.
fn text_of(token: Option<&TokenTree>) -> Option<String> {
    let Some(TokenTree::Literal(literal)) = token else { return None };
    Some(literal.to_string().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// `folder/name` without `..`.
fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files).with(&["rt-a"]);
        check(&tree).into_iter().map(|problem| problem.place).collect()
    }

    #[test]
    fn a_file_that_nothing_names_is_found() {
        let files = [
            ("rt-a/src/lib.rs", "pub mod b;\n// mod dead;\nmod inline { mod d; }"),
            ("rt-a/src/b.rs", "#[path = \"../odd.rs\"]\npub(crate) mod e;\nmod c;"),
            ("rt-a/src/b/c.rs", "include!(\"table.rs\");"),
            ("rt-a/src/b/table.rs", ""),
            ("rt-a/src/inline/d/mod.rs", "mod f;"),
            ("rt-a/src/inline/d/f.rs", ""),
            ("rt-a/odd.rs", ""),
            ("rt-a/src/dead.rs", "mod also;"),
            ("rt-a/src/dead/also.rs", ""),
            ("rt-a/src/c.rs", ""),
        ];
        assert_eq!(dead(&files), ["rt-a/src/c.rs", "rt-a/src/dead.rs", "rt-a/src/dead/also.rs"]);
    }

    #[test]
    fn a_macro_may_declare_modules() {
        let files =
            [("rt-a/src/lib.rs", "cfg_if! { if #[cfg(x)] { mod b; } }"), ("rt-a/src/b.rs", "")];
        assert!(dead(&files).is_empty());
    }

    #[test]
    fn a_path_attribute_names_its_file_only() {
        let files = [
            ("rt-a/src/lib.rs", "#[path = \"x/y.rs\"]\nmod b;"),
            ("rt-a/src/x/y.rs", ""),
            ("rt-a/src/b.rs", ""),
        ];
        assert_eq!(dead(&files), ["rt-a/src/b.rs"]);
    }
}
