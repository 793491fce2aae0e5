//! `cargo xtask bench`: the same workloads on this runtime and on others, in turns.

mod document;
mod peers;
mod program;
mod quiet;
mod results;
mod stats;
mod table;
mod workloads;

pub(crate) use stats::median;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use regex_lite::Regex;

use peers::{Peer, Programs};
use quiet::Quiet;
use results::Results;
use workloads::Workload;

/// No run takes longer; one that does has failed.
const LIMIT: Duration = Duration::from_secs(20);

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Workloads whose `NAME.wWORKERS` this regular expression finds, e.g. `^(mutex|sieve).*w2`
    #[arg(long, default_value = "", value_name = "REGEX")]
    workload: String,
    /// Peers whose whole name this regular expression is, e.g. `rt|go`
    #[arg(long, default_value = ".*", value_name = "REGEX")]
    peer: String,
    /// Runs of each peer, after one that does not count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Build the programs and stop
    #[arg(long)]
    build: bool,
    /// Also write the tables into this file, between its marker lines
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Builds the programs, runs them, prints the tables.
///
/// # Errors
/// When a regular expression is none, a build fails, or nothing is left to run.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = Regex::new(&options.workload).context("--workload")?;
    let who = Regex::new(&format!("^(?:{})$", options.peer)).context("--peer")?;
    let programs = Programs::build()?;
    if options.build {
        return Ok(());
    }
    let mut present = Vec::new();
    for peer in peers::ALL.iter().filter(|peer| who.is_match(peer.name)) {
        match programs.path(peer) {
            Some(path) => present.push((peer, path)),
            None => println!("{}: has no program, left out", peer.name),
        }
    }
    let chosen = workloads::all().into_iter().filter(|workload| wanted.is_match(&workload.id()));
    let chosen: Vec<Workload> = chosen.collect();
    if chosen.is_empty() || present.is_empty() {
        bail!("nothing to run");
    }
    let start = Instant::now();
    let (results, quiet) = measure(&chosen, &present, &programs.client(), options.runs)?;
    let remark = quiet.remark();
    let names: Vec<&str> = present.iter().map(|(peer, _)| peer.name).collect();
    let tables = table::tables(&results, &names, peers::OURS);
    println!("{tables}");
    if let Some(remark) = &remark {
        println!("{remark}: trust the ratios at most");
    }
    println!("{:.0} s", start.elapsed().as_secs_f64());
    if let Some(path) = &options.markdown {
        let about = about(options.runs, &programs.versions, remark.as_deref());
        document::update(path, &format!("{about}\n\n{tables}"))?;
    }
    Ok(())
}

/// Runs each workload on all peers in turn: once to warm up, then `runs` times.
fn measure(
    workloads: &[Workload],
    programs: &[(&'static Peer, PathBuf)],
    client: &Path,
    runs: u32,
) -> Result<(Results, Quiet)> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}")?;
    let bar = ProgressBar::new(workloads.len() as u64).with_style(style);
    let mut results = Results::default();
    let mut quiet = Quiet::default();
    for workload in workloads {
        let mut turns: Vec<(&Peer, Command)> = Vec::new();
        for (peer, path) in programs {
            if let Some(words) = workload.arguments(peer.name) {
                turns.push((peer, command(workload, words, peer, path, client)));
            }
        }
        for round in 0..=runs {
            quiet.wait();
            turns = one_round(workload, turns, round > 0, &mut results, &bar)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((results, quiet))
}

/// What is run: the peer's program, or the client, which starts it.
fn command(
    workload: &Workload,
    words: Vec<String>,
    peer: &Peer,
    program: &Path,
    client: &Path,
) -> Command {
    let mut command = Command::new(if workload.is_served { client } else { program });
    command.args(words).args(peer.words);
    if workload.is_served {
        command.arg(program);
    }
    command
}

/// One turn of each. Returns those that go on.
fn one_round(
    workload: &Workload,
    turns: Vec<(&'static Peer, Command)>,
    counts: bool,
    results: &mut Results,
    bar: &ProgressBar,
) -> Result<Vec<(&'static Peer, Command)>> {
    let mut going_on = Vec::new();
    for (peer, mut command) in turns {
        bar.set_message(format!("{} on {}", workload.id(), peer.name));
        touch(workload.fresh_mib);
        let outcome = program::run(&mut command, LIMIT)?;
        let figures = matches!(outcome, program::Outcome::Figures(_));
        // The first round is for the machine; but who fails in it has failed.
        let goes_on =
            figures && !counts || results.add(workload.name, workload.workers, peer.name, outcome);
        if goes_on {
            going_on.push((peer, command));
        }
    }
    Ok(going_on)
}

/// Touches so much memory, and gives it back: pages that the machine has at hand for the next one.
fn touch(mib: usize) {
    const PAGE: usize = 4096;
    let mut memory = vec![0u8; mib << 20];
    for page in memory.chunks_mut(PAGE) {
        page[0] = 1;
    }
    drop(black_box(memory));
}

/// What was measured, and where.
fn about(runs: u32, versions: &[String], remark: Option<&str>) -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.trim().split(['.', '-']);
    let kernel = match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => format!("Linux {major}.{minor}"),
        _ => "Linux".to_owned(),
    };
    let versions = versions.join(", ");
    let remark = remark.map(|remark| format!(" {remark}.")).unwrap_or_default();
    format!("Medians of {runs} runs in turns, {cpus} CPUs, {kernel}; {versions}.{remark}")
}
