//! The boot under everything a process may be started with.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use tests::run::Program;
use tests::setup::Setup;

fn ps(program: Program) -> String {
    let outcome = program.run().expect_ok();
    let line = outcome.value("Ps").unwrap_or_else(|| panic!("{}", outcome.show()));
    line.split(' ').next().unwrap_or("").to_owned()
}

/// The Ps when nobody says how many: those that we may use, or fewer by a quota.
fn cpus() -> String {
    let procs = ps(Program::bare("rt-main"));
    let all = sched_getaffinity(Pid::this()).expect("it can be asked");
    let most = (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).is_ok_and(|is| is)).count();
    // It rounds a quota down, we round up.
    let least = std::thread::available_parallelism().expect("there are CPUs").get();
    assert!((least..=most).contains(&procs.parse().expect("a number")), "{procs}");
    procs
}

#[test]
fn gomaxprocs_is_read_as_go_reads_it() {
    let cpus = cpus();
    let cases = [
        ("1", "1"),
        ("2", "2"),
        ("3", "3"),
        ("64", "64"),
        ("1024", "1024"),
        ("+4", "4"),
        ("0", &cpus),
        ("-1", &cpus),
        ("abc", &cpus),
        ("4x", &cpus),
        ("99999999999", &cpus),
        ("", &cpus),
    ];
    for (value, procs) in cases {
        assert_eq!(ps(Program::bare("rt-main").env("GOMAXPROCS", value)), procs, "{value:?}");
    }
}

#[test]
fn every_self_check_passes() {
    let outcome = Program::bare("rt-main").arg("boot").run().expect_ok();
    let checks = outcome.stdout.lines().skip_while(|line| *line != "checks").skip(1);
    let (passed, failed): (Vec<_>, Vec<_>) =
        checks.partition(|line| line.trim_start().starts_with("ok "));
    assert!(passed.len() >= 6 && failed.is_empty(), "{}", outcome.show());
}

#[test]
fn the_smallest_program_ends_well() {
    for procs in [1, 2, 3, 64, 1024] {
        let outcome = Program::bare("empty").procs(procs).run().expect_ok();
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn no_argument_at_all() {
    let outcome = Program::bare("rt-main").no_arguments().run().expect_ok();
    let arguments = outcome.value("arguments").unwrap_or("");
    // Linux gives such a program an empty name since 5.18.
    let right = ["0, environment 0", "1, environment 0"].contains(&arguments);
    assert!(right, "{}", outcome.show());
}

#[test]
fn an_empty_environment() {
    let outcome = Program::bare("rt-main").no_env().run().expect_ok();
    assert_eq!(outcome.value("arguments"), Some("1, environment 0"));
}

#[test]
fn a_hundred_thousand_arguments() {
    // Files that are not there, each named on standard error, in order.
    let names = (0..100_000).map(|i| format!("/{i}"));
    let outcome = Program::bare("rt-main").args(["wc", "-c"]).args(names).run().expect_code(1);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 100_000, "{:.2000}", outcome.stderr);
    for (i, line) in lines.iter().enumerate() {
        assert_eq!(*line, format!("wc: /{i}: No such file or directory"));
    }
    assert_eq!(outcome.stdout, "0 total\n");
}

#[test]
fn closed_descriptors_become_the_null_device() {
    let outcome = Program::bare("probe").arg("fds").setup(Setup::CloseStandard).run();
    outcome.expect_code(0);
    Program::bare("rt-main").setup(Setup::CloseStandard).run().expect_code(0);
}

#[test]
fn one_allowed_cpu() {
    let outcome = Program::bare("rt-main").setup(Setup::OneCpu).run().expect_ok();
    assert_eq!(outcome.value("cpus"), Some("1"), "{}", outcome.show());
    assert!(outcome.value("Ps").is_some_and(|ps| ps.starts_with("1 ")), "{}", outcome.show());
    // More Ps than CPUs still work.
    let parallel = Program::bare("probe").arg("threads").setup(Setup::OneCpu);
    parallel.procs(4).run().expect_ok();
}

#[test]
fn as_the_first_process() {
    let outcome = match Program::bare("probe").arg("pid").setup(Setup::Pid1).try_run() {
        Ok(outcome) => outcome.expect_ok(),
        Err(error) => {
            // Without the right to, nothing can be tried.
            assert!(matches!(error.raw_os_error(), Some(libc::EPERM | libc::EINVAL)), "{error}");
            eprintln!("skipped: no PID namespace: {error}");
            return;
        }
    };
    assert_eq!(outcome.value("pid"), Some("1"), "{}", outcome.show());
    let tree = Program::bare("rt-main").args(["tree", "1000"]).setup(Setup::Pid1);
    tree.procs(4).run().expect_ok();
}

/// A host owns the thread's storage, in the place of Go's `_cgo_init`; the program checks itself.
#[test]
fn a_host_may_bring_the_threads_storage() {
    for procs in [1, 2, 8] {
        let outcome = Program::bare("host_init").procs(procs).run().expect_ok();
        assert_eq!(outcome.stdout, "g0 32768 bytes, slot used true, child Ok(7)\n");
    }
}
