//! Files, functions and lines stay short enough to be read at once.

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{each_level, group, is_ident, is_punct, lex, line};
use super::{Problem, Tree};

/// The most lines of a file.
const FILE_LINES: usize = 400;
/// The most lines of a function, from the line of its `fn` to that of its closing brace.
const FUNCTION_LINES: usize = 70;
/// The most characters of a line.
const COLUMNS: usize = 100;

/// Finds what is too long.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        if lines > FILE_LINES {
            problems.push(Problem::new(path, format!("{lines} lines, more than {FILE_LINES}")));
        }
        for (index, columns) in text.lines().map(|line| line.chars().count()).enumerate() {
            if columns > COLUMNS {
                let place = format!("{path}:{}", index + 1);
                problems.push(Problem::new(place, format!("{columns} columns")));
            }
        }
        let Ok(tokens) = lex(text) else { continue };
        each_level(&tokens, &mut |level| functions(path, level, &mut problems));
    }
    problems
}

/// Finds the long functions that begin at this level of groups.
fn functions(path: &str, level: &[TokenTree], problems: &mut Vec<Problem>) {
    for (index, token) in level.iter().enumerate() {
        let Some(TokenTree::Ident(name)) = level.get(index + 1) else { continue };
        if !is_ident(Some(token), "fn") {
            continue;
        }
        let Some(body) = body(&level[index + 2..]) else { continue };
        let lines = body - line(token) + 1;
        if lines > FUNCTION_LINES {
            let place = format!("{path}:{}", line(token));
            let what = format!("fn {name}: {lines} lines, more than {FUNCTION_LINES}");
            problems.push(Problem::new(place, what));
        }
    }
}

/// The last line of the function whose signature, after the name, begins these tokens.
fn body(tokens: &[TokenTree]) -> Option<usize> {
    for (index, token) in tokens.iter().enumerate() {
        if is_punct(Some(token), ';') {
            return None; // declared, not defined
        }
        // A brace after `<` or `,` is the argument of a const generic.
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let argument = is_punct(before, '<') || is_punct(before, ',');
        if let Some(body) = group(Some(token), Delimiter::Brace)
            && !argument
        {
            return Some(body.span_close().end().line);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<Problem> {
        check(&Tree::of(&[("a.rs", text)]))
    }

    fn function(lines: usize) -> String {
        format!("fn f() -> A<{{ 1 }}> {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(problems(&"// a\n".repeat(400)).is_empty());
        assert_eq!(
            problems(&"// a\n".repeat(401)),
            [Problem::new("a.rs", "401 lines, more than 400")]
        );
    }

    #[test]
    fn a_long_line_is_found() {
        assert!(problems(&format!("//{}", "é".repeat(98))).is_empty());
        assert_eq!(problems(&format!("\n//{}", "é".repeat(99)))[0].place, "a.rs:2");
    }

    #[test]
    fn a_long_function_is_found_wherever_it_is() {
        assert!(problems(&function(70)).is_empty());
        let long = function(71);
        let found = [Problem::new("a.rs:2", "fn f: 71 lines, more than 70")];
        assert_eq!(problems(&format!("\n{long}")), found);
        assert_eq!(problems(&format!("impl A {{\n{long}}}")), found);
        assert_eq!(problems(&format!("m! {{\n{long}}}")), found);
    }

    #[test]
    fn what_is_no_function_is_not_counted() {
        let gap = "\n".repeat(80);
        assert!(
            problems(&format!("trait A {{ fn f(); }}{gap}struct B {{ f: fn(u8) }}")).is_empty()
        );
        assert!(problems(&format!("struct C {{{gap} a: fn(u8) }}")).is_empty());
    }
}
