//! Where this process's CPU limits are, found once, and read as often as one likes. Go:
//! `cgroup.FindCPU`, `cgroup.CPU`, `cgroup.ReadCPULimit`.

use core::ffi::CStr;

use arrayvec::ArrayVec;

use super::limit::{Limit, parse_v1, parse_v2};
use super::place::{Group, Mount, Unescaped, Version, below, better, group_in, mount_in};
use crate::sys::file::{self, Fd, READ_ONLY};

/// The longest path that the kernel takes, and the longest line that is read.
const PATH_MAX: usize = 4096;

type Path = ArrayVec<u8, PATH_MAX>;

/// The directory of the process's own group, and where its hierarchy begins.
#[derive(Clone, Debug)]
pub struct Source {
    version: Version,
    /// Of the group; no slash at the end.
    path: Path,
    /// So much of it is the mount point: the groups above cannot be seen.
    top: usize,
}

impl Source {
    /// Finds the process's group. `None` where there is none with the CPU controller, or its place
    /// cannot be read.
    #[must_use]
    pub fn find() -> Option<Source> {
        Source::find_in(b"/proc/self")
    }

    /// As [`Source::find`], with another directory for `/proc/self`.
    fn find_in(proc_dir: &[u8]) -> Option<Source> {
        let mut own = Path::new();
        let mut version = None;
        let mut lines = Lines::open(&join(proc_dir, b"cgroup")?)?;
        while let Some(line) = lines.next() {
            let known = version.map(|version| Group { version, path: &[] });
            let chosen = better(known, group_in(line));
            if let Some(group) = chosen.filter(|_| chosen != known) {
                (version, own) = (Some(group.version), group.path.try_into().ok()?);
            }
        }
        let group = Group { version: version?, path: &own };
        let mut lines = Lines::open(&join(proc_dir, b"mountinfo")?)?;
        while let Some(line) = lines.next() {
            if let Some(mount) = mount_in(line, group) {
                return Source::at(group, mount);
            }
        }
        None
    }

    fn at(group: Group<'_>, mount: Mount<'_>) -> Option<Source> {
        let mut path = Path::new();
        for byte in Unescaped(mount.point) {
            path.try_push(byte?).ok()?;
        }
        let top = path.len();
        let rest = below(group.path, mount.root)?;
        if !rest.is_empty() {
            path = join(&path, rest)?;
        }
        Some(Source { version: group.version, path, top })
    }

    /// The tightest limit of the group and of those above it, as far as they can be seen. `None`:
    /// no limit, or none that can be read.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let mut tightest: Option<Limit> = None;
        let mut end = self.path.len();
        loop {
            let here = self.limit_of(&self.path[..end]);
            tightest = match (tightest, here) {
                (Some(old), Some(new)) if !new.is_below(old) => Some(old),
                (old, new) => new.or(old),
            };
            if end <= self.top {
                return tightest;
            }
            let slash = self.path[..end].iter().rposition(|&byte| byte == b'/');
            end = slash.unwrap_or(0).max(self.top);
        }
    }

    fn limit_of(&self, directory: &[u8]) -> Option<Limit> {
        let text = |name| Text::read(&join(directory, name)?);
        match self.version {
            Version::V2 => parse_v2(text(b"cpu.max")?.bytes()).ok()?,
            Version::V1 => {
                let (quota, period) = (text(b"cpu.cfs_quota_us")?, text(b"cpu.cfs_period_us")?);
                parse_v1(quota.bytes(), period.bytes()).ok()?
            }
        }
    }
}

fn join(directory: &[u8], name: &[u8]) -> Option<Path> {
    let mut path = Path::new();
    path.try_extend_from_slice(directory).ok()?;
    path.try_push(b'/').ok()?;
    path.try_extend_from_slice(name).ok()?;
    Some(path)
}

fn open(path: &[u8]) -> Option<Fd> {
    let mut text = ArrayVec::<u8, { PATH_MAX + 1 }>::new();
    text.try_extend_from_slice(path).ok()?;
    text.try_push(0).ok()?;
    file::open(CStr::from_bytes_with_nul(&text).ok()?, READ_ONLY).ok()
}

/// A short file.
struct Text([u8; 64], usize);

impl Text {
    fn read(path: &[u8]) -> Option<Text> {
        let mut text = Text([0; 64], 0);
        let fd = open(path)?;
        let read = file::read(fd, &mut text.0);
        file::close(fd);
        text.1 = read.ok()?;
        Some(text)
    }

    fn bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

/// The lines of a file, one by one. Lines that are too long are left out.
struct Lines {
    fd: Fd,
    buffer: [u8; PATH_MAX],
    /// What has been read and not given out.
    start: usize,
    end: usize,
}

impl Lines {
    fn open(path: &[u8]) -> Option<Lines> {
        Some(Lines { fd: open(path)?, buffer: [0; PATH_MAX], start: 0, end: 0 })
    }

