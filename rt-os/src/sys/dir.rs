//! What is below a folder: openat2(2), getdents64(2).
//!
//! # Safety
//! - **buffers**: the kernel writes at most the length it is given, into a slice of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};

use rt_asm::syscall::{syscall3, syscall4};

use crate::errno::Errno;
use crate::sys::file::{Fd, close, uninterrupted};

/// How to open a folder, to look below it.
pub const FOLDER: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
/// How to open what may be anything: it does not wait for the other end of a pipe, and no terminal
/// becomes ours.
pub const ANYTHING: i32 = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;

/// The root is `/` for the names and links below it.
const RESOLVE: u64 = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
/// How often a name is looked up while others rename what is above it.
const TRIES: u32 = 16;
/// The most bytes of one part of a name. limits.h: `NAME_MAX`.
const PART_MAX: usize = 255;

/// The kernel has openat2(2), of Linux 5.6. Until it has said no.
static HAS_OPENAT2: AtomicBool = AtomicBool::new(true);

/// Opens `path` below `root`, and never anything else: neither `..` nor a link leads out. Where the
/// kernel is older than 5.6 no link is followed at all.
///
/// # Errors
/// openat2(2), but not EINTR: ENOENT, EACCES; ELOOP; EAGAIN while others rename folders all the
/// time. On old kernels ELOOP or ENOTDIR for a link, ENOENT for `..`.
pub fn open_below(root: Fd, path: &CStr, flags: i32) -> Result<Fd, Errno> {
    // Relaxed: whoever sees it late asks once more.
    if !HAS_OPENAT2.load(Ordering::Relaxed) {
        return open_by_parts(root, path, flags);
    }
    let mut result = Err(Errno::EAGAIN);
    for _ in 0..TRIES {
        result = openat2(root, path, flags);
        if result != Err(Errno::EAGAIN) {
            break;
        }
    }
    match result {
        Err(Errno::ENOSYS | Errno::EPERM) if !has_openat2(root) => {
            HAS_OPENAT2.store(false, Ordering::Relaxed);
            open_by_parts(root, path, flags)
        }
        result => result,
    }
}

/// EPERM may come from a filter that forbids the call, or from the file: only for a filter the
/// folder itself says so too.
#[cold]
fn has_openat2(root: Fd) -> bool {
    match openat2(root, c".", libc::O_PATH | libc::O_CLOEXEC) {
        Ok(fd) => {
            super::file::close(fd);
            true
        }
        Err(error) => !matches!(error, Errno::ENOSYS | Errno::EPERM),
    }
}

fn openat2(root: Fd, path: &CStr, flags: i32) -> Result<Fd, Errno> {
    // SAFETY: zero is valid for every field.
    let mut how: libc::open_how = unsafe { core::mem::zeroed() };
    (how.flags, how.resolve) = (flags as u64, RESOLVE);
    let (number, name) = (libc::SYS_openat2 as usize, path.as_ptr() as usize);
    let (at, size) = (&raw const how as usize, size_of_val(&how));
    // SAFETY: **buffers**: a string that ends, and a struct of ours, which are only read.
    uninterrupted(|| unsafe { syscall4(number, root as usize, name, at, size) }).map(|fd| fd as Fd)
}

/// Part by part, and no link is followed.
fn open_by_parts(root: Fd, path: &CStr, flags: i32) -> Result<Fd, Errno> {
    let parts = path.to_bytes().split(|&byte| byte == b'/');
    let mut parts = parts.filter(|part| !part.is_empty()).peekable();
    let mut folder = root;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let opened = open_part(folder, part, if is_last { flags } else { libc::O_PATH | FOLDER });
        if folder != root {
            close(folder);
        }
        folder = opened?;
        if is_last {
            return Ok(folder);
        }
    }
    Err(Errno::ENOENT) // no name
}

fn open_part(folder: Fd, part: &[u8], flags: i32) -> Result<Fd, Errno> {
    if part == b".." {
        return Err(Errno::ENOENT);
    }
    let mut name = [0; PART_MAX + 1];
    let room = name[..PART_MAX].get_mut(..part.len()).ok_or(Errno::ENAMETOOLONG)?;
    room.copy_from_slice(part);
    let (number, at) = (libc::SYS_openat as usize, name.as_ptr() as usize);
    let flags = (flags | libc::O_NOFOLLOW) as usize;
    // SAFETY: **buffers**: a string that ends: the last byte stays zero.
    uninterrupted(|| unsafe { syscall4(number, folder as usize, at, flags, 0) }).map(|fd| fd as Fd)
}

/// Reads the next names of a folder; returns the bytes of `buffer` that have some, for
/// [`Entries::of`]; 0 is the end.
///
/// # Errors
/// getdents64(2): ENOTDIR; EINVAL when not even one name fits.
pub fn read_entries(folder: Fd, buffer: &mut [u8]) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_getdents64 as usize, buffer.as_mut_ptr() as usize);
    // SAFETY: **buffers**.
    uninterrupted(|| unsafe { syscall3(number, folder as usize, at, buffer.len()) })
}

