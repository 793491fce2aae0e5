//! Sockets in whole programs: at each number of Ps, with parts of the kernel denied, at the end.

use tests::run::Program;
use tests::seccomp::Filter;

fn both(what: &str) -> [Program; 2] {
    [Program::bare("sockets").arg(what), Program::hosted("sockets").arg(what)]
}

#[test]
fn they_talk() {
    for procs in [1, 2, 8] {
        for program in both("talk") {
            program.procs(procs).run().expect_ok();
        }
    }
}

#[test]
fn where_goroutines_keep_their_threads() {
    for procs in [1, 2, 4] {
        Program::hosted("sockets").arg("pinned").procs(procs).run().expect_ok();
    }
}

#[test]
fn before_the_start_and_after() {
    for procs in [1, 4] {
        Program::hosted("sockets").arg("before").procs(procs).run().expect_ok();
    }
}

/// Without epoll(7) the thread waits by poll(2), and its P goes to others.
#[test]
fn without_epoll() {
    for errno in [libc::EMFILE, libc::ENOSYS, libc::EPERM] {
        for number in [libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_eventfd2] {
            for program in both("talk") {
                program.procs(2).deny(Filter::deny(number, errno)).run().expect_ok();
            }
        }
    }
}

#[test]
fn without_exact_times() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        for program in both("talk") {
            let filter = Filter::deny(libc::SYS_epoll_pwait2, errno);
            program.procs(2).deny(filter).run().expect_ok();
        }
    }
}

#[test]
fn a_program_ends_though_somebody_waits() {
    for procs in [1, 4] {
        for program in both("leave") {
            let outcome = program.procs(procs).run().expect_ok();
            assert_eq!(outcome.stdout, "done\n");
        }
    }
}

#[test]
fn who_waits_for_a_socket_is_no_deadlock() {
    for procs in [1, 2, 4] {
        for program in both("wait-alone") {
            program.procs(procs).run().expect_ok();
        }
        let outcome = Program::bare("sockets").arg("deadlock").procs(procs).run();
        outcome.expect_fatal("fatal error: all goroutines are asleep - deadlock!\n");
    }
}
