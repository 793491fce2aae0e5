//! The boot where the kernel denies something: it goes on, or ends with a text that says what.

use std::time::Duration;

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use tests::bare::{self, public_copy};
use tests::outcome::Outcome;
use tests::run::Program;
use tests::seccomp::Filter;
use tests::setup::Setup;

/// `MADV_GUARD_INSTALL`, of Linux 6.13.
const GUARD_INSTALL: u32 = 102;
/// Where a program ends itself that has no thread pointer, as Go's does.
const NO_TLS_ADDRESS: usize = 0xf1;

fn with_one_thread(program: Program) -> Outcome {
    let limit = Setup::Limit(libc::RLIMIT_NPROC, 1);
    program.setup(Setup::Nobody).setup(limit).run()
}

#[test]
fn no_thread_is_needed_or_go_says_so() {
    let (_folder, empty) = public_copy(&bare::program("empty"));
    with_one_thread(Program::at(empty).procs(1)).expect_ok();
    let (_folder, probe) = public_copy(&bare::program("probe"));
    let outcome = with_one_thread(Program::at(probe).arg("threads").procs(4)).expect_code(2);
    let (have, rest) = outcome
        .stderr
        .strip_prefix("runtime: failed to create new OS thread (have ")
        .and_then(|text| text.split_once(' '))
        .unwrap_or_else(|| panic!("{}", outcome.show()));
    assert!(have.parse::<u32>().is_ok_and(|have| have >= 1), "{}", outcome.show());
    let text = "already; errno=11)\n\
                runtime: may need to increase max user processes (ulimit -u)\n\
                fatal error: newosproc\n";
    assert!(rest.starts_with(text), "{}", outcome.show());
}

#[test]
fn little_address_space() {
    // From less than one slab of stacks to plenty.
    let mut booted = 0;
    for shift in 20..33 {
        for program in [Program::bare("empty"), Program::bare("rt-main").args(["tree", "500"])] {
            let limit = Setup::Limit(libc::RLIMIT_AS, 1 << shift);
            let outcome = program.procs(4).setup(limit).run();
            assert_eq!(outcome.signal(), None, "2^{shift} bytes: {}", outcome.show());
            if outcome.code() == Some(0) {
                booted += 1;
                continue;
            }
            let outcome = outcome.expect_code(2);
            let text = &outcome.stderr;
            let named =
                ["memory", "address space", "ENOMEM"].iter().any(|word| text.contains(word));
            assert!(named, "2^{shift} bytes: {}", outcome.show());
        }
    }
    assert!(booted > 10, "only {booted} runs went well");
}

#[test]
fn a_small_stack_limit_is_refused_by_name() {
    let limit = |bytes| Setup::Limit(libc::RLIMIT_STACK, bytes);
    let outcome = Program::bare("empty").setup(limit(64 << 10)).run().expect_code(2);
    assert!(outcome.stderr.contains("RLIMIT_STACK"), "{}", outcome.show());
    Program::bare("empty").setup(limit(256 << 10)).run().expect_ok();
    Program::bare("empty").setup(limit(libc::RLIM_INFINITY)).run().expect_ok();
}

/// All of it works, four Ps and a thousand goroutines.
fn works_without(filter: Filter) {
    for program in [Program::bare("rt-main"), Program::bare("rt-main").args(["tree", "1000"])] {
        program.procs(4).deny(filter.clone()).run().expect_ok();
    }
}

#[test]
fn without_membarrier() {
    works_without(Filter::deny(libc::SYS_membarrier, libc::ENOSYS));
    works_without(Filter::deny(libc::SYS_membarrier, libc::EPERM));
}

#[test]
fn without_guard_pages_by_madvise() {
    let filter = Filter::deny_argument(libc::SYS_madvise, 2, GUARD_INSTALL, libc::EINVAL);
    works_without(filter.clone());
    // The guards are there all the same.
    let overflow = Program::bare("crash").arg("overflow").procs(2).deny(filter);
    let outcome = overflow.run().expect_code(2);
    assert!(outcome.stderr.contains("fatal error: stack overflow\n"), "{}", outcome.show());
}

