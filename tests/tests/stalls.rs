//! `GODEBUG=stallreport`: who does not leave its thread is told of, once, and goes on.

use tests::dump::{Goroutine, goroutines};
use tests::outcome::Outcome;
use tests::run::Program;

fn both(what: &str) -> impl Iterator<Item = Outcome> + use<'_> {
    let wished = move |program: Program| program.arg(what).env("GODEBUG", "stallreport=100");
    [1, 2, 4].into_iter().flat_map(move |procs| {
        let programs = [Program::bare("stalls"), Program::hosted("stalls")];
        programs.map(|program| wished(program).procs(procs).run().expect_code(0))
    })
}

/// The goroutines that were told of, one by one.
fn told(outcome: &Outcome) -> Vec<Goroutine> {
    let text = outcome.stderr.as_str();
    let reports = text.split("runtime: goroutine ").filter(|report| !report.is_empty());
    let read = |report: &str| {
        let (head, body) = report.split_once('\n').unwrap();
        let (goid, ms) = head.split_once(" has not left its thread for ").unwrap();
        let ms: u32 = ms.strip_suffix(" ms").and_then(|ms| ms.parse().ok()).unwrap();
        assert!(ms >= 100, "{}", outcome.show());
        let mut found = goroutines(body);
        assert_eq!(found.len(), 1, "{}", outcome.show());
        assert_eq!(found[0].goid, goid.parse().unwrap(), "{}", outcome.show());
        assert_eq!(found[0].state, "running", "{}", outcome.show());
        found.remove(0)
    };
    reports.map(read).collect()
}

#[test]
fn who_computes_for_long_is_told_of_once() {
    for outcome in both("computes") {
        let [told] = &told(&outcome)[..] else { panic!("not one: {}", outcome.show()) };
        let named = |name: &&str| name.ends_with("stalls::computes(...)");
        assert!(told.functions().iter().any(named), "{}", outcome.show());
        let origin = told.created_by().unwrap_or_default();
        assert!(origin.contains("run in goroutine "), "{}", outcome.show());
    }
}

#[test]
fn a_second_time_is_told_of_too() {
    for outcome in both("twice") {
        let told = told(&outcome);
        assert_eq!(told.len(), 2, "{}", outcome.show());
        assert_eq!(told[0].goid, told[1].goid, "{}", outcome.show());
    }
}

#[test]
fn so_is_who_is_blocked_in_the_kernel() {
    for outcome in both("blocked") {
        let [told] = &told(&outcome)[..] else { panic!("not one: {}", outcome.show()) };
        let named = |name: &&str| name.ends_with("stalls::is_blocked(...)");
        assert!(told.functions().iter().any(named), "{}", outcome.show());
    }
}

/// Its thread may hold the heap's lock when it is stopped.
#[test]
fn so_is_who_allocates() {
    for outcome in both("allocates") {
        assert_eq!(told(&outcome).len(), 1, "{}", outcome.show());
    }
}

#[test]
fn so_is_who_calls_c() {
    let program = Program::hosted("stalls").arg("c").env("GODEBUG", "stallreport=100");
    let outcome = program.run().expect_code(0);
    assert_eq!(told(&outcome).len(), 1, "{}", outcome.show());
}

#[test]
fn nobody_else_is_told_of() {
    for what in ["comes-and-goes", "yields", "says-so"] {
        for outcome in both(what) {
            assert_eq!(outcome.stderr, "", "{}", outcome.show());
        }
    }
    for program in [Program::bare("stalls"), Program::hosted("stalls")] {
        program.arg("computes").run().expect_ok();
    }
}

#[test]
fn a_std_program_can_ask_for_it() {
    let program = |ms| Program::hosted("stalls").arg("computes").env("STALL_REPORT_MS", ms);
    let outcome = program("100").run().expect_code(0);
    assert_eq!(told(&outcome).len(), 1, "{}", outcome.show());
    program("100000").env("GODEBUG", "stallreport=100").run().expect_ok();
    let outcome = program("0").run().expect_ok();
    assert_eq!(outcome.value("refused:"), Some("stall_report is 0"));
}
