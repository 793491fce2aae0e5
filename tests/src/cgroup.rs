//! Control groups with a CPU quota, where the machine lets us make some. cgroups(7).

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

const PERIOD_US: u32 = 100_000;

/// A group, gone when dropped: after its processes and the groups below it.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    is_new: bool,
}

impl Group {
    /// A group at the top of the hierarchy that has the CPU.
    ///
    /// # Errors
    /// Why there can be none here, in words.
    pub fn new() -> Result<Group, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mounts = fs::read_to_string("/proc/mounts").map_err(|error| error.to_string())?;
        let (top, is_new) = mounts.lines().find_map(hierarchy).ok_or("no cgroups with the CPU")?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let group = Group::at(top.join(format!("rt-tests-{}-{number}", process::id())), is_new)?;
        group.set_quota_us(Some(PERIOD_US * 1000))?; // can it be set at all?
        group.set_quota_us(None)?;
        Ok(group)
    }

    fn at(path: PathBuf, is_new: bool) -> Result<Group, String> {
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Group { path, is_new })
    }

    /// A group in this one.
    ///
    /// # Errors
    /// As for [`Group::new`].
    pub fn below(&self, name: &str) -> Result<Group, String> {
        if self.is_new {
            write(&self.path.join("cgroup.subtree_control"), "+cpu")?;
        }
        Group::at(self.path.join(name), self.is_new)
    }

    /// Sets how much CPU time there is in each 100 ms, in µs; `None`: as much as one likes.
    ///
    /// # Errors
    /// What the kernel said, in words.
    pub fn set_quota_us(&self, quota_us: Option<u32>) -> Result<(), String> {
        let quota = |none: &str| quota_us.map_or_else(|| none.into(), |quota| quota.to_string());
        if self.is_new {
            return write(&self.path.join("cpu.max"), &format!("{} {PERIOD_US}", quota("max")));
        }
        write(&self.path.join("cpu.cfs_quota_us"), &quota("-1"))
    }

    /// The file that takes its processes.
    #[must_use]
    pub fn procs_file(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _still_used = fs::remove_dir(&self.path);
    }
}

/// What a line of `/proc/mounts` says: a hierarchy with the CPU, and whether it is of the new kind.
fn hierarchy(line: &str) -> Option<(PathBuf, bool)> {
    let mut words = line.split(' ').skip(1);
    let (point, kind, options) = (words.next()?, words.next()?, words.next()?);
    let has_cpu = |list: &str, between: char| list.split(between).any(|word| word == "cpu");
    let top = PathBuf::from(point);
    match kind {
        "cgroup" if has_cpu(options, ',') => Some((top, false)),
        "cgroup2" => {
            let enabled = fs::read_to_string(top.join("cgroup.controllers")).ok()?;
            let enabled = has_cpu(enabled.trim(), ' ');
            (enabled && write(&top.join("cgroup.subtree_control"), "+cpu").is_ok())
                .then_some((top, true))
        }
        _ => None,
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
