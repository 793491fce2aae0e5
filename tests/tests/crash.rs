//! Programs that end badly end with Go's text and code 2.

use tests::outcome::Outcome;
use tests::run::Program;

const ASLEEP: &str = "fatal error: all goroutines are asleep - deadlock!\n";
const NOBODY: &str = "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n";

/// Runs it with different numbers of Ps.
fn crash(way: &str) -> impl Iterator<Item = Outcome> + use<'_> {
    [1, 2, 8].into_iter().map(move |procs| Program::bare("crash").arg(way).procs(procs).run())
}

#[track_caller]
fn ends_with(way: &str, text: &str) {
    for outcome in crash(way) {
        assert_eq!(outcome.expect_fatal(text).stdout, "");
    }
}

#[test]
fn simple_deadlock() {
    ends_with("simple", ASLEEP);
    ends_with("join", ASLEEP);
}

#[test]
fn init_deadlock() {
    ends_with("init", ASLEEP);
}

#[test]
fn locked_deadlocks() {
    ends_with("locked", ASLEEP);
    ends_with("locked2", ASLEEP);
}

#[test]
fn goexit_deadlocks() {
    ends_with("goexit", NOBODY);
    ends_with("goexit-waits", ASLEEP);
}

#[test]
fn thread_exhaustion() {
    let text = "runtime: program exceeds 10-thread limit\nfatal error: thread exhaustion\n";
    ends_with("threads", text);
    let text = "runtime: program exceeds 5-thread limit\nfatal error: thread exhaustion\n";
    ends_with("limit", text);
}

#[test]
fn stack_overflow() {
    for way in ["overflow", "overflow-main"] {
        for outcome in crash(way) {
            let outcome = outcome.expect_fatal("runtime: goroutine stack exceeds ");
            assert!(outcome.stderr.contains("fatal error: stack overflow\n"), "{}", outcome.show());
            assert!(!outcome.stderr.contains("neighbour"), "{}", outcome.show());
        }
    }
}

#[test]
fn panics_name_the_goroutine_and_the_place() {
    for outcome in crash("panic") {
        let outcome = outcome.expect_fatal("panic: the hard way\n\ngoroutine 1 [running]:\n");
        assert!(outcome.stderr.contains("bin/crash.rs:"), "{}", outcome.show());
    }
    for outcome in crash("panic-go") {
        let outcome = outcome.expect_fatal("panic: elsewhere\n\ngoroutine ");
        assert!(!outcome.stderr.contains("goroutine 1 "), "{}", outcome.show());
    }
}

#[test]
fn the_first_of_many_panics_ends_the_program() {
    for _ in 0..20 {
        for outcome in crash("panic-many") {
            let outcome = outcome.expect_fatal("panic: all together\n\ngoroutine ");
            assert_eq!(outcome.stderr.matches("panic: ").count(), 1, "{}", outcome.show());
        }
    }
}

#[test]
fn main_leaves_whatever_others_do() {
    for outcome in crash("leave-others") {
        let outcome = outcome.expect_ok();
        assert!(outcome.took.as_secs() < 10, "{}", outcome.show());
    }
}

#[test]
fn a_fault_names_the_address() {
    for outcome in crash("fault") {
        let outcome = outcome.expect_fatal("unexpected fault address 0x10\n");
        assert!(outcome.stderr.contains("[signal SIGSEGV"), "{}", outcome.show());
    }
}

#[test]
fn a_ready_without_a_wait_is_refused() {
    for outcome in crash("ready") {
        let text = "runtime: status 2 where Waiting was to become Runnable\n";
        let outcome = outcome.expect_fatal(text);
        assert!(outcome.stderr.ends_with("fatal error: bad g status\n"), "{}", outcome.show());
    }
}