/// A name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name.
    pub name: &'a [u8],
    /// It is a folder, as far as the file system tells; a link to one is not.
    pub is_folder: bool,
}

/// The names in what [`read_entries`] has read. `.` and `..` are left out.
#[derive(Clone, Debug)]
pub struct Entries<'a>(&'a [u8]);

impl Entries<'_> {
    /// Those in `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Entries<'_> {
        Entries(bytes)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        // The kernel's `struct linux_dirent64`: two words, the length, the kind, the name.
        const LENGTH: usize = 16;
        const KIND: usize = 18;
        const NAME: usize = 19;
        loop {
            let length = self.0.get(LENGTH..KIND)?;
            let length = u16::from_ne_bytes([length[0], length[1]]);
            let (entry, rest) = self.0.split_at_checked(usize::from(length))?;
            self.0 = rest;
            let name = CStr::from_bytes_until_nul(entry.get(NAME..)?).ok()?.to_bytes();
            if !matches!(name, b"." | b"..") {
                return Some(Entry { name, is_folder: entry[KIND] == libc::DT_DIR });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::sys::file::{Kind, fstat, open, read};
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::vec::Vec;
    use std::{fs, process};

    /// A folder with a root in it, and a secret beside that.
    fn tree(name: &str) -> (PathBuf, Fd) {
        let top = std::env::temp_dir().join(std::format!("rt-os-{name}-{}", process::id()));
        let _none = fs::remove_dir_all(&top);
        fs::create_dir_all(top.join("root/a/b")).unwrap();
        fs::write(top.join("secret"), "secret").unwrap();
        fs::write(top.join("root/a/b/file"), "file").unwrap();
        symlink("a/b/file", top.join("root/inside")).unwrap();
        symlink("../secret", top.join("root/outside")).unwrap();
        symlink(top.join("secret"), top.join("root/absolute")).unwrap();
        symlink("../../..", top.join("root/a/b/up")).unwrap();
        symlink("/proc/self/root", top.join("root/magic")).unwrap();
        let path = CString::new(top.join("root").as_os_str().as_bytes()).unwrap();
        (top, open(&path, FOLDER).unwrap())
    }

    fn content(fd: Fd) -> Vec<u8> {
        let mut bytes = [0; 64];
        let len = read(fd, &mut bytes).unwrap();
        close(fd);
        bytes[..len].to_vec()
    }

    type Open = fn(Fd, &CStr, i32) -> Result<Fd, Errno>;

    #[test]
    fn nothing_leads_out() {
        let (top, root) = tree("below");
        let secrets =
            [c"../secret", c"outside", c"absolute", c"a/b/up/secret", c"magic/etc/passwd"];
        for open in [open_below as Open, open_by_parts] {
            assert_eq!(content(open(root, c"a/b/file", ANYTHING).unwrap()), b"file");
            assert_eq!(content(open(root, c"a//./b/file", ANYTHING).unwrap()), b"file");
            for secret in secrets.into_iter().chain([c"a/../../secret", c"/secret", c"", c"/"]) {
                let opened = open(root, secret, ANYTHING);
                let is_root = opened.is_ok_and(|fd| fstat(fd).unwrap().kind == Kind::Directory);
                assert!(opened.is_err() || is_root && secret == c"/", "{secret:?}: {opened:?}");
            }
            for folder in [c".", c"a"] {
                let fd = open(root, folder, ANYTHING).unwrap();
                assert_eq!(fstat(fd).unwrap().kind, Kind::Directory);
                close(fd);
            }
            assert_eq!(open(root, c"a/none", ANYTHING), Err(Errno::ENOENT));
            assert_eq!(open(root, c"a/b/file/c", ANYTHING), Err(Errno::ENOTDIR));
            let long = CString::new(std::vec![b'x'; 300]).unwrap();
            assert_eq!(open(root, &long, ANYTHING), Err(Errno::ENAMETOOLONG));
        }
        assert_eq!(open_by_parts(root, c"inside", ANYTHING), Err(Errno::ELOOP));
        assert_eq!(content(open_below(root, c"inside", ANYTHING).unwrap()), b"file");
        close(root);
        fs::remove_dir_all(top).unwrap();
    }

    #[test]
    fn names_are_read_by_and_by() {
        let (top, root) = tree("names");
        let mut buffer = [0; 64]; // room for one or two
        let mut names = Vec::new();
        loop {
            let len = read_entries(root, &mut buffer).unwrap();
            if len == 0 {
                break;
            }
            names.extend(Entries::of(&buffer[..len]).map(|e| (e.name.to_vec(), e.is_folder)));
        }
        names.sort();
        let names: Vec<_> = names.iter().map(|(name, kind)| (&name[..], *kind)).collect();
        let expected = [
            (&b"a"[..], true),
            (b"absolute", false),
            (b"inside", false),
            (b"magic", false),
            (b"outside", false),
        ];
        assert_eq!(names, expected);
        assert_eq!(read_entries(root, &mut [0; 8]), Ok(0), "it is at its end");
        close(root);
        fs::remove_dir_all(top).unwrap();
        assert_eq!(Entries::of(&[0; 40]).next(), None);
    }
}
