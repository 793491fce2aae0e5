//! Each crate builds on lower ones only, without std.

use super::tokens::{attribute_is, inner_attributes, lex};
use super::tree::{Dependency, Package};
use super::{Problem, Tree};

/// What each library may build upon, within the workspace.
const LAYERS: &[(&str, &[&str])] = &[
    ("rt-asm", &[]),
    ("rt-os", &["rt-asm"]),
    ("rt-wait", &["rt-asm", "rt-os"]),
    ("rt-mem", &["rt-asm", "rt-os", "rt-wait"]),
    ("rt-stack", &["rt-asm", "rt-os", "rt-wait"]),
    ("rt-traceback", &["rt-asm", "rt-os"]),
    ("rt-sched", &["rt-asm", "rt-os", "rt-wait", "rt-mem", "rt-stack", "rt-traceback"]),
    ("rt-net", &["rt-asm", "rt-os", "rt-wait", "rt-mem", "rt-stack", "rt-sched"]),
    // Written against the contract, not against the scheduler.
    ("rt-sync", &["rt-asm", "rt-os", "rt-wait"]),
    // Bytes and decisions: it knows nothing of what they travel over.
    ("rt-http", &[]),
    ("rt-main", BELOW_THE_TOP),
    ("rt", BELOW_THE_TOP),
];

const BELOW_THE_TOP: &[&str] = &[
    "rt-asm",
    "rt-os",
    "rt-wait",
    "rt-mem",
    "rt-stack",
    "rt-traceback",
    "rt-sched",
    "rt-net",
    "rt-sync",
    "rt-http",
];

/// The one library that may use std, and any package with it.
const HOSTED: &str = "rt";

/// Packages that a library may use; none of them needs std.
const OUTSIDE: [&str; 9] = [
    "libc",
    "crossbeam-utils",
    "once_cell",
    "arrayvec",
    "embedded-io",
    "httparse",
    "gimli",
    "addr2line",
    "rustc-demangle",
];

/// Packages that a library's tests may use.
const OUTSIDE_TESTS: [&str; 4] = ["proptest", "loom", "shuttle", "serde_json"];

/// Finds crates that look up, use std or use a package that is not on the list.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in tree.libraries() {
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
            problems.push(Problem::new(&package.name, "has no place in the layers"));
            continue;
        };
        if package.features.iter().any(|feature| feature == "std") {
            problems.push(Problem::new(&package.name, "has a feature `std`"));
        }
        let hosted = package.name == HOSTED;
        for dependency in &package.dependencies {
            if let Some(what) = wrong(package, dependency, below) {
                problems.push(Problem::new(&package.name, what));
            }
        }
        if !hosted
            && let Some(root) = &package.lib
            && !is_no_std(tree, root)
        {
            problems.push(Problem::new(root, "lacks #![no_std]"));
        }
    }
    problems
}

/// What is wrong with a dependency, if anything.
fn wrong(package: &Package, dependency: &Dependency, below: &[&str]) -> Option<String> {
    let Dependency { name, dev, .. } = dependency;
    let hosted = package.name == HOSTED;
    let inside = LAYERS.iter().any(|(layer, _)| layer == name);
    if inside && !below.contains(&name.as_str()) && !(*dev && *name == package.name) {
        return Some(format!("must not build upon {name}"));
    }
    if inside || hosted || (*dev && OUTSIDE_TESTS.contains(&name.as_str())) {
        return std_feature(dependency).filter(|_| !hosted);
    }
    // A checker, where the crate is built for it.
    if ["loom", "shuttle"].contains(&name.as_str())
        && dependency.target.as_ref().is_some_and(|target| *target == format!("cfg({name})"))
    {
        return None;
    }
    if !OUTSIDE.contains(&name.as_str()) {
        return Some(format!("must not use the package {name}"));
    }
    if dependency.default_features {
        return Some(format!("uses {name} with its default features"));
    }
    std_feature(dependency)
}

