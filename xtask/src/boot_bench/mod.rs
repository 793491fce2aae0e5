//! `cargo xtask boot-bench`: what it costs to boot an empty bare program, beside a minimal static
//! program that does nothing but leave.

mod minimal;
mod names;
mod others;
#[cfg(test)]
mod scratch;
mod timing;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::report::{self, Finding};
use crate::shell;
use timing::Program;
use trace::Traced;

/// The most that the empty program may take, in times of the minimal one.
const RATIO_MAX: f64 = 1.25;
/// The most system calls, the last one included.
const CALLS_MAX: usize = 30;
/// The most resident memory, in KiB.
const PEAK_MAX_KIB: u64 = 256;

/// Measures the program at `path`, or `empty` of the package `programs`.
///
/// # Errors
/// Names each figure that is over its bound.
pub(crate) fn run(runs: u32, rounds: u32, path: Option<PathBuf>) -> Result<()> {
    let folder = shell::target_dir()?.join("boot-bench");
    let minimal = Program::new("minimal", minimal::write(&folder)?);
    let empty = match path {
        Some(path) => path,
        None => shell::build_bare("programs", "empty")?,
    };
    let mut programs = vec![minimal, Program::new("empty", empty)];
    programs.extend(others::build(&folder));
    for program in &mut programs[1..] {
        program.path = copy(&folder, program)?;
    }
    let empty = programs[1].path.clone();

    println!("{rounds} rounds of {runs} executions each, in turns; µs from exec to exit");
    let times = timing::measure(&programs, runs, rounds)?;
    for (program, times) in programs.iter().zip(&times) {
        let peak = trace::calls(&program.path)?.peak_kib;
        println!(
            "{:10} {:8.1} µs   {:5.2} × minimal   peak {peak} KiB",
            program.name, times.median_us, times.ratio
        );
    }
    let ratio = times.get(1).map_or(f64::INFINITY, |times| times.ratio);
    let mut findings = vec![Finding::new(
        "exec to exit",
        ratio <= RATIO_MAX,
        format!("{ratio:.3} × minimal, at most {RATIO_MAX}"),
    )];
    findings.extend(judge(&trace::calls(&empty)?, trace::count_cpuid(&empty)?));
    report::print(&findings)
}

/// Writes a program as `minimal` is written, and as installed programs are: what a linker writes
/// through a mapping lies in the page cache in smaller pieces, which take longer to map.
fn copy(folder: &Path, program: &Program) -> Result<PathBuf> {
    let folder = folder.join("copies");
    fs::create_dir_all(&folder)?;
    let path = folder.join(program.name.replace(' ', "-"));
    let to = || format!("cannot copy {} to {}", program.path.display(), path.display());
    fs::copy(&program.path, &path).with_context(to)?;
    Ok(path)
}

/// Holds what was traced to its bounds.
fn judge(traced: &Traced, cpuid: trace::Steps) -> Vec<Finding> {
    let calls: Vec<String> = traced.calls.iter().map(|call| names::of(*call)).collect();
    let first = calls.first().cloned().unwrap_or_default();
    let Traced { peak_kib, faults, threads, .. } = traced;
    vec![
        Finding::new("exit", traced.status == 0, format!("status {}", traced.status)),
        Finding::new(
            "system calls",
            calls.len() <= CALLS_MAX,
            format!("{}, at most {CALLS_MAX}: {}", calls.len(), calls.join(" ")),
        ),
        Finding::new("first call", first == "arch_prctl", first),
        Finding::new(
            "peak memory",
            *peak_kib > 0 && *peak_kib <= PEAK_MAX_KIB,
            format!("{peak_kib} KiB, at most {PEAK_MAX_KIB}"),
        ),
        Finding::new("page faults", true, format!("{faults}, in {threads} threads")),
        Finding::new(
            "cpuid",
            cpuid.cpuid == 0,
            format!("{} in {} instructions, none allowed", cpuid.cpuid, cpuid.all),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::failing;

    fn traced() -> Traced {
        let calls = vec![libc::SYS_arch_prctl as u64, libc::SYS_exit_group as u64];
        Traced { calls, status: 0, peak_kib: 100, faults: 20, threads: 1 }
    }

    fn failed(change: impl FnOnce(&mut Traced)) -> Vec<&'static str> {
        let mut traced = traced();
        change(&mut traced);
        failing(&judge(&traced, trace::Steps { all: 1000, cpuid: 0 }))
    }

    #[test]
    fn each_figure_has_its_bound() {
        assert!(failed(|_| ()).is_empty());
        assert_eq!(failed(|traced| traced.status = 2), ["exit"]);
        assert_eq!(failed(|traced| traced.calls.extend([0; 29])), ["system calls"]);
        assert_eq!(failed(|traced| traced.calls.reverse()), ["first call"]);
        assert_eq!(failed(|traced| traced.peak_kib = 257), ["peak memory"]);
        assert_eq!(failed(|traced| traced.peak_kib = 0), ["peak memory"]);
        let one = trace::Steps { all: 1000, cpuid: 1 };
        assert_eq!(failing(&judge(&traced(), one)), ["cpuid"]);
    }
}
