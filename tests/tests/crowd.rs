//! Many goroutines at once that keep their threads. The numbers are for who reads them.

use std::time::Duration;

use tests::run::Program;

fn both(test: &str) {
    for program in [Program::bare("crowd"), Program::hosted("crowd")] {
        let outcome = program.arg(test).limit(Duration::from_secs(240)).run().expect_ok();
        println!("{}\n{}", outcome.command, outcome.stdout);
    }
}

#[test]
fn a_thousand_compute() {
    both("hogs");
}

#[test]
fn a_hundred_are_blocked() {
    both("naps");
}
