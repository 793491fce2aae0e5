//! Where the CPU limits of this process are to be read: from the lines of `/proc/self/cgroup` and
//! `/proc/self/mountinfo`. Pure. proc(5), cgroups(7); Go: `parseCPUCgroup`, `parseCPUMount`.

/// The kernel's two generations of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy for each controller: `cpu.cfs_quota_us`.
    V1,
    /// One for all: `cpu.max`.
    V2,
}

/// The group in which this process gets its CPU time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Of its hierarchy.
    pub version: Version,
    /// From the root of its hierarchy on, as this process sees it.
    pub path: &'a [u8],
}

/// Where a hierarchy can be seen, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// What of the hierarchy is there; escaped.
    pub root: &'a [u8],
    /// Where it is in the file system; escaped.
    pub point: &'a [u8],
}

/// What one line of `/proc/self/cgroup` says of the CPU: `4:cpu,cpuacct:/a/b` or `0::/a/b`.
#[must_use]
pub fn group_in(line: &[u8]) -> Option<Group<'_>> {
    let mut fields = line.splitn(3, |&byte| byte == b':');
    let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    if !path.starts_with(b"/") {
        return None;
    }
    if id == b"0" && controllers.is_empty() {
        return Some(Group { version: Version::V2, path });
    }
    let has_cpu = has_word(controllers, b"cpu");
    has_cpu.then_some(Group { version: Version::V1, path })
}

/// The group that counts: where the controller has a hierarchy of its own, it is not in the other.
#[must_use]
pub fn better<'a>(one: Option<Group<'a>>, other: Option<Group<'a>>) -> Option<Group<'a>> {
    match (one, other) {
        (Some(Group { version: Version::V2, .. }), Some(_)) | (None, _) => other,
        (some, _) => some,
    }
}

/// What one line of `/proc/self/mountinfo` says: a mount of the hierarchy that has the CPU, with
/// the group in it.
#[must_use]
pub fn mount_in<'a>(line: &'a [u8], group: Group<'_>) -> Option<Mount<'a>> {
    let mut fields = line.split(|&byte| byte == b' ');
    let (root, point) = (fields.nth(3)?, fields.next()?);
    // Any number of optional fields, up to a lone "-".
    fields.find(|field| *field == b"-")?;
    let (kind, _source, options) = (fields.next()?, fields.next()?, fields.next()?);
    let matches = match group.version {
        Version::V1 => kind == b"cgroup" && has_word(options, b"cpu"),
        Version::V2 => kind == b"cgroup2",
    };
    // A root outside of what this process may see begins with "/..".
    let foreign = root == b"/.." || root.starts_with(b"/../");
    let mount = Mount { root, point };
    (matches && !foreign && below(group.path, root).is_some()).then_some(mount)
}

/// What is left of a path below an escaped root: the path from there, without a slash at its ends.
#[must_use]
pub fn below<'a>(path: &'a [u8], escaped_root: &[u8]) -> Option<&'a [u8]> {
    let mut rest = path;
    for byte in Unescaped(escaped_root) {
        rest = rest.strip_prefix(&[byte?])?;
    }
    let is_whole = escaped_root == b"/" || rest.is_empty() || rest.starts_with(b"/");
    let rest = rest.strip_prefix(b"/").unwrap_or(rest);
    is_whole.then(|| rest.strip_suffix(b"/").unwrap_or(rest))
}

fn has_word(list: &[u8], word: &[u8]) -> bool {
    list.split(|&byte| byte == b',').any(|one| one == word)
}

/// The bytes of a path in `mountinfo`, where space, tab, newline and backslash stand as `\040` and
/// the like. `None`: a backslash without its three digits. Go: `unescapePath`.
#[derive(Clone, Debug)]
pub struct Unescaped<'a>(pub &'a [u8]);

