//! Each thing that the runtime asks of the kernel, denied in turn, in bare and in hosted programs:
//! they do without it, or end with a text that says what is missing. None hangs. What the boot
//! alone asks is in limits.rs.

use std::time::Duration;

use tests::bare::public_copy;
use tests::outcome::Outcome;
use tests::run::Program;
use tests::seccomp::Filter;
use tests::setup::Setup;

/// `MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK`: the slabs of goroutine stacks.
const STACK_FLAGS: u32 = 0x2_4022;
/// `MAP_PRIVATE | MAP_ANONYMOUS`: the heap of bare programs.
const HEAP_FLAGS: u32 = 0x22;

fn bare() -> Program {
    Program::bare("rt-main").args(["tree", "1000"]).procs(4)
}

fn hosted() -> Program {
    Program::hosted("ping_pong").procs(4)
}

fn without(filters: &[Filter], program: Program) -> Outcome {
    filters.iter().fold(program, |program, filter| program.deny(filter.clone())).run()
}

fn both_do_without(number: i64, errno: i32) {
    let filters = [Filter::deny(number, errno)];
    without(&filters, bare()).expect_ok();
    without(&filters, hosted()).expect_ok();
}

/// A hosted program that cannot start says so in a panic of its main thread.
fn hosted_cannot_start(filters: &[Filter], why: &str) {
    let outcome = without(filters, hosted()).expect_code(101);
    let text = format!("rt: cannot start: {why}");
    assert!(outcome.stderr.contains(&text), "{}", outcome.show());
}

/// Nothing blocks the others without it either: beside loops and beside system calls.
fn both_make_progress_without(filter: Filter) {
    for words in ["beside loops", "beside system calls"] {
        for program in [Program::bare("bodies"), Program::hosted("bodies")] {
            let limited = program.arg(words).limit(Duration::from_secs(60));
            limited.deny(filter.clone()).run().expect_ok();
        }
    }
}

#[test]
fn membarrier() {
    both_do_without(libc::SYS_membarrier, libc::EPERM);
    both_do_without(libc::SYS_membarrier, libc::ENOSYS);
    both_make_progress_without(Filter::deny(libc::SYS_membarrier, libc::EPERM));
}

/// What sysmon knows of threads, and what it asks for them.
#[test]
fn knowledge_of_threads() {
    // A thread's clock has a negative number: clock_getcpuclockid(3).
    both_make_progress_without(Filter::deny_negative(libc::SYS_clock_gettime, 0, libc::EINVAL));
    both_make_progress_without(Filter::deny(libc::SYS_sched_setattr, libc::EPERM));
    both_make_progress_without(Filter::deny(libc::SYS_sched_getattr, libc::EPERM));
}

#[test]
fn no_proc() {
    for words in ["beside loops", "beside system calls"] {
        for program in [Program::bare("bodies"), Program::hosted("bodies")] {
            let program = program.arg(words).limit(Duration::from_secs(60));
            match program.setup(Setup::NoProc).try_run() {
                Ok(outcome) => drop(outcome.expect_ok()),
                Err(error) => println!("skipped: no file systems of our own: {error}"),
            }
        }
    }
}

/// Who computes keeps its P then; who blocks may need a thread, or the program ends as Go's.
#[test]
fn further_threads_later() {
    for program in [tests::bare::program("scarce"), tests::hosted::program("scarce")] {
        for procs in [1, 2, 4] {
            let (_folder, path) = public_copy(&program);
            let program = Program::at(path).arg("threads").setup(Setup::Nobody).procs(procs);
            let outcome = program.limit(Duration::from_secs(60)).run();
            if outcome.code() != Some(0) {
                outcome.expect_fatal("runtime: failed to create new OS thread (have ");
            }
        }
    }
}

#[test]
fn memory_later() {
    for program in [Program::bare("scarce"), Program::hosted("scarce")] {
        let outcome = program.arg("stacks").procs(2).run().expect_ok();
        let refused = outcome.value("refused").and_then(|count| count.parse::<u32>().ok());
        assert!(refused > Some(100), "{}", outcome.show());
    }
}

