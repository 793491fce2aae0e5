//! `cargo xtask ci`: all that a change must pass, timed step by step.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{elf, loom, sanitize, shell, tidy};

/// Packages of bare programs. Each is built by invocations of its own: a std package in the same
/// one would turn on the `std` features of what they share.
const BARE: [&str; 2] = ["rt-main", "programs"];

/// One step.
struct Step {
    name: &'static str,
    work: Box<dyn Fn() -> Result<()>>,
}

/// How a step ended.
struct Outcome {
    name: &'static str,
    ok: bool,
    took: Duration,
}

/// Runs all steps, up to the first that fails unless `keep_going`.
///
/// # Errors
/// Names the steps that failed.
pub(crate) fn run(keep_going: bool) -> Result<()> {
    conclude(&perform(steps(), keep_going))
}

/// The steps, the quick ones first.
fn steps() -> Vec<Step> {
    vec![
        step("fmt", || minutes(2, shell::cargo(["fmt", "--all", "--check"]))),
        step("clippy", || {
            let args = ["clippy", "--all-targets", "--", "-D", "warnings"];
            minutes(10, shell::cargo(args))
        }),
        step("clippy, bare", || {
            for package in BARE {
                minutes(5, shell::cargo(["clippy", "-p", package, "--", "-D", "warnings"]))?;
            }
            Ok(())
        }),
        step("clippy, examples", || {
            let args = ["clippy", "--profile", "hosted", "-p", "examples", "--", "-D", "warnings"];
            let mut command = shell::cargo(args);
            // Where the tests build them: what is built from C is built once.
            command.env("CARGO_TARGET_DIR", shell::root().join("target/hosted"));
            minutes(10, command)
        }),
        step("clippy, bench", || {
            let args = ["clippy", "--manifest-path", "bench/Cargo.toml", "--", "-D", "warnings"];
            let mut command = shell::cargo(args);
            command.env("CARGO_TARGET_DIR", shell::target_dir()?.join("bench"));
            minutes(10, command)
        }),
        step("tidy", || tidy::run(&shell::root())),
        step("doc", || {
            minutes(10, doc(&["doc", "--no-deps"]))?;
            minutes(5, doc(&["doc", "--no-deps", "--lib", "-p", "rt-main"]))
        }),
        step("test", || minutes(20, shell::cargo(["test", "--no-fail-fast"]))),
        step("loom", loom::run),
        step("simulate", || loom::simulate(loom::ORDERS)),
        step("sanitize", sanitize::run),
        step("elf", || elf::run(None)),
        step("boot", || {
            let mut command = Command::new(shell::build_bare("rt-main", "rt-main")?);
            command.arg("boot");
            shell::run(&mut command, Duration::from_secs(10))
        }),
    ]
}

fn step(name: &'static str, work: impl Fn() -> Result<()> + 'static) -> Step {
    Step { name, work: Box::new(work) }
}

/// Runs a command that must be done in so many minutes.
fn minutes(limit: u64, mut command: Command) -> Result<()> {
    shell::run(&mut command, Duration::from_secs(60 * limit))
}

/// A documentation command that fails on warnings.
fn doc(args: &[&str]) -> Command {
    let mut command = shell::cargo(args);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// Runs the steps and says how each ended.
fn perform(steps: Vec<Step>, keep_going: bool) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for step in steps {
        println!("== {}", step.name);
        let start = Instant::now();
        let done = (step.work)();
        let ok = done.is_ok();
        if let Err(error) = done {
            println!("{}: {error:#}", step.name);
        }
        outcomes.push(Outcome { name: step.name, ok, took: start.elapsed() });
        if !ok && !keep_going {
            break;
        }
    }
    outcomes
}

/// Prints the outcomes as a table.
fn conclude(outcomes: &[Outcome]) -> Result<()> {
    println!("== summary");
    for outcome in outcomes {
        let verdict = if outcome.ok { "ok  " } else { "FAIL" };
        println!("{verdict}  {:12}  {:7.1} s", outcome.name, outcome.took.as_secs_f64());
    }
    let total: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    println!("      {:12}  {:7.1} s", "all", total.as_secs_f64());
    let failed: Vec<&str> =
        outcomes.iter().filter(|outcome| !outcome.ok).map(|outcome| outcome.name).collect();
    if failed.is_empty() { Ok(()) } else { bail!("ci failed: {}", failed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<Step> {
        vec![step("a", || Ok(())), step("b", || bail!("broken")), step("c", || Ok(()))]
    }

    fn names(outcomes: &[Outcome]) -> String {
        outcomes.iter().map(|outcome| outcome.name).collect()
    }

    #[test]
    fn the_first_failure_ends_it() {
        let outcomes = perform(three(), false);
        assert_eq!(names(&outcomes), "ab");
        assert_eq!(conclude(&outcomes).unwrap_err().to_string(), "ci failed: b");
    }

    #[test]
    fn one_may_keep_going() {
        let outcomes = perform(three(), true);
        assert_eq!(names(&outcomes), "abc");
        assert_eq!(conclude(&outcomes).unwrap_err().to_string(), "ci failed: b");
        assert!(conclude(&outcomes[..1]).is_ok());
    }
}
