//! Builds the bare programs, by cargo invocations of their own.
//!
//! In one invocation with a std package the features of shared packages would be unified, and `std`
//! features would get into programs that have no std.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The workspace's folder.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The folder that the bare programs are built into.
#[must_use]
pub fn target_dir() -> PathBuf {
    root().join("target/bare")
}

/// The bare program `name`, of rt-main or tests/programs. The first call of a process builds all.
///
/// # Panics
/// When the build fails, or there is no such program.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = cargo();
        let packages = ["--release", "-p", "rt-main", "-p", "programs"];
        command.current_dir(root()).args(packages);
        build(command, &target_dir());
    });
    let path = target_dir().join("release").join(name);
    assert!(path.is_file(), "{} is not among the programs", path.display());
    path
}

/// The program `name` of tests/programs, with types in its debug information, for debuggers.
///
/// # Panics
/// As [`program`].
#[must_use]
pub fn program_with_types(name: &str) -> PathBuf {
    let mut command = cargo();
    let packages = ["--release", "-p", "programs", "--bin", name];
    command.current_dir(root()).args(packages).env("CARGO_PROFILE_RELEASE_DEBUG", "full");
    let target = root().join("target/types");
    build(command, &target);
    target.join("release").join(name)
}

/// `cargo build`, without what the outer cargo has set for the package of the test.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet"]);
    let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Runs a build into `target`, one at a time on this machine.
///
/// # Panics
/// When it fails; what it said is in the message.
pub fn build(mut command: Command, target: &Path) {
    std::fs::create_dir_all(target).expect("the target folder can be made");
    let lock = File::create(target.join("tests.lock")).expect("the lock file can be made");
    lock.lock().expect("the lock file can be locked");
    let output = command.arg("--target-dir").arg(target).output().expect("cargo starts");
    let text = String::from_utf8_lossy(&output.stderr);
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    assert!(output.status.success(), "cargo {}: {}\n{text}", words.join(" "), output.status);
}

/// A copy of a program where everybody may execute it, and the folder it goes with.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn public_copy(program: &Path) -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).expect("our own folder");
    let path = folder.path().join(program.file_name().expect("a program has a name"));
    // Not by ourselves: a child forked by another test would keep the file open for writing.
    let copied = Command::new("cp").arg(program).arg(&path).status();
    assert!(copied.is_ok_and(|status| status.success()), "a program can be copied");
    (folder, path)
}