    fn next(&mut self) -> Option<&[u8]> {
        let mut is_whole = true;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(len) = unread.iter().position(|&byte| byte == b'\n') {
                let start = self.start;
                self.start += len + 1;
                if is_whole {
                    return Some(&self.buffer[start..start + len]);
                }
                is_whole = true;
                continue;
            }
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end == PATH_MAX {
                (is_whole, self.end) = (false, 0);
            }
            match file::read(self.fd, &mut self.buffer[self.end..]) {
                Ok(count @ 1..) => self.end += count,
                Ok(0) | Err(_) => {
                    let len = core::mem::take(&mut self.end);
                    return (is_whole && len > 0).then_some(&self.buffer[..len]);
                }
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        file::close(self.fd);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;
    use std::fs;
    use std::path::PathBuf;
    use std::string::String;
    use std::vec::Vec;

    /// A directory with files in it, gone when dropped.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[(&str, &str)]) -> Tree {
            let tree = Tree(std::env::temp_dir().join(format!("rt {name} {}", std::process::id())));
            files.iter().for_each(|(path, text)| tree.write(path, text));
            tree
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn path(&self) -> &str {
            self.0.to_str().unwrap()
        }

        fn mountinfo(&self, root: &str, kind: &str, options: &str) {
            let point = self.path().replace(' ', "\\040");
            let long = "x".repeat(3 * PATH_MAX);
            let text = format!(
                "1 1 0:1 / {long} rw - cgroup2 none rw\n\
                 31 23 0:26 {root} {point}/fs rw shared:9 - {kind} none {options}\n"
            );
            self.write("mountinfo", &text);
        }

        fn limit(&self) -> Option<Limit> {
            Source::find_in(self.path().as_bytes())?.limit()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_tightest_of_all_that_can_be_seen() {
        let tree = Tree::new(
            "v2",
            &[
                ("cgroup", "0::/pod/box\n"),
                ("fs/cpu.max", "max 100000\n"),
                ("fs/pod/cpu.max", "150000 100000\n"),
                ("fs/pod/box/cpu.max", "400000 100000\n"),
            ],
        );
        tree.mountinfo("/", "cgroup2", "rw");
        assert_eq!(tree.limit(), Limit::new(150_000, 100_000));
        tree.write("fs/pod/box/cpu.max", "20000 100000\n");
        assert_eq!(tree.limit(), Limit::new(20_000, 100_000), "read anew");
        tree.write("fs/pod/cpu.max", "max 100000\n");
        tree.write("fs/pod/box/cpu.max", "nonsense\n");
        assert_eq!(tree.limit(), None);
        // A container sees a part of the hierarchy.
        tree.mountinfo("/pod/box", "cgroup2", "rw");
        tree.write("fs/cpu.max", "70000 10000\n");
        assert_eq!(tree.limit(), Limit::new(70_000, 10_000));
        tree.mountinfo("/other", "cgroup2", "rw");
        assert_eq!(tree.limit(), None, "not mounted");
    }

    #[test]
    fn the_old_hierarchy_comes_first() {
        let tree = Tree::new(
            "v1",
            &[
                ("cgroup", "0::/new\n9:cpuset:/set\n1:cpuacct,cpu:/old/a/b"),
                ("fs/new/cpu.max", "10000 100000\n"),
                ("fs/old/cpu.cfs_quota_us", "250000\n"),
                ("fs/old/cpu.cfs_period_us", "100000\n"),
                ("fs/cpu.cfs_quota_us", "-1\n"),
                ("fs/cpu.cfs_period_us", "100000\n"),
            ],
        );
        tree.mountinfo("/", "cgroup", "rw,cpu,cpuacct");
        assert_eq!(tree.limit(), Limit::new(250_000, 100_000), "of the one above those without");
        // Not the smallest number, and not the nearest, but the least share.
        for (group, quota, period) in [("a", "400000", "200000"), ("a/b", "90000", "30000")] {
            tree.write(&format!("fs/old/{group}/cpu.cfs_quota_us"), quota);
            tree.write(&format!("fs/old/{group}/cpu.cfs_period_us"), period);
        }
        assert_eq!(tree.limit(), Limit::new(400_000, 200_000));
        tree.write("fs/cpu.cfs_quota_us", "150000\n");
        assert_eq!(tree.limit(), Limit::new(150_000, 100_000), "the top counts where it is seen");
    }

    #[test]
    fn nothing_to_be_found() {
        assert!(Source::find_in(b"/nowhere").is_none());
        let tree = Tree::new("none", &[("cgroup", "3:memory:/x\n"), ("mountinfo", "")]);
        assert_eq!(tree.limit(), None);
        let _whatever = Source::find().and_then(|source| source.limit());
    }

    /// Go: TestLineReader.
    #[test]
    fn lines_of_all_lengths() {
        for len in [0, 1, 4095, 4096, 4097, 8192, 9000] {
            let long = "y".repeat(len);
            let tree = Tree::new("lines", &[("file", &format!("a\n{long}\n\nb\nlast"))]);
            let mut lines = Lines::open(format!("{}/file", tree.path()).as_bytes()).unwrap();
            let mut seen = Vec::new();
            while let Some(line) = lines.next() {
                seen.push(String::from_utf8(line.to_vec()).unwrap());
            }
            let mut wanted = Vec::from(["a", &long, "", "b", "last"]);
            if len >= PATH_MAX {
                wanted.remove(1);
            }
            assert_eq!(seen, wanted, "{len}");
        }
    }
}
