//! Hand-written instructions live in rt-asm and nowhere else.

use proc_macro2::TokenTree;

use super::tokens::{each_level, is_punct, lex, line};
use super::{Problem, Tree};

/// The macros that hold instructions.
const MACROS: [&str; 3] = ["asm", "naked_asm", "global_asm"];
/// The one crate that may use them.
const HOME: &str = "rt-asm/";

/// Finds instructions outside of their home.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !path.starts_with(HOME)) {
        let tokens = match lex(text) {
            Ok(tokens) => tokens,
            Err(error) => {
                problems.push(Problem::new(path, format!("is not Rust: {error}")));
                continue;
            }
        };
        each_level(&tokens, &mut |level| {
            for pair in level.windows(2) {
                if let TokenTree::Ident(name) = &pair[0]
                    && MACROS.iter().any(|macro_name| name == macro_name)
                    && is_punct(pair.get(1), '!')
                {
                    let place = format!("{path}:{}", line(&pair[0]));
                    problems.push(Problem::new(place, format!("{name}! belongs in rt-asm")));
                }
            }
        });
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_outside_of_rt_asm_are_found() {
        let bad = "fn f() {\n    unsafe { core::arch::asm!(\"nop\") }\n}";
        let found = check(&Tree::of(&[("rt-os/src/lib.rs", bad)]));
        assert_eq!(found, [Problem::new("rt-os/src/lib.rs:2", "asm! belongs in rt-asm")]);
        for name in MACROS {
            let bad = format!("macro_rules! m {{ () => {{ {name}!(\"nop\") }} }}");
            assert_eq!(check(&Tree::of(&[("tests/src/lib.rs", &bad)])).len(), 1, "{name}");
        }
    }

    #[test]
    fn instructions_in_rt_asm_and_words_about_them_pass() {
        let good = "//! No asm! here.\nconst S: &str = \"asm!\";\nfn asm() {} // global_asm!";
        let home = "fn f() { unsafe { asm!(\"nop\") } }";
        assert!(check(&Tree::of(&[("rt/src/lib.rs", good), ("rt-asm/src/a.rs", home)])).is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_as_rust_is_a_problem() {
        assert_eq!(check(&Tree::of(&[("rt/src/lib.rs", "fn f( {")])).len(), 1);
    }
}
