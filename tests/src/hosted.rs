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
