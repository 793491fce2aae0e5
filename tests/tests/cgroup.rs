//! The number of Ps follows the CPU quota of the process's control group, in a group made for it.
//! How many CPUs the machine has is pretended (`bodies/pretend.rs`): below two of them a quota
//! changes nothing. How the files are read is tested in rt-os, on trees of files.

use std::ffi::CString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, ChildStdin, ChildStdout};

use tests::cgroup::Group;
use tests::run::Program;
use tests::setup::Setup;

/// So long nothing must change, in ms: it looks once a second.
const STAY: &str = "stay 2500";

/// A program that does as it is told.
struct Asked {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Asked {
    fn start(program: Program, group: &Group) -> Asked {
        let file = CString::new(group.procs_file().into_os_string().into_vec()).unwrap();
        let mut child = program.setup(Setup::Join(file)).spawn().expect("it starts");
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Asked { child, to, from: BufReader::new(from) }
    }

    /// How many Ps there are after an order.
    #[track_caller]
    fn ask(&mut self, order: &str) -> u32 {
        let asked = self.to.write_all(format!("{order}\n").as_bytes()); // read as a whole
        let mut line = String::new();
        let answered = self.from.read_line(&mut line);
        let procs = line.strip_prefix("procs ").and_then(|word| word.trim().parse().ok());
        procs.unwrap_or_else(|| {
            let (_ended, mut text) = (self.child.kill(), String::new());
            let _read = self.child.stderr.take().unwrap().read_to_string(&mut text);
            let status = self.child.wait();
            panic!("{order}: {asked:?}, {answered:?}, {line:?}, {status:?}\n{text}")
        })
    }

    /// Waits until there are so many Ps.
    #[track_caller]
    fn comes_to(&mut self, procs: u32) {
        assert_eq!(self.ask(&format!("wait {procs}")), procs);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Both kinds of programs; the quota is for both, since they are there one after the other.
fn with_both(test: impl Fn(Program, &Group)) {
    match Group::new() {
        Ok(group) => {
            test(Program::bare("quota"), &group);
            test(Program::hosted("quota"), &group);
        }
        Err(why) => println!("skipped: {why}"),
    }
}

/// Go: TestCgroupGOMAXPROCSUpdate, TestCgroupGOMAXPROCSHigherThanNumCPU,
/// TestCgroupGOMAXPROCSNoLimit.
#[test]
fn a_quota_is_followed_while_the_program_runs() {
    with_both(|program, group| {
        let quota = |us| group.set_quota_us(us).unwrap();
        quota(None);
        let mut program = Asked::start(program, group);
        program.ask("cpus 8");
        program.comes_to(8);
        for (quota_us, procs) in
            [(300_000, 3), (200_000, 2), (299_999, 3), (50_000, 2), (900_000, 8)]
        {
            quota(Some(quota_us));
            program.comes_to(procs);
        }
        quota(Some(200_001));
        program.comes_to(3);
        quota(None);
        program.comes_to(8);
    });
}

/// Go: TestCgroupGOMAXPROCSUpdateGOMAXPROCS, TestCgroupGOMAXPROCSSetDefault.
#[test]
fn a_number_that_was_set_stays_until_the_default_is_wished() {
    with_both(|program, group| {
        let quota = |us| group.set_quota_us(us).unwrap();
        quota(Some(300_000));
        let mut program = Asked::start(program, group);
        program.ask("cpus 8");
        program.comes_to(3);
        assert_eq!(program.ask("set 3"), 3, "the same number");
        quota(None);
        assert_eq!(program.ask(STAY), 3);
        assert_eq!(program.ask("set 5"), 5);
        quota(Some(400_000));
        assert_eq!(program.ask(STAY), 5);
        assert_eq!(program.ask("default"), 4);
        quota(None);
        program.comes_to(8);
    });
}

/// Go: TestCgroupGOMAXPROCSSchedAffinity.
#[test]
fn fewer_cpus_than_the_quota_count() {
    with_both(|program, group| {
        group.set_quota_us(Some(300_000)).unwrap();
        let mut program = Asked::start(program, group);
        program.ask("cpus 8");
        program.comes_to(3);
        program.ask("cpus 1");
        program.comes_to(1);
        program.ask("cpus 4");
        program.comes_to(3);
    });
}

/// Go: TestCgroupGOMAXPROCSDontUpdate, TestCgroupGOMAXPROCSEnvironment, and containermaxprocs=0 of
/// TestCgroupGOMAXPROCS.
#[test]
fn the_environment_can_forbid_it() {
    with_both(|program, group| {
        let quota = |us| group.set_quota_us(us).unwrap();
        quota(Some(200_000));
        let mut program = Asked::start(program.procs(3), group);
        assert_eq!(program.ask("procs"), 3);
        program.ask("cpus 8");
        assert_eq!(program.ask(STAY), 3);
        quota(None);
        assert_eq!(program.ask(STAY), 3);
        assert_eq!(program.ask("default"), 8);
    });
    with_both(|program, group| {
        group.set_quota_us(Some(300_000)).unwrap();
        let mut program = Asked::start(program.env("GODEBUG", "updatemaxprocs=0"), group);
        let before = program.ask("cpus 8");
        assert_eq!(program.ask(STAY), before);
        assert_eq!(program.ask("default"), 3);
    });
    with_both(|program, group| {
        group.set_quota_us(Some(300_000)).unwrap();
        let mut program = Asked::start(program.env("GODEBUG", "containermaxprocs=0"), group);
        program.ask("cpus 8");
        program.comes_to(8);
    });
}

/// Go: TestCgroupGOMAXPROCS, TestCgroupGOMAXPROCSRound: at the start.
#[test]
fn a_quota_counts_from_the_start() {
    let group = match Group::new() {
        Ok(group) => group,
        Err(why) => return println!("skipped: {why}"),
    };
    for (quota_us, procs) in [(None, 8), (Some(300_000), 3), (Some(200_001), 3), (Some(1_000), 2)] {
        group.set_quota_us(quota_us).unwrap();
        let mut program = Asked::start(Program::hosted("quota").arg("8"), &group);
        assert_eq!(program.ask("procs"), procs, "{quota_us:?}");
    }
}

/// The least of the quotas of all groups above counts.
#[test]
fn groups_above_count() {
    with_both(|program, group| {
        group.set_quota_us(None).unwrap();
        let inner = group.below("inner");
        let groups = inner.and_then(|inner| inner.below("own").map(|own| (inner, own)));
        let (inner, own) = match groups {
            Ok(groups) => groups,
            Err(why) => return println!("skipped: {why}"),
        };
        inner.set_quota_us(Some(400_000)).unwrap();
        let mut program = Asked::start(program, &own);
        program.ask("cpus 8");
        program.comes_to(4);
        own.set_quota_us(Some(300_000)).unwrap();
        program.comes_to(3);
        own.set_quota_us(None).unwrap();
        group.set_quota_us(Some(500_000)).unwrap();
        program.comes_to(4);
        inner.set_quota_us(None).unwrap();
        program.comes_to(5);
    });
}
