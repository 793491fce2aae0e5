//! Go's scheduler tests, as bare programs; which is which is said in tests/programs.

use tests::run::Program;

/// Each GOMAXPROCS that a test runs with, unless it sets its own.
const PROCS: [u32; 3] = [1, 2, 8];

#[track_caller]
fn all(program: &str, test: &str) {
    for procs in PROCS {
        Program::bare(program).arg(test).procs(procs).run().expect_ok();
    }
}

#[test]
fn goroutines_run_in_parallel() {
    all("progress", "parallel");
}

#[test]
fn a_yielding_goroutine_lets_others_progress() {
    all("progress", "yield");
    all("progress", "yield-locked");
}

#[test]
fn a_tied_goroutine_stays_on_its_thread() {
    all("progress", "stay-locked");
    all("progress", "block-locked");
    all("locked", "nesting");
}

#[test]
fn the_thread_of_a_tied_goroutine_ends_with_it() {
    all("locked", "exit-alt");
}

#[test]
fn the_main_thread_stays_when_its_tied_goroutine_ends() {
    all("locked", "exit-main");
}

#[test]
fn the_thread_is_asked_anew_after_a_switch() {
    for procs in PROCS {
        let outcome = Program::bare("locked").arg("switch").procs(procs).run().expect_ok();
        assert_ne!(outcome.value("moves"), Some("0"));
    }
}

#[test]
fn goroutines_are_counted() {
    all("world", "count");
}

#[test]
fn a_thousand_ps() {
    let outcome = Program::bare("world").arg("big").procs(1024).run().expect_ok();
    assert_eq!(outcome.value("procs"), Some("1024"));
}

#[test]
fn the_world_stops_a_thousand_times() {
    all("world", "resize");
}

#[test]
fn sleeps_take_their_time() {
    all("sleeps", "sleep");
    all("sleeps", "order");
}

#[test]
fn sleeps_of_no_time_and_of_many() {
    all("sleeps", "zero");
    all("sleeps", "many");
}

#[test]
fn the_memory_functions_do_as_loops_do() {
    let outcome = Program::bare("memfns").run().expect_ok();
    assert_eq!(outcome.stdout, "sizes 0..=600\n");
}

#[test]
fn shared_bodies() {
    Program::bare("bodies").limit(std::time::Duration::from_secs(120)).run().expect_ok();
}
