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

/// In bare and in std programs.
#[track_caller]
fn both(test: &str) {
    all("locked", test);
    for procs in PROCS {
        Program::hosted("locked").arg(test).procs(procs).run().expect_ok();
    }
}

#[test]
fn a_p_that_nobody_wants_comes_back() {
    all("progress", "p-comes-back");
}

#[test]
fn few_threads_are_started_for_those_that_compute() {
    all("progress", "few-threads");
    all("progress", "threads-for-all-ps");
}

#[test]
fn ties_nest() {
    both("nesting");
}

#[test]
fn the_thread_of_a_tied_goroutine_ends_with_it() {
    both("exit-alt");
}

#[test]
fn the_first_thread_stays_when_its_tied_goroutine_ends() {
    both("exit-main");
}

#[test]
fn what_a_tied_goroutine_changes_of_its_thread_ends_with_it() {
    both("avoid-state");
}

#[test]
fn the_first_ties_race_with_a_world_that_stops() {
    for _ in 0..30 {
        both("template-race");
    }
}

#[test]
fn the_thread_is_asked_anew_after_a_switch() {
    both("switch");
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
    Program::bare("bodies").limit(std::time::Duration::from_secs(240)).run().expect_ok();
}
