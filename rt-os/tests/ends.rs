//! How a program ends, and what it does about closed descriptors: seen from outside, by running
//! this test again as a child that plays a part.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use rt_os::errno::Errno;
use rt_os::sys::{file, thread};
use rt_os::throw::{Blame, Ending, Failure, fatal, set_on_throw, throw, throw_with};

const PART: &str = "RT_OS_TEST_PART";

/// Runs `test` of this file alone in a child, where [`playing`] is true for `part`.
fn play(test: &str, part: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    Command::new(program).args(["--exact", test, "--nocapture"]).env(PART, part).output().unwrap()
}

fn playing(part: &str) -> bool {
    std::env::var(PART).is_ok_and(|value| value == part)
}

#[track_caller]
fn assert_ends(output: &Output, code: i32, stderr: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn throw_tells_why_and_exits_2() {
    if playing("throw") {
        throw("bad thing");
    }
    if playing("lines") {
        throw_with(format_args!("runtime: one\nruntime: {}\n", 2), "bad thing");
    }
    if playing("fatal") {
        fatal("your fault");
    }
    let test = "throw_tells_why_and_exits_2";
    assert_ends(&play(test, "throw"), 2, "fatal error: bad thing\n");
    let lines = "runtime: one\nruntime: 2\nfatal error: bad thing\n";
    assert_ends(&play(test, "lines"), 2, lines);
    assert_ends(&play(test, "fatal"), 2, "fatal error: your fault\n");
}

#[test]
fn the_first_hook_runs_after_the_text() {
    if playing("hook") {
        assert!(set_on_throw(tells));
        assert!(!set_on_throw(|_| throw("never")));
        throw("bad thing");
    }
    if playing("fatal") {
        set_on_throw(tells);
        fatal("your fault");
    }
    let test = "the_first_hook_runs_after_the_text";
    assert_ends(&play(test, "hook"), 2, "fatal error: bad thing\nblame: Runtime\n");
    assert_ends(&play(test, "fatal"), 2, "fatal error: your fault\nblame: Program\n");
}

fn tells(failure: &Failure<'_>) -> Ending {
    rt_os::eprintln!("blame: {:?}", failure.blame);
    assert!(failure.blame != Blame::Panic && failure.registers.is_none());
    Ending::Exit
}

#[test]
fn a_hook_may_ask_for_an_abort() {
    if playing("abort") {
        let _before = rt_os::sys::signal::block_all();
        set_on_throw(|_| Ending::Abort);
        throw("bad thing");
    }
    let output = play("a_hook_may_ask_for_an_abort", "abort");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "fatal error: bad thing\n");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
}

/// Fails while it is being printed.
struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        throw_with(format_args!("{Fails}"), "never told")
    }
}

#[test]
fn failing_while_failing_ends_too() {
    if playing("hook") {
        set_on_throw(|_| throw("in the hook"));
        throw("bad thing");
    }
    if playing("text") {
        throw_with(format_args!("{Fails}"), "never told");
    }
    let test = "failing_while_failing_ends_too";
    let told = "fatal error: bad thing\nfatal error: in the hook\npanic during panic\n";
    assert_ends(&play(test, "hook"), 4, told);
    assert_ends(&play(test, "text"), 5, "");
}

#[test]
fn of_many_threads_one_tells() {
    if playing("many") {
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    throw("bad thing")
                });
            }
        });
    }
    for _ in 0..20 {
        let output = play("of_many_threads_one_tells", "many");
        assert_ends(&output, 2, "fatal error: bad thing\n");
    }
}

#[test]
fn closed_descriptors_are_opened() {
    for (part, closed) in [("all", &[0, 1, 2][..]), ("one", &[1]), ("ends", &[0, 2])] {
        if playing(part) {
            closed.iter().for_each(|&fd| file::close(fd));
            file::check_fds();
            let open = (0..3).all(|fd| file::getfd(fd) == Ok(0));
            let next = file::open(c"/dev/null", file::READ_ONLY);
            let mut byte = [0];
            let empty = !closed.contains(&0) || file::read(0, &mut byte) == Ok(0);
            let takes = file::write(1, b"").is_ok() && file::write(2, b"").is_ok();
            let well = open && next.is_ok_and(|fd| fd > 2) && empty && takes;
            thread::exit_process(if well { 17 } else { 1 });
        }
        let output = play("closed_descriptors_are_opened", part);
        assert_eq!(output.status.code(), Some(17), "{part}");
    }
}

#[test]
fn descriptors_that_cannot_be_opened_end_the_program() {
    if playing("limit") {
        file::close(0);
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: reads the struct.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &none) }, 0);
        file::check_fds();
        thread::exit_process(1);
    }
    let output = play("descriptors_that_cannot_be_opened_end_the_program", "limit");
    let lines = "runtime: cannot open standard file descriptor 0: EMFILE\n";
    assert_ends(&output, 2, &format!("{lines}fatal error: cannot open standard fds\n"));
}

#[test]
fn a_written_line_reaches_its_descriptor() {
    if playing("print") {
        rt_os::print!("o{}", 1);
        rt_os::println!("!");
        rt_os::eprint!("e{}", 2);
        rt_os::eprintln!();
        thread::exit_process(0);
    }
    let output = play("a_written_line_reaches_its_descriptor", "print");
    assert_ends(&output, 0, "e2\n");
    assert!(output.stdout.ends_with(b"o1!\n"), "{:?}", output.stdout);
    assert_eq!(file::write_all(-1, b"lost"), Err(Errno::EBADF));
}
