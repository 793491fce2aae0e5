//! The harness itself: what it promises about limits, filters and programs that hang.

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use tests::run::Program;
use tests::seccomp::Filter;
use tests::setup::Setup;

/// `MADV_GUARD_INSTALL`, and an advice that every kernel knows.
const GUARD_INSTALL: u32 = 102;
const DONT_NEED: u32 = 4;

#[test]
fn what_hangs_is_killed_and_fails() {
    let start = Instant::now();
    let hang = || Program::bare("probe").arg("hang").limit(Duration::from_millis(300)).run();
    let message = catch_unwind(hang).expect_err("it hangs");
    let message = message.downcast_ref::<String>().expect("a text");
    assert!(message.contains("killed after 300ms"), "{message}");
    assert!(message.contains("before the hang\n"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(300));
}

#[test]
fn input_output_and_ends_come_through() {
    let shell = |script: &str| Program::at("/bin/sh").args(["-c", script]);
    let outcome = shell("cat; echo two >&2; exit 7").stdin("one\n").run().expect_code(7);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("one\n", "two\n"));
    let outcome = shell("kill -9 $$").run();
    assert_eq!((outcome.code(), outcome.signal()), (None, Some(libc::SIGKILL)));
    let outcome = shell("echo ' a b  c'; echo abc d; echo \"x $GOMAXPROCS\"").procs(5).run();
    assert_eq!((outcome.value("a"), outcome.value("abc")), (Some("b  c"), Some("d")));
    assert_eq!((outcome.value("x"), outcome.value("ab")), (Some("5"), None));
    let error = Program::at("/no/such/program").try_run().expect_err("there is none");
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
}

#[test]
fn limits_hold() {
    let limit = Setup::Limit(libc::RLIMIT_NOFILE, 77);
    let shell = Program::at("/bin/sh").args(["-c", "ulimit -n; ulimit -Hn"]);
    assert_eq!(shell.setup(limit).run().expect_ok().stdout, "77\n77\n");
}

#[test]
fn filters_deny_what_they_name_and_nothing_else() {
    let advise = || Program::bare("probe").arg("madvise");
    assert_eq!(advise().run().expect_ok().value("4"), Some("fine"));
    let denied = advise().deny(Filter::deny(libc::SYS_madvise, libc::EPERM)).run().expect_ok();
    assert_eq!((denied.value("4"), denied.value("102")), (Some("EPERM"), Some("EPERM")));
    let argument = |value| Filter::deny_argument(libc::SYS_madvise, 2, value, libc::EINVAL);
    let denied = advise().deny(argument(GUARD_INSTALL)).run().expect_ok();
    assert_eq!((denied.value("4"), denied.value("102")), (Some("fine"), Some("EINVAL")));
    let denied = advise().deny(argument(DONT_NEED)).run().expect_ok();
    assert_eq!(denied.value("4"), Some("EINVAL"));
}
