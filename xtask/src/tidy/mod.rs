//! `cargo xtask tidy`: the rules that a machine can check. One check, one file.

mod asm_home;
mod dead_files;
mod layers;
mod map;
mod seed;
mod seed_names;
mod sizes;
mod tokens;
mod tree;
mod unsafe_home;
mod words;

use std::path::Path;

use anyhow::{Result, bail};
use tree::Tree;

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq)]
struct Problem {
    /// A file of the tree, perhaps with a line, or a package.
    place: String,
    /// What is wrong there.
    what: String,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// A check finds where its rule is broken.
type Check = fn(&Tree) -> Vec<Problem>;

/// All checks by name.
const CHECKS: &[(&str, Check)] = &[
    ("layers", layers::check),
    ("sizes", sizes::check),
    ("asm_home", asm_home::check),
    ("unsafe_home", unsafe_home::check),
    ("map", map::check),
    ("seed", seed::check),
    ("words", words::check),
    ("dead_files", dead_files::check),
];

/// Runs all checks on the workspace at `root`.
///
/// # Errors
/// When the tree cannot be read or a rule is broken; all broken rules are printed first.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut count = 0;
    for (name, check) in CHECKS {
        for problem in check(&tree) {
            println!("{name}: {}: {}", problem.place, problem.what);
            count += 1;
        }
    }
    if count > 0 {
        bail!("tidy: {count} problems");
    }
    println!("tidy: {} files, {} checks, no problem", tree.files.len(), CHECKS.len());
    Ok(())
}