impl Iterator for Unescaped<'_> {
    type Item = Option<u8>;

    fn next(&mut self) -> Option<Option<u8>> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first != b'\\' {
            return Some(Some(first));
        }
        let Some((digits, rest)) = rest.split_first_chunk::<3>() else {
            self.0 = &[];
            return Some(None);
        };
        self.0 = rest;
        let octal = |value: u32, digit: &u8| {
            matches!(digit, b'0'..=b'7').then(|| value * 8 + u32::from(digit - b'0'))
        };
        Some(digits.iter().try_fold(0, octal).and_then(|value| u8::try_from(value).ok()))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn group(version: Version, path: &str) -> Option<Group<'_>> {
        Some(Group { version, path: path.as_bytes() })
    }

    /// Go: TestParseCPUCgroup, TestParseCPUCgroupMalformed, TestContainsCPU.
    #[test]
    fn groups() {
        use Version::{V1, V2};
        let table = [
            ("0::/", group(V2, "/")),
            ("0::/a/b c:d", group(V2, "/a/b c:d")),
            ("4:cpu:/x", group(V1, "/x")),
            ("4:cpuacct,cpu:/x", group(V1, "/x")),
            ("4:cpuset:/x", None),
            ("1:name=systemd:/x", None),
            ("3:cpuacct:/cpu", None),
            ("", None),
            ("0", None),
            ("0:/", None),
            ("0::relative", None),
        ];
        for (line, wanted) in table {
            assert_eq!(group_in(line.as_bytes()), wanted, "{line:?}");
        }
        let (old, new) = (group(V1, "/1"), group(V2, "/2"));
        assert_eq!((better(old, new), better(new, old)), (old, old));
        assert_eq!((better(None, new), better(new, None)), (new, new));
    }

    /// Go: TestParseCPUMount, TestParseCPUMountMalformed.
    #[test]
    fn mounts() {
        let (old, new) = (Version::V1, Version::V2);
        let at = |version, path: &'static str| group(version, path).unwrap();
        let line = "31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 none rw";
        let mount = mount_in(line.as_bytes(), at(new, "/a/b")).unwrap();
        assert_eq!((mount.root, mount.point), (&b"/"[..], &b"/sys/fs/cgroup"[..]));
        assert_eq!(mount_in(line.as_bytes(), at(old, "/a")), None);
        let line = "36 23 0:30 /a /mnt/with\\040space rw - cgroup cgroup rw,cpuacct,cpu";
        assert!(mount_in(line.as_bytes(), at(old, "/a")).is_some());
        assert!(mount_in(line.as_bytes(), at(old, "/a/b")).is_some());
        assert_eq!(
            mount_in(line.as_bytes(), at(old, "/ab")),
            None,
            "a name is no prefix of another"
        );
        assert_eq!(mount_in(line.as_bytes(), at(new, "/a")), None);
        let sets = "36 23 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset";
        assert_eq!(mount_in(sets.as_bytes(), at(old, "/")), None);
        for bad in [
            "",
            "36 23 0:30 /",
            "36 23 0:30 / /sys rw",
            "36 23 0:30 / /sys rw - cgroup2",
            "36 23 0:30 /.. /sys rw - cgroup2 none rw",
            "36 23 0:30 /../x /sys rw - cgroup2 none rw",
            "36 23 0:30 /bad\\04 /sys rw - cgroup2 none rw",
        ] {
            assert_eq!(mount_in(bad.as_bytes(), at(new, "/bad")), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_left_below_a_root() {
        let left = |path: &'static str, root: &str| below(path.as_bytes(), root.as_bytes());
        assert_eq!(left("/", "/"), Some(&b""[..]));
        assert_eq!(left("/a/b", "/"), Some(&b"a/b"[..]));
        assert_eq!(left("/a/b", "/a"), Some(&b"b"[..]));
        assert_eq!(left("/a/b", "/a/b"), Some(&b""[..]));
        assert_eq!(left("/a b/c", "/a\\040b"), Some(&b"c"[..]));
        assert_eq!(left("/ab", "/a"), None);
        assert_eq!(left("/a", "/a/b"), None);
    }

    /// Go: TestUnescapeInvalidPath.
    #[test]
    fn escapes() {
        let all = |text: &'static str| Unescaped(text.as_bytes()).collect::<Option<Vec<u8>>>();
        assert_eq!(all("/a\\040b\\134\\012\\011"), Some(b"/a b\\\n\t".to_vec()));
        for bad in ["\\", "\\0", "\\04", "\\08x", "\\999", "\\777"] {
            assert_eq!(all(bad), None, "{bad:?}");
        }
    }
}