#[test]
fn timers_and_polling() {
    both_do_without(libc::SYS_timerfd_create, libc::ENOSYS);
    both_do_without(libc::SYS_epoll_pwait2, libc::ENOSYS);
    both_do_without(libc::SYS_epoll_create1, libc::EMFILE);
    both_do_without(libc::SYS_io_uring_setup, libc::EPERM);
}

/// Who waits for a child blocks its thread then.
#[test]
fn waits_for_processes() {
    for errno in [libc::ENOSYS, libc::EPERM, libc::EMFILE] {
        for procs in [1, 2] {
            let filters = [Filter::deny(libc::SYS_pidfd_open, errno)];
            without(&filters, Program::hosted("processes").procs(procs)).expect_ok();
        }
    }
    let filters = [Filter::deny(libc::SYS_epoll_create1, libc::EMFILE)];
    without(&filters, Program::hosted("processes").procs(1)).expect_ok();
}

#[test]
fn what_makes_scheduling_better() {
    both_do_without(libc::SYS_sched_setattr, libc::EPERM);
    both_do_without(libc::SYS_sched_setaffinity, libc::EPERM);
    both_do_without(libc::SYS_sched_yield, libc::ENOSYS);
    both_do_without(libc::SYS_prctl, libc::EINVAL);
    both_do_without(libc::SYS_madvise, libc::EINVAL);
}

#[test]
fn threads() {
    let clone = |number| Filter::deny(number, libc::EAGAIN);
    let filters = [clone(libc::SYS_clone), clone(libc::SYS_clone3)];
    let outcome = without(&filters, bare());
    outcome.expect_fatal("runtime: failed to create new OS thread (have ");
    hosted_cannot_start(&filters, "Resource temporarily unavailable");
}

#[test]
fn signal_stacks() {
    let filter = Filter::deny(libc::SYS_sigaltstack, libc::EPERM);
    for program in [bare(), hosted()] {
        let outcome = without(core::slice::from_ref(&filter), program);
        outcome
            .expect_fatal("runtime: sigaltstack of 32768 bytes: EPERM\nfatal error: sigaltstack\n");
    }
}

#[test]
fn futexes() {
    let filter = Filter::deny(libc::SYS_futex, libc::ENOSYS);
    // One thread sleeps and another wakes it: either may be the first that fails.
    let ends = |outcome: Outcome| {
        let woken = outcome.stderr.starts_with("runtime: futexwakeup");
        let what = if woken { "futexwakeup" } else { "futexsleep" };
        outcome.expect_fatal(&format!("runtime: {what} failed: ENOSYS\nfatal error: {what}\n"));
    };
    ends(without(core::slice::from_ref(&filter), hosted()));
    // Who never had to sleep has not missed it.
    let outcome = without(&[filter], bare());
    if outcome.code() != Some(0) {
        ends(outcome);
    }
}

#[test]
fn memory() {
    let stacks = [Filter::deny_argument(libc::SYS_mmap, 3, STACK_FLAGS, libc::ENOMEM)];
    let text = "no stack for a goroutine: no address space";
    without(&stacks, bare()).expect_fatal(&format!("runtime: {text}"));
    hosted_cannot_start(&stacks, text);
    let heap = [Filter::deny_argument(libc::SYS_mmap, 3, HEAP_FLAGS, libc::ENOMEM)];
    without(&heap, bare()).expect_fatal("fatal error: runtime: out of memory\n");
}

/// A signal every 200 µs, whose handler lets no system call go on: each wait is interrupted.
#[test]
fn system_calls_are_interrupted() {
    for program in [Program::bare("storm"), Program::hosted("storm")] {
        let outcome = program.procs(2).run().expect_ok();
        let value = |name| outcome.value(name).and_then(|text| text.parse::<u32>().ok());
        let done = ["sleeps", "values", "turns"].map(value);
        assert_eq!(done, [Some(100), Some(2000), Some(400)], "{}", outcome.show());
        assert!(value("ticks") > Some(50), "{}", outcome.show());
    }
}
