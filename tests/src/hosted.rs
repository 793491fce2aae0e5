//! Builds the hosted programs and rt's examples, by a cargo invocation of their own: with panics
//! that unwind, as programs of users have them.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::bare::{build, cargo, root};

/// The hosted program or example `name`. The first call of a process builds all.
///
/// # Panics
/// When the build fails, or there is no such program.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let target = root().join("target/hosted");
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = cargo();
        let what = ["--profile", "hosted", "-p", "rt", "-p", "hosted", "--bins", "--examples"];
        command.current_dir(root()).args(what);
        build(command, &target);
    });
    let folder = target.join("hosted");
    let places = [folder.join(name), folder.join("examples").join(name)];
    let found = places.iter().find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("{name} is not among the hosted programs")).clone()
}

/// The program `name` of `examples`. The first call of a process builds all, apart from the others:
/// what they stand on takes long to build.
///
/// # Panics
/// As [`program`].
#[must_use]
pub fn on_top(name: &str) -> PathBuf {
    let target = root().join("target/hosted");
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = cargo();
        command.current_dir(root()).args(["--profile", "hosted", "-p", "examples", "--bins"]);
        build(command, &target);
    });
    let path = target.join("hosted").join(name);
    assert!(path.is_file(), "{name} is not among the examples");
    path
}

/// The hosted program `name`, with types in its debug information, for debuggers.
///
/// # Panics
/// As [`program`].
#[must_use]
pub fn program_with_types(name: &str) -> PathBuf {
    program_of_its_own(name, "types", "CARGO_PROFILE_HOSTED_DEBUG", "full")
}

/// The hosted program `name`, optimized as a whole: our functions are inlined into its own.
///
/// # Panics
/// As [`program`].
#[must_use]
pub fn program_as_a_whole(name: &str) -> PathBuf {
    program_of_its_own(name, "whole", "CARGO_PROFILE_HOSTED_LTO", "fat")
}

/// Builds one program below `target/folder`, with another setting.
fn program_of_its_own(name: &str, folder: &str, setting: &str, value: &str) -> PathBuf {
    let mut command = cargo();
    let what = ["--profile", "hosted", "-p", "hosted", "--bin", name];
    command.current_dir(root()).args(what).env(setting, value);
    let target = root().join("target").join(folder);
    build(command, &target);
    target.join("hosted").join(name)
}
