//! `cargo xtask entry-bench`: what it costs that Ps can be taken from threads in user code: the
//! bare workloads with the mechanism, and built without it, in turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::bench::median;
use crate::shell;

/// A workload, and how often the runtime is entered for each of its operations.
const WORKLOADS: &[(&str, u32)] = &[
    ("entry n=200000000", 1),
    ("yield tasks=2 n=5000000", 1),
    ("yield tasks=200 n=50000", 1),
    ("spawn_one n=1000000", 6),
];
/// Rounds; the first one warms up and does not count.
const ROUNDS: usize = 6;
/// How long a build may take.
const BUILD: Duration = Duration::from_secs(300);

/// Measures, and prints a table.
///
/// # Errors
/// When a build or a run fails.
pub(crate) fn run() -> Result<()> {
    let folder = shell::target_dir()?.join("entry-bench");
    let with = build(&folder.join("with"), "")?;
    let without = build(&folder.join("without"), "--cfg rt_no_handoff")?;
    println!("medians of {} runs in turns, ns for each operation", ROUNDS - 1);
    println!("{:28} {:>9} {:>9} {:>12}", "workload", "with", "without", "per entry");
    for (line, entries) in WORKLOADS {
        let mut figures = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            for (program, figures) in [&with, &without].into_iter().zip(&mut figures) {
                let figure = measure(program, line)?;
                if round > 0 {
                    figures.push(figure);
                }
            }
        }
        let [with, without] = figures.map(|figures| median(&figures).unwrap_or(f64::NAN));
        let per_entry = (with - without) / f64::from(*entries);
        println!("{line:28} {with:9.2} {without:9.2} {per_entry:12.2}");
    }
    Ok(())
}

fn build(folder: &Path, flags: &str) -> Result<PathBuf> {
    let mut cargo =
        shell::cargo(["build", "--release", "--quiet", "-p", "programs", "--bin", "bench"]);
    cargo.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", flags);
    shell::run(&mut cargo, BUILD)?;
    Ok(folder.join("release/bench"))
}

/// The figure of one run: `name value unit`.
fn measure(program: &Path, line: &str) -> Result<f64> {
    let output = Command::new(program).args(line.split(' ')).output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.split(' ').nth(1).and_then(|value| value.parse().ok());
    match value {
        Some(value) if output.status.success() => Ok(value),
        _ => bail!("{} {line}: {}: {text}", program.display(), output.status),
    }
}
