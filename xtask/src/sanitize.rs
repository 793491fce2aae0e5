//! `cargo xtask sanitize`: hosted programs under ThreadSanitizer, AddressSanitizer and valgrind,
//! each where the machine has it.
//!
//! The sanitizers come with rustc's nightly toolchain. std itself is not built with them, so what
//! it does by fences is not seen: freeing an `Arc` is reported as a race, and is left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::shell;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// How long one build or run may take.
const LIMIT: Duration = Duration::from_secs(420);

/// What ThreadSanitizer is told to pass over: `Arc::drop` orders by a fence, which it does not see.
const SUPPRESSIONS: &str = "race:dealloc_nonnull\nrace:alloc::sync::Arc\n";

/// A sanitizer.
struct Sanitizer {
    name: &'static str,
    flags: &'static str,
    /// The runtime's file, below the toolchain's libraries.
    runtime: &'static str,
    /// Its options, by the name of their variable.
    options: (&'static str, &'static str),
    /// It is told to pass over [`SUPPRESSIONS`].
    suppresses: bool,
}

const SANITIZERS: [Sanitizer; 2] = [
    Sanitizer {
        name: "thread",
        flags: "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer --cfg rt_tsan",
        runtime: "librustc-nightly_rt.tsan.a",
        options: ("TSAN_OPTIONS", "halt_on_error=1"),
        suppresses: true,
    },
    Sanitizer {
        name: "address",
        flags: "-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer --cfg rt_asan",
        runtime: "librustc-nightly_rt.asan.a",
        // The scheduler lives as long as the program.
        options: ("ASAN_OPTIONS", "detect_leaks=0"),
        suppresses: false,
    },
];

/// Runs what there is.
///
/// # Errors
/// When one of them finds something.
pub(crate) fn run() -> Result<()> {
    for sanitizer in &SANITIZERS {
        match nightly_libraries() {
            Some(folder) if folder.join(sanitizer.runtime).is_file() => under(sanitizer)?,
            _ => println!("sanitize: no nightly toolchain with {}: left out", sanitizer.runtime),
        }
    }
    if starts("valgrind") {
        valgrind()
    } else {
        println!("sanitize: no valgrind: left out");
        Ok(())
    }
}

/// Builds the shared bodies with the sanitizer and runs them.
fn under(sanitizer: &Sanitizer) -> Result<()> {
    println!("sanitize: {}", sanitizer.name);
    let target = shell::target_dir()?.join("sanitize").join(sanitizer.name);
    let mut build = Command::new("cargo");
    build.current_dir(shell::root());
    build.args(["+nightly", "build", "--quiet", "-p", "hosted", "--bin", "bodies"]);
    build.args(["--profile", "hosted", "--target", TARGET]);
    without_ours(&mut build).env("RUSTFLAGS", sanitizer.flags).env("CARGO_TARGET_DIR", &target);
    shell::run(&mut build, LIMIT)?;
    let (variable, options) = sanitizer.options;
    let mut options = options.to_owned();
    if sanitizer.suppresses {
        let file = target.join("suppressions");
        std::fs::write(&file, SUPPRESSIONS).context("the target folder can be written")?;
        options.push_str(&format!(":suppressions={}", file.display()));
    }
    let mut program = Command::new(target.join(TARGET).join("hosted/bodies"));
    shell::run_watched(program.env(variable, options), LIMIT)
}

/// Runs a program with many stacks under valgrind, which must not see a false one.
fn valgrind() -> Result<()> {
    println!("sanitize: valgrind");
    let mut build = shell::cargo(["build", "--quiet", "--profile", "hosted", "-p", "hosted"]);
    shell::run(build.args(["--bin", "parked"]), LIMIT)?;
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=9"]);
    command.arg(shell::target_dir()?.join("hosted/parked")).arg("500").stdout(Stdio::null());
    shell::run(&mut command, LIMIT)
}

/// Takes away what our own toolchain has set for its children.
fn without_ours(command: &mut Command) -> &mut Command {
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
        command.env_remove(name);
    }
    command
}

/// Where the nightly toolchain has its libraries.
fn nightly_libraries() -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    let output = without_ours(&mut rustc).args(["+nightly", "--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib"))
}

fn starts(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
