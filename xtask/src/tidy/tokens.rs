//! Looking at Rust code as tokens, so that comments and strings are not taken for code, and code
//! inside macros is not overlooked.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens of a file.
///
/// # Errors
/// The lexer's words, when the file is not Rust.
pub(super) fn lex(text: &str) -> Result<Vec<TokenTree>, String> {
    let stream = TokenStream::from_str(text).map_err(|error| error.to_string())?;
    Ok(stream.into_iter().collect())
}

/// Calls `visit` with the tokens of the file and with those of each group in it.
pub(super) fn each_level(tokens: &[TokenTree], visit: &mut impl FnMut(&[TokenTree])) {
    visit(tokens);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            each_level(&inside(group), visit);
        }
    }
}

/// The tokens of a group.
pub(super) fn inside(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

/// Whether the token is this identifier.
pub(super) fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

/// Whether the token is this character.
pub(super) fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}

/// The token as a group with this delimiter.
pub(super) fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// The line a token starts in.
pub(super) fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// The inner attributes (`#![…]`) at the head of a file, each as its tokens.
pub(super) fn inner_attributes(tokens: &[TokenTree]) -> Vec<Vec<TokenTree>> {
    let heads = tokens.windows(3).filter(|w| is_punct(w.first(), '#') && is_punct(w.get(1), '!'));
    heads.filter_map(|w| group(w.get(2), Delimiter::Bracket).map(inside)).collect()
}

/// Whether an attribute is `name(… argument …)`, or just `name` where no argument is asked for.
pub(super) fn attribute_is(attribute: &[TokenTree], name: &str, argument: Option<&str>) -> bool {
    let Some(argument) = argument else {
        return is_ident(attribute.first(), name) && attribute.len() == 1;
    };
    is_ident(attribute.first(), name)
        && group(attribute.get(1), Delimiter::Parenthesis)
            .is_some_and(|group| inside(group).iter().any(|token| is_ident(Some(token), argument)))
}

/// Whether `word` is in `text` with no letter, digit or underscore beside it.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let joined = before.is_some_and(part) && word.starts_with(part)
            || after.is_some_and(part) && word.ends_with(part);
        !joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_other_characters() {
        assert!(has_word("fn settls()", "settls"));
        assert!(has_word("-8(FS)", "-8(FS)"));
        assert!(!has_word("fn settls2()", "settls"));
        assert!(!has_word("_settls", "settls"));
    }

    #[test]
    fn attributes_are_told_apart() {
        let tokens = lex("#![no_std]\n#![deny(unsafe_code)]\n#[inline]\nfn f() {}").unwrap();
        let attributes = inner_attributes(&tokens);
        assert_eq!(attributes.len(), 2);
        assert!(attribute_is(&attributes[0], "no_std", None));
        assert!(attribute_is(&attributes[1], "deny", Some("unsafe_code")));
        assert!(!attribute_is(&attributes[1], "allow", Some("unsafe_code")));
        assert!(!attribute_is(&attributes[1], "deny", None));
    }

    #[test]
    fn groups_are_entered_and_comments_are_not() {
        let tokens = lex("// hidden\nmacro_rules! m { () => { seen(); } }").unwrap();
        let mut names = Vec::new();
        each_level(&tokens, &mut |level| names.extend(level.iter().map(ToString::to_string)));
        assert!(names.iter().any(|name| name == "seen"));
        assert!(names.iter().all(|name| name != "hidden"));
    }
}
