//! Std programs on goroutines: what only a process can show.

use std::time::Duration;

use tests::bare::public_copy;
use tests::run::Program;
use tests::setup::Setup;

const SIGABRT: i32 = 6;

#[test]
fn a_stack_overflow_names_the_goroutine_and_its_stack() {
    let outcome = Program::hosted("overflow").arg("goroutine").run();
    assert_eq!(outcome.signal(), Some(SIGABRT), "{}", outcome.show());
    let text = &outcome.stderr;
    assert!(text.contains("goroutine stack exceeds 262144-byte limit\n"), "{text}");
    assert!(text.contains("fatal error: stack overflow\n\ngoroutine "), "{text}");
    let outcome = Program::hosted("overflow").arg("large").run();
    assert_eq!(outcome.signal(), Some(SIGABRT));
    assert!(outcome.stderr.contains("exceeds 2097152-byte limit\n"), "{}", outcome.stderr);
    Program::hosted("overflow").arg("enough").run().expect_ok();
}

#[test]
fn a_fault_that_nobody_handles_names_the_goroutine_and_kills() {
    let outcome = Program::hosted("overflow").arg("fault").run();
    assert_eq!(outcome.signal(), Some(libc::SIGSEGV), "{}", outcome.show());
    let text = "unexpected fault address 0x10\nruntime: goroutine ";
    assert!(outcome.stderr.starts_with(text), "{}", outcome.show());
}

#[test]
fn a_plain_threads_overflow_is_reported_by_std() {
    let outcome = Program::hosted("overflow").arg("thread").run();
    assert_eq!(outcome.signal(), Some(SIGABRT));
    let text = &outcome.stderr;
    assert!(text.contains("thread 'plain'") && text.contains("has overflowed its stack"), "{text}");
}

#[test]
fn a_hundred_thousand_and_a_million_are_parked() {
    for count in ["100000", "1000000"] {
        let program = Program::hosted("parked").arg(count).procs(2);
        let outcome = program.limit(Duration::from_secs(120)).run().expect_ok();
        assert_eq!(outcome.value("woken"), Some(count));
        let bytes: usize = outcome.value("bytes_each").and_then(|b| b.parse().ok()).unwrap();
        assert!(bytes < 5500, "{bytes} bytes for a parked goroutine");
    }
}

#[test]
fn before_the_start_it_says_what_to_call() {
    let outcome = Program::hosted("refused").arg("not-started").run();
    assert_eq!(outcome.code(), Some(101));
    assert!(outcome.stderr.contains("rt is not started: call"), "{}", outcome.stderr);
}

#[test]
fn stacks_that_are_not_to_be_had_are_an_error() {
    let outcome = Program::hosted("refused").arg("stacks").run().expect_ok();
    let wanted = "refused: true\nspawn panics: true\nall joined: true\ngoes on: true\n";
    assert_eq!(outcome.stdout, wanted, "{}", outcome.stderr);
}

#[test]
fn threads_that_are_not_to_be_had_end_the_program_with_gos_text() {
    let few = Setup::Limit(libc::RLIMIT_NPROC, 60);
    let (_folder, refused) = public_copy(&tests::hosted::program("refused"));
    let program = Program::at(refused).arg("threads");
    let outcome = program.setup(Setup::Nobody).setup(few).run();
    assert_eq!(outcome.code(), Some(2), "{}", outcome.show());
    let text = &outcome.stderr;
    assert!(text.contains("runtime: failed to create new OS thread (have "), "{text}");
    assert!(text.contains("fatal error: newosproc\n"), "{text}");
}

/// What a compiler keeps of a thread-local it keeps within one function: a poll is one.
#[test]
fn futures_find_the_thread_locals_of_the_thread_that_they_are_on() {
    for path in [tests::hosted::program("locals"), tests::hosted::program_as_a_whole("locals")] {
        let outcome = Program::at(path).procs(4).run().expect_ok();
        let threads: u32 = outcome.value("threads").and_then(|n| n.parse().ok()).expect("a number");
        assert!(threads >= 2, "{}", outcome.show());
    }
}
