//! A user's own bare program, made outside of this workspace.

use std::fs;
use std::path::{Path, PathBuf};

use tests::bare;
use tests::run::Program;

const MAIN: &str = r#"#![no_std]
#![no_main]

use rt_main::{println, thread};

rt_main::entry!(main);

fn main() -> i32 {
    let Ok(answer) = thread::spawn(|| 6 * 7).join();
    println!("the answer is {answer}");
    answer
}
"#;

/// The package's description; nothing in it but the dependency and what any bare program needs.
fn manifest(rt_main: &Path) -> String {
    format!(
        r#"[package]
name = "guest"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
rt-main = {{ path = {rt_main:?} }}

[profile.dev]
panic = "abort"

[profile.release]
panic = "abort"
"#
    )
}

/// Writes the package and builds it, with these words to cargo; returns where cargo put it.
fn build(folder: &Path, words: &[&str]) -> PathBuf {
    let root = fs::canonicalize(bare::root()).expect("the workspace is there");
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("a file can be written");
    };
    fs::create_dir(folder.join("src")).expect("a folder can be made");
    write("src/main.rs", MAIN);
    write("build.rs", include_str!("../programs/build.rs"));
    write("Cargo.toml", &manifest(&root.join("rt-main")));
    // The same versions of what is below.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("there is a lock file");
    let target = folder.join("target");
    let mut command = bare::cargo();
    command.current_dir(folder).args(words);
    bare::build(command, &target);
    target
}

#[track_caller]
fn gives_the_answer(program: &Path) {
    let outcome = Program::at(program).procs(2).run().expect_code(42);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("the answer is 42\n", ""));
}

#[test]
fn ten_lines_make_a_bare_program() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let target = build(folder.path(), &["--release"]);
    gives_the_answer(&target.join("release/guest"));
}

#[test]
fn without_optimisation_too() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let target = build(folder.path(), &[]);
    gives_the_answer(&target.join("debug/guest"));
}
