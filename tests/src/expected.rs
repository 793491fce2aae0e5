//! What a program must say, from a file: `expected/NAME.txt`. They were written down from what Go
//! 1.27 says for the program that the file's first lines describe.
//!
//! ```text
//! # a remark
//! exit 2                      how it ends
//! goroutine {n} [running]:    a line of standard error: {n} is a number, {x} one in base 16,
//! {...}                       {*} any text; this line stands for any number of lines
//! ```

use std::fs;

use crate::bare::root;
use crate::outcome::Outcome;

/// What stands in a file.
#[derive(Clone, Debug)]
pub struct Expected {
    name: String,
    code: i32,
    lines: Vec<String>,
}

impl Expected {
    /// Reads `expected/NAME.txt`.
    ///
    /// # Panics
    /// When it is not there, or does not say how the program ends.
    #[must_use]
    pub fn named(name: &str) -> Expected {
        let path = root().join("tests/expected").join(name).with_extension("txt");
        let text = fs::read_to_string(&path).expect("the file is there");
        let mut lines = text.lines().skip_while(|line| line.starts_with('#'));
        let code = lines.next().and_then(|line| line.strip_prefix("exit ")?.parse().ok());
        Expected {
            name: name.to_owned(),
            code: code.expect("it says how the program ends"),
            lines: lines.map(str::to_owned).collect(),
        }
    }

    /// Compares it with what a program did.
    ///
    /// # Panics
    /// When it did something else; the message has all of both.
    #[track_caller]
    pub fn compare(&self, outcome: Outcome) {
        let outcome = outcome.expect_code(self.code);
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        let pattern: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let wanted = self.lines.join("\n");
        let told = outcome.show();
        assert!(match_lines(&pattern, &lines), "not as {}:\n{wanted}\n---\n{told}", self.name);
    }
}

fn match_lines(pattern: &[&str], lines: &[&str]) -> bool {
    match pattern {
        [] => lines.is_empty(),
        ["{...}", rest @ ..] => {
            (0..=lines.len()).any(|skipped| match_lines(rest, &lines[skipped..]))
        }
        [first, rest @ ..] => lines
            .split_first()
            .is_some_and(|(line, lines)| match_line(first, line) && match_lines(rest, lines)),
    }
}

fn match_line(pattern: &str, line: &str) -> bool {
    let Some((literal, rest)) = pattern.split_once('{') else { return pattern == line };
    let Some(line) = line.strip_prefix(literal) else { return false };
    let (what, rest) = rest.split_once('}').expect("each placeholder ends");
    let is_part: fn(char) -> bool = match what {
        "n" => |c| c.is_ascii_digit(),
        "x" => |c| c.is_ascii_hexdigit(),
        "*" => return line.char_indices().any(|(at, _)| match_line(rest, &line[at..])),
        other => panic!("no placeholder {other}"),
    };
    let behind = line.trim_start_matches(is_part);
    behind.len() < line.len() && match_line(rest, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_what_they_say() {
        for (pattern, line, is_right) in [
            ("", "", true),
            ("a", "ab", false),
            ("m={n} [{*}]:", "m=12 [chan receive]:", true),
            ("m={n} [{*}]:", "m= [chan receive]:", false),
            ("m={n} [{*}]:", "m=1 chan receive]:", false),
            ("0x{x}", "0x0fA1", true),
            ("0x{x}", "0x0fg", false),
            ("{*}:{n} +0x{x}", "/a:b/c.rs:12 +0x3", true),
        ] {
            assert_eq!(match_line(pattern, line), is_right, "{pattern:?} {line:?}");
        }
        assert!(match_lines(&["a", "{...}", "b", "{...}"], &["a", "x", "b", "b"]));
        assert!(match_lines(&["a", "{...}"], &["a"]));
        assert!(!match_lines(&["a", "{...}", "b"], &["a", "x"]));
    }
}