/// Says so when the dependency is asked for its `std`, other than for tests.
fn std_feature(dependency: &Dependency) -> Option<String> {
    let asked = !dependency.dev && dependency.features.iter().any(|feature| feature == "std");
    asked.then(|| format!("turns on the feature `std` of {}", dependency.name))
}

/// Whether the crate with this root does without std, whatever it is built for.
fn is_no_std(tree: &Tree, root: &str) -> bool {
    let tokens = tree.files.get(root).and_then(|text| lex(text).ok()).unwrap_or_default();
    inner_attributes(&tokens).iter().any(|attribute| attribute_is(attribute, "no_std", None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), ..Dependency::default() }
    }

    /// What is wrong with a package that has this one dependency.
    fn problems(package: &str, dependency: Dependency) -> Vec<String> {
        let root = format!("{package}/src/lib.rs");
        let mut tree = Tree::of(&[(&root, "#![no_std]")]).with(&[package]);
        tree.packages[0].dependencies.push(dependency);
        check(&tree).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_crate_that_looks_up_is_found() {
        assert!(problems("rt-os", dependency("rt-asm")).is_empty());
        assert!(problems("rt-main", dependency("rt-sched")).is_empty());
        let pairs = [
            ("rt-asm", "rt-os"),
            ("rt-wait", "rt-sched"),
            ("rt-sync", "rt-sched"),
            ("rt-mem", "rt-stack"),
            ("rt", "rt-main"),
        ];
        for (package, above) in pairs {
            let found = problems(package, dependency(above));
            assert_eq!(found, [format!("must not build upon {above}")]);
            let for_tests = Dependency { dev: true, ..dependency(above) };
            assert_eq!(problems(package, for_tests).len(), 1, "{package} {above}");
        }
    }

    #[test]
    fn packages_from_outside_are_few_and_without_std() {
        assert!(problems("rt-os", dependency("libc")).is_empty());
        assert_eq!(problems("rt-os", dependency("serde")), ["must not use the package serde"]);
        let whole = Dependency { default_features: true, ..dependency("libc") };
        assert_eq!(problems("rt-os", whole), ["uses libc with its default features"]);
        let std = Dependency { features: vec!["std".to_owned()], ..dependency("once_cell") };
        assert_eq!(problems("rt-os", std), ["turns on the feature `std` of once_cell"]);
        let tests = Dependency { dev: true, default_features: true, ..dependency("proptest") };
        assert!(problems("rt-os", tests).is_empty());
        let tests = Dependency { dev: true, ..dependency("tokio") };
        assert_eq!(problems("rt-os", tests).len(), 1);
    }

    #[test]
    fn loom_is_for_models_only() {
        let loom = Dependency { default_features: true, ..dependency("loom") };
        assert_eq!(problems("rt-wait", loom.clone()), ["must not use the package loom"]);
        let limited = Dependency { target: Some("cfg(loom)".to_owned()), ..loom };
        assert!(problems("rt-wait", limited).is_empty());
    }

    #[test]
    fn std_and_strangers_are_found() {
        let tree = Tree::of(&[("rt-os/src/lib.rs", "//! #![no_std]")]).with(&["rt-os"]);
        assert_eq!(check(&tree), [Problem::new("rt-os/src/lib.rs", "lacks #![no_std]")]);
        let mut tree = Tree::of(&[("rt-os/src/lib.rs", "#![no_std]")]).with(&["rt-os"]);
        tree.packages[0].features.push("std".to_owned());
        assert_eq!(check(&tree), [Problem::new("rt-os", "has a feature `std`")]);
        let tree = Tree::of(&[("rt-new/src/lib.rs", "#![no_std]")]).with(&["rt-new"]);
        assert_eq!(check(&tree), [Problem::new("rt-new", "has no place in the layers")]);
        let tree = Tree::of(&[("rt/src/lib.rs", "")]).with(&["rt"]);
        assert!(check(&tree).is_empty());
    }
}
