//! A million goroutines at once, ten million in turn, and everything mixed for some seconds.

use std::time::Duration;

use tests::outcome::Outcome;
use tests::run::Program;

/// 4.6 KiB.
const BYTES_EACH: u64 = 4710;
/// What is no growth: stacks and Ms that happened not to be in use before, in bytes.
const GROWTH: u64 = 1 << 20;

fn number(outcome: &Outcome, name: &str) -> u64 {
    let value = outcome.value(name).and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("no {name}: {}", outcome.show()))
}

#[test]
fn a_million_at_once() {
    let program = Program::bare("million").args(["alive", "1000000"]);
    let outcome = program.procs(2).limit(Duration::from_secs(240)).run().expect_ok();
    assert_eq!((number(&outcome, "alive"), number(&outcome, "woken")), (1_000_000, 1_000_000));
    let each = number(&outcome, "bytes-each");
    assert!(each <= BYTES_EACH, "{}", outcome.show());
}

#[test]
fn ten_million_in_turn() {
    for procs in [1, 2] {
        let program = Program::bare("million").args(["turn", "10000000"]);
        let outcome = program.procs(procs).limit(Duration::from_secs(240)).run().expect_ok();
        assert_eq!(number(&outcome, "turns"), 10_000_000);
        assert!(number(&outcome, "growth") <= GROWTH, "{}", outcome.show());
    }
}

#[test]
fn everything_mixed() {
    for (procs, seed) in [(1, "1"), (2, "2"), (8, "3"), (8, "4")] {
        mixed(Program::bare("stress").args(["3", seed]).procs(procs));
    }
}

#[test]
fn everything_mixed_in_a_std_program() {
    for (procs, seed) in [(1, "1"), (8, "2")] {
        mixed(Program::hosted("stress").args(["3", seed]).procs(procs));
    }
}

fn mixed(program: Program) {
    let outcome = program.limit(Duration::from_secs(60)).run().expect_ok();
    let often = ["JOINED", "YIELDS", "SLEEPS", "READIES", "TIED_EXITS", "RESIZES", "BLOCKS"];
    let seldom = ["HOGS", "RAW_BLOCKS", "SAID_BLOCKS", "DUMPS"];
    let kinds = often.map(|what| (what, 100)).into_iter().chain(seldom.map(|what| (what, 1)));
    for (what, least) in kinds {
        assert!(number(&outcome, what) >= least, "{what}: {}", outcome.show());
    }
}