#[test]
fn without_madvise_at_all() {
    works_without(Filter::deny(libc::SYS_madvise, libc::ENOSYS));
}

#[test]
fn without_affinity() {
    let filter = Filter::deny(libc::SYS_sched_getaffinity, libc::EPERM);
    works_without(filter.clone());
    let outcome = Program::bare("rt-main").deny(filter).run().expect_ok();
    assert_eq!(outcome.value("cpus"), Some("1"), "Go's answer too: {}", outcome.show());
}

#[test]
fn without_what_only_makes_it_better() {
    works_without(Filter::deny(libc::SYS_getrandom, libc::ENOSYS));
    works_without(Filter::deny(libc::SYS_openat, libc::EACCES));
    works_without(Filter::deny(libc::SYS_prctl, libc::EINVAL));
    works_without(Filter::deny(libc::SYS_prlimit64, libc::EPERM));
}

#[test]
fn without_a_thread_pointer_it_ends_at_0xf1() {
    let filter = Filter::deny(libc::SYS_arch_prctl, libc::EPERM);
    let outcome = Program::bare("empty").deny(filter.clone()).run();
    assert_eq!(outcome.signal(), Some(libc::SIGSEGV), "{}", outcome.show());
    // Again, under our eyes, for the address.
    let mut program = Program::bare("empty").deny(filter).setup(Setup::Traced);
    let mut child = program.spawn().expect("it starts");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a PID is small"));
    let stopped = |signal| WaitStatus::Stopped(pid, signal);
    assert_eq!(waitpid(pid, None), Ok(stopped(Signal::SIGTRAP)), "at its exec");
    ptrace::cont(pid, None).expect("it goes on");
    assert_eq!(waitpid(pid, None), Ok(stopped(Signal::SIGSEGV)));
    let info = ptrace::getsiginfo(pid).expect("it has stopped by a signal");
    ptrace::kill(pid).expect("it can be ended");
    child.wait().expect("it has ended");
    assert_eq!(fault_address(&info), NO_TLS_ADDRESS);
}

fn fault_address(info: &libc::siginfo_t) -> usize {
    #![allow(unsafe_code, reason = "the address is in a union")]
    // SAFETY: the signal is SIGSEGV, for which the kernel fills the address.
    (unsafe { info.si_addr() }) as usize
}

#[test]
fn a_limit_of_threads_below_one_for_each_p() {
    // 64 Ps, goroutines for all of them, and 20 threads: the work is done or the end is said.
    let (_folder, path) = public_copy(&bare::program("rt-main"));
    let limit = Setup::Limit(libc::RLIMIT_NPROC, 20);
    let program = Program::at(path).args(["tree", "100000"]).procs(64);
    let limited = program.setup(Setup::Nobody).setup(limit).limit(Duration::from_secs(60));
    let outcome = limited.run();
    match outcome.code() {
        Some(0) => {}
        _ => assert!(outcome.stderr.contains("fatal error: newosproc\n"), "{}", outcome.show()),
    }
}

#[test]
fn too_many_ps_for_the_memory() {
    let limit = Setup::Limit(libc::RLIMIT_AS, 64 << 20);
    let outcome = Program::bare("empty").procs(1_000_000).setup(limit).run().expect_code(2);
    assert!(outcome.stderr.contains("out of memory\n"), "{}", outcome.show());
}

#[test]
fn too_many_mappings_are_named() {
    let path = "/proc/sys/vm/max_map_count";
    let text = std::fs::read_to_string(path).expect("Linux has this figure");
    let most: u64 = text.trim().parse().expect("a number");
    if most > 200_000 {
        eprintln!("skipped: {path} is {most}, too many to fill");
        return;
    }
    // Each guard that is no mark in the page table takes a mapping.
    let filter = Filter::deny_argument(libc::SYS_madvise, 2, GUARD_INSTALL, libc::EINVAL);
    let program = Program::bare("million").args(["alive", &most.to_string()]).deny(filter);
    let outcome = program.limit(Duration::from_secs(120)).run();
    let outcome = outcome.expect_fatal("panic: failed to spawn goroutine: ");
    assert!(outcome.stderr.contains("vm.max_map_count"), "{}", outcome.show());
}
