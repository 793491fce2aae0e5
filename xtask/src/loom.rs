//! `cargo xtask loom`: runs the models, tests whose names begin with `loom_`, in every interleaving
//! that loom's bounds allow. `cargo xtask simulate`: runs larger programs in orders at random.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::shell;

/// The crates that may have models.
const CRATES: [&str; 4] = ["rt-wait", "rt-sync", "rt-sched", "rt-mem"];

/// Orders of each kind that a simulation takes unless it is told otherwise.
pub(crate) const ORDERS: u32 = 5_000;

/// How long the models of one crate may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs the models of each crate that has some.
///
/// # Errors
/// When a model fails, or when none ran.
pub(crate) fn run() -> Result<()> {
    let root = shell::root();
    let modelled: Vec<&str> =
        CRATES.into_iter().filter(|name| has_models(&root.join(name).join("src"))).collect();
    if modelled.is_empty() {
        bail!("no crate has a loom model");
    }
    for name in modelled {
        let passed = shell::run_counting(&mut command(name)?, LIMIT, &mut io::stdout(), passed_in)?;
        if passed == 0 {
            bail!("{name} has loom models, but none ran");
        }
        println!("loom: {name}: {passed} models hold");
    }
    Ok(())
}

/// Runs the simulations: programs too large for loom, in so many orders at random of each kind.
///
/// # Errors
/// When one fails, or when none ran.
pub(crate) fn simulate(orders: u32) -> Result<()> {
    let mut command = checked("rt-sync", "simulate_", "--cfg loom --cfg shuttle", "shuttle")?;
    command.env("RT_SIMULATIONS", orders.to_string());
    let passed = shell::run_counting(&mut command, LIMIT, &mut io::stdout(), passed_in)?;
    if passed == 0 {
        bail!("no simulation ran");
    }
    println!("simulate: {passed} programs, in twice {orders} orders each");
    Ok(())
}

/// The command that runs the models of a crate.
fn command(name: &str) -> Result<Command> {
    let mut command = checked(name, "loom_", "--cfg loom", "loom")?;
    if std::env::var_os("LOOM_MAX_PREEMPTIONS").is_none() {
        command.env("LOOM_MAX_PREEMPTIONS", "3");
    }
    Ok(command)
}

/// The command that runs some tests of a crate on a checker's atomics, built apart from all else.
fn checked(name: &str, tests: &str, cfgs: &str, folder: &str) -> Result<Command> {
    let mut command = shell::cargo(["test", "--release", "--lib", "-p", name, tests]);
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    command.env("RUSTFLAGS", format!("{flags} {cfgs}"));
    command.env("CARGO_TARGET_DIR", shell::target_dir()?.join(folder));
    // Whole-program optimization takes longer here than it saves.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    Ok(command)
}

/// The count in a line such as `test result: ok. 3 passed; 0 failed; …`.
fn passed_in(line: &str) -> u32 {
    let count = line.strip_prefix("test result: ok. ").and_then(|rest| rest.split(' ').next());
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Whether any Rust file below this folder has a model.
fn has_models(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return has_models(&path);
        }
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        rust && fs::read_to_string(&path).is_ok_and(|text| text.contains("fn loom_"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted() {
        assert_eq!(passed_in("test result: ok. 3 passed; 0 failed; 0 ignored"), 3);
        assert_eq!(passed_in("test result: FAILED. 3 passed; 1 failed"), 0);
        assert_eq!(passed_in("running 3 tests"), 0);
    }

    #[test]
    fn models_are_looked_for_in_all_folders() {
        assert!(has_models(&shell::root().join("xtask")), "this file names one: fn loom_");
        assert!(!has_models(&shell::root().join("docs")));
    }
}
