//! Programs that end badly end with Go's text and code 2.

use nix::sys::statvfs::FsFlags;
use tests::outcome::Outcome;
use tests::run::Program;
use tests::setup::Setup;

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

/// Somebody waits for a deadline that is stopped, by who is the last to run.
#[test]
fn deadlocks_behind_a_stopped_timer() {
    for way in ["timer", "timer-tied", "timer-tied-goexit", "timer-tied-ends", "timer-detached"] {
        ends_with(way, ASLEEP);
    }
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

/// Go: `TestPanicWhilePanicking`, `TestDoublePanic`: both are told, and that is the end.
#[test]
fn a_panic_while_panicking_is_the_end() {
    for outcome in crash("panic-while-panicking") {
        let outcome = outcome.expect_code(4);
        let told = "panic: while it is told\npanic during panic\n";
        assert!(outcome.stderr.starts_with(told), "{}", outcome.show());
    }
}

/// Go: `TestPanicLoop`.
#[test]
fn panics_in_panics_end() {
    for outcome in crash("panic-loop") {
        outcome.expect_code(5);
    }
}

/// Go: `TestPanicDeadlockGosched`, `TestPanicDeadlockSyscall`.
#[test]
fn a_panic_may_yield_and_block_while_it_is_told() {
    for way in ["panic-yields", "panic-blocks"] {
        ends_with(way, "panic: told after all\n\ngoroutine 1 [running]:\n");
    }
}

/// Go: `TestPanicRace`.
#[test]
fn main_does_not_return_past_a_panic() {
    for outcome in crash("panic-race") {
        let outcome = outcome.expect_fatal("panic: told after all\n\ngoroutine ");
        assert!(outcome.stderr.contains("created by crash::panic_race "), "{}", outcome.show());
    }
}

/// Go: `TestAbort`, `TestBreakpoint`. Who handles SIGTRAP, if anyone, is not this test's.
#[test]
fn nothing_runs_behind_an_abort() {
    for outcome in crash("abort") {
        let ended = (outcome.code(), outcome.signal());
        let right = [(Some(2), None), (None, Some(libc::SIGTRAP))].contains(&ended);
        assert!(right, "{}", outcome.show());
    }
}

/// Go: `TestSUID`: who has borrowed rights does not show its stacks to whom it borrowed them for.
#[test]
fn a_program_with_borrowed_rights_shows_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = tests::bare::public_copy(&tests::bare::program("crash"));
    let is_nosuid = nix::sys::statvfs::statvfs(&path).unwrap().flags().contains(FsFlags::ST_NOSUID);
    if is_nosuid || !nix::unistd::geteuid().is_root() {
        return eprintln!("skipped: rights cannot be lent here");
    }
    let run = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let program = Program::at(&path).arg("panic").env("GOTRACEBACK", "all");
        program.setup(Setup::Nobody).run().expect_fatal("panic: the hard way\n")
    };
    let plain = run(0o755);
    assert!(plain.stderr.contains("goroutine 1 "), "{}", plain.show());
    let lent = run(0o4755);
    assert_eq!(lent.stderr, "panic: the hard way\n");
}

#[test]
fn main_leaves_whatever_others_do() {
    for outcome in crash("leave-others") {
        let outcome = outcome.expect_ok();
        assert!(outcome.took.as_secs() < 10, "{}", outcome.show());
    }
}

#[test]
fn a_fault_names_the_address_the_goroutine_and_its_stack() {
    for outcome in crash("fault") {
        let text = "unexpected fault address 0x10\nruntime: goroutine 1 sp=0x";
        let outcome = outcome.expect_fatal(text);
        let bounds = outcome.stderr.lines().nth(1).and_then(|line| line.split_once(" stack=[0x"));
        let (lo, hi) = bounds.and_then(|(_, bounds)| bounds.split_once(", 0x")).expect(text);
        let [lo, hi] = [lo, hi.trim_end_matches(']')].map(|n| u64::from_str_radix(n, 16).unwrap());
        assert!(lo < hi && hi - lo < 256 << 10, "{}", outcome.show());
        let text =
            "\nfatal error: fault\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x10";
        assert!(outcome.stderr.contains(text), "{}", outcome.show());
    }
}

#[test]
fn a_floating_point_exception_is_a_panic() {
    for outcome in crash("fpe") {
        let text = "panic: runtime error: floating point error\n[signal SIGFPE: ";
        outcome.expect_fatal(text);
    }
}

#[test]
fn a_ready_without_a_wait_is_refused() {
    for outcome in crash("ready") {
        let text = "runtime: status 2 where Waiting was to become Runnable\n";
        let outcome = outcome.expect_fatal(text);
        let text = "fatal error: bad g status\n\ngoroutine 1 gp=0x";
        assert!(outcome.stderr.contains(text), "{}", outcome.show());
    }
}
