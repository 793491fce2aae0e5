//! One door for every chore: `cargo xtask COMMAND`.
//!
//! `tidy` holds the tree to the rules of the house, `elf` and `boot-bench` examine the bare
//! program, `bench` compares with other runtimes, `trace` draws what
//! a program did, `loom` and `simulate` run the models, `sanitize`
//! has others look for races, and `ci` does all that a change must pass.

mod bench;
mod boot_bench;
mod ci;
mod elf;
mod entry_bench;
mod loom;
mod report;
mod sanitize;
mod shell;
mod tidy;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the workspace.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the tree: layers, sizes, homes of asm and unsafe, maps, seed places, words, dead files
    Tidy,
    /// Check that the bare program is a static ELF that owes nothing to libc
    Elf {
        /// The file to check; without it rt-main is built and checked
        path: Option<PathBuf>,
    },
    /// Measure the boot of an empty bare program beside a minimal static one
    BootBench {
        /// Executions per program and round
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
        /// Rounds; in each the programs take turns
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
        /// The program to measure; without it the package `programs` is built and `empty` measured
        path: Option<PathBuf>,
    },
    /// Measure workloads on this runtime and on others, in turns
    Bench(bench::Options),
    /// Measure what an entry into the runtime costs for the sake of taking Ps
    EntryBench,
    /// Run the loom models
    Loom,
    /// Run the simulations: larger programs, in orders taken at random
    Simulate {
        /// So many orders of each of the two kinds
        #[arg(default_value_t = loom::ORDERS, value_parser = clap::value_parser!(u32).range(1..))]
        orders: u32,
    },
    /// Run hosted programs under sanitizers and valgrind, where the machine has them
    Sanitize,
    /// Draw an execution trace: a timeline of Ps, Ms and goroutines, as one HTML file
    Trace {
        /// What `Trace::write_perfetto` has written
        file: PathBuf,
        /// The page; without it, beside the file
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Do all that a change must pass
    Ci {
        /// Do the later steps even when one fails
        #[arg(long)]
        keep_going: bool,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Tidy => tidy::run(&shell::root()),
        Command::Elf { path } => elf::run(path),
        Command::BootBench { runs, rounds, path } => boot_bench::run(runs, rounds, path),
        Command::Bench(options) => bench::run(&options),
        Command::EntryBench => entry_bench::run(),
        Command::Loom => loom::run(),
        Command::Simulate { orders } => loom::simulate(orders),
        Command::Sanitize => sanitize::run(),
        Command::Trace { file, output } => trace::run(&file, output),
        Command::Ci { keep_going } => ci::run(keep_going),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
