//! Signals: as messages, in bare and hosted programs, and what is done with the others. Which of
//! Go's tests a way follows is said in tests/bodies/signals.rs.

use tests::dump::goroutines;
use tests::outcome::Outcome;
use tests::run::Program;
use tests::setup::Setup;

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;
const SIGABRT: i32 = 6;
const SIGUSR1: i32 = 10;
const SIGSEGV: i32 = 11;
const SIGPIPE: i32 = 13;
const SIGTERM: i32 = 15;

fn bare(way: &str) -> Program {
    defaults(Program::bare("signals")).arg(way)
}

fn hosted(way: &str) -> Program {
    defaults(Program::hosted("signals")).arg(way)
}

/// Whoever runs the tests may ignore some, and programs inherit that.
fn defaults(program: Program) -> Program {
    [SIGHUP, SIGINT, SIGQUIT].into_iter().fold(program, |p, signal| p.setup(Setup::Default(signal)))
}

/// Both worlds, at several numbers of Ps.
fn both(way: &str) -> impl Iterator<Item = Program> + use<'_> {
    [1, 4].into_iter().flat_map(move |procs| [bare(way).procs(procs), hosted(way).procs(procs)])
}

#[track_caller]
fn all(way: &str) {
    for program in both(way) {
        program.run().expect_ok();
    }
}

#[track_caller]
fn dies_by(outcome: &Outcome, signal: i32) {
    assert_eq!(outcome.signal(), Some(signal), "{}", outcome.show());
}

#[test]
fn they_come_as_messages() {
    all("heard");
    all("full");
    all("continues");
}

#[test]
fn they_come_in_crowds() {
    all("stress");
    all("crowd");
}

#[test]
fn they_are_given_up() {
    all("resets");
    all("stops");
}

#[test]
fn they_are_ignored() {
    all("ignores");
    all("is-ignored");
    all("ignores-trap");
}

#[test]
fn they_disturb_neither_clocks_nor_sleeps() {
    all("clock");
    all("sleep");
}

#[test]
fn a_hangup_ends_a_program_that_does_not_ask() {
    for program in both("hup-before").chain(both("hup-after")) {
        dies_by(&program.run(), SIGHUP);
    }
    all("hup-is-not-ignored");
}

#[test]
fn under_nohup_it_does_not() {
    for way in ["hup-before", "hup-after", "hup-is-ignored"] {
        for program in both(way) {
            program.setup(Setup::Ignore(SIGHUP)).run().expect_ok();
        }
    }
    for program in both("waits") {
        let sleeps = program.setup(Setup::Ignore(SIGINT)).signal_after("waits", SIGTERM);
        sleeps.run().expect_ok();
    }
}

#[test]
fn none_is_lost_beside_a_stop() {
    for _ in 0..10 {
        for program in both("stops-at-once") {
            let outcome = program.run();
            let is_told = outcome.code() == Some(0);
            assert!(is_told || outcome.signal() == Some(SIGINT), "{}", outcome.show());
        }
    }
}

#[test]
fn who_waits_for_them_is_not_deadlocked() {
    for program in both("waits") {
        program.signal_after("waits", SIGTERM).run().expect_ok();
    }
}

#[test]
fn they_come_to_a_program_that_was_started_with_them_blocked() {
    for program in both("full") {
        program.setup(Setup::Block(SIGUSR1)).run().expect_ok();
    }
}

#[test]
fn death_by_a_signal_is_seen() {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        for program in both("sleeps") {
            dies_by(&program.signal_after("waits", signal).run(), signal);
        }
        dies_by(&bare("sends").arg(signal.to_string()).run(), signal);
    }
}

/// What is shown: the signal, where it came, all goroutines, the registers.
#[track_caller]
fn reports(outcome: Outcome, name: &str) {
    let outcome = outcome.expect_code(2);
    let text = &outcome.stderr;
    let rest = text.strip_prefix(name).and_then(|rest| rest.strip_prefix("\nPC=0x"));
    let (place, rest) = rest.and_then(|rest| rest.split_once('\n')).expect(text);
    assert!(place.contains(" m=") && place.contains(" sigcode="), "{place}");
    assert!(rest.starts_with("\ngoroutine ") || rest.starts_with("\nruntime stack:"), "{text}");
    let is_one_of_ours = |state: &str| state == "running" || state.starts_with("sleep");
    assert!(goroutines(text).iter().any(|g| g.goid == 1 || is_one_of_ours(&g.state)), "{text}");
    assert!(text.contains("\n\nrax    0x") && text.contains("\nrflags 0x"), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("gs     0x")), "{text}");
}

#[test]
fn quit_shows_all_goroutines() {
    for procs in [1, 4] {
        let outcome = bare("sleeps").procs(procs).signal_after("waits", SIGQUIT).run();
        reports(outcome, "SIGQUIT: quit");
        let outcome = hosted("dumps").procs(procs).signal_after("waits", SIGQUIT).run();
        reports(outcome, "SIGQUIT: quit");
    }
    // A std program that has not asked for it dies as others do.
    dies_by(&hosted("sleeps").signal_after("waits", SIGQUIT).run(), SIGQUIT);
}

#[test]
fn quit_aborts_when_a_crash_is_wished() {
    for program in [bare("sleeps"), hosted("dumps")] {
        let outcome = program.env("GOTRACEBACK", "crash").signal_after("waits", SIGQUIT).run();
        dies_by(&outcome, SIGABRT);
        assert!(outcome.stderr.starts_with("SIGQUIT: quit\nPC=0x"), "{}", outcome.show());
    }
}

#[test]
fn quit_is_told_of_first() {
    reports(bare("quit-asked").run(), "SIGQUIT: quit");
    reports(hosted("dumps-asked").run(), "SIGQUIT: quit");
    reports(hosted("asked-dumps").run(), "SIGQUIT: quit");
    dies_by(&hosted("quit-asked").run(), SIGQUIT);
}

#[test]
fn what_others_send_of_a_programs_own_faults_is_reported() {
    for (number, name) in [
        (4, "SIGILL: illegal instruction"),
        (5, "SIGTRAP: trace trap"),
        (SIGABRT, "SIGABRT: abort"),
        (7, "SIGBUS: bus error"),
        (8, "SIGFPE: floating-point exception"),
        (SIGSEGV, "SIGSEGV: segmentation violation"),
        (16, "SIGSTKFLT: stack fault"),
        (31, "SIGSYS: bad system call"),
    ] {
        reports(bare("sends").arg(number.to_string()).run(), name);
    }
}

#[test]
fn a_broken_pipe_ends_who_writes_to_standard_streams() {
    for fd in [1, 2] {
        let broken = |way| bare(way).arg(fd.to_string()).setup(Setup::BrokenPipe(fd));
        dies_by(&broken("writes").run(), SIGPIPE);
        for way in ["writes-asked", "writes-ignored"] {
            broken(way).run().expect_code(0);
        }
    }
    let outcome = bare("writes").arg("3").setup(Setup::BrokenPipe(3)).run().expect_code(0);
    assert_eq!(outcome.stderr, "EPIPE\n");
}

#[test]
fn handlers_from_before_are_called_before_and_after() {
    hosted("chained").run().expect_ok();
}

#[test]
fn children_do_what_they_do() {
    hosted("children").run().expect_ok();
}
