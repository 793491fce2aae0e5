//! Programs that are many: the first argument says which.

use core::fmt::Debug;
use core::str::FromStr;

use rt_main::{env, eprintln};

/// The exit code of a name that is not in the list.
const UNKNOWN: i32 = 3;

/// Runs what the first argument names. What it checks, it asserts: a panic ends it with code 2.
pub fn run(programs: &[(&str, fn())]) -> i32 {
    let name = env::args().nth(1).and_then(|name| name.to_str().ok()).unwrap_or("");
    let Some((_, program)) = programs.iter().find(|(known, _)| *known == name) else {
        eprintln!("no program {name:?}");
        return UNKNOWN;
    };
    program();
    0
}

/// Argument `index` as a number; `default` when there is none.
///
/// # Panics
/// When it is no number.
#[must_use]
pub fn number<T: FromStr<Err: Debug>>(index: usize, default: T) -> T {
    match env::args().nth(index) {
        Some(word) => word.to_str().expect("a number").parse().expect("a number"),
        None => default,
    }
}
