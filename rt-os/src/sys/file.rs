//! Files by descriptor: open(2), read(2), write(2), sendfile(2), close(2), fstat(2).
//!
//! # Safety
//! - **buffers**: the kernel writes at most the length it is given, into a slice of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

use core::ffi::CStr;

use rt_asm::syscall::{syscall1, syscall2, syscall3, syscall4};

use crate::errno::Errno;

/// A file descriptor.
pub type Fd = i32;

/// How to open: for reading, closed at exec.
pub const READ_ONLY: i32 = libc::O_RDONLY | libc::O_CLOEXEC;
/// How to open: for reading and writing, kept over exec.
pub const READ_WRITE: i32 = libc::O_RDWR;

/// Opens a file that is there: nothing is created.
///
/// # Errors
/// open(2), but not EINTR.
pub fn open(path: &CStr, flags: i32) -> Result<Fd, Errno> {
    let (number, at) = (libc::SYS_open as usize, path.as_ptr() as usize);
    // SAFETY: **buffers**: a string that ends.
    uninterrupted(|| unsafe { syscall3(number, at, flags as usize, 0) }).map(|fd| fd as Fd)
}

/// Closes a descriptor. What close(2) says does not matter: it is closed.
pub fn close(fd: Fd) {
    // SAFETY: touches no memory.
    unsafe { syscall1(libc::SYS_close as usize, fd as usize) };
}

/// Another descriptor of the same file, closed at exec.
///
/// # Errors
/// fcntl(2), F_DUPFD_CLOEXEC: EBADF, EMFILE.
pub fn duplicate(fd: Fd) -> Result<Fd, Errno> {
    let (number, command) = (libc::SYS_fcntl as usize, libc::F_DUPFD_CLOEXEC as usize);
    // SAFETY: touches no memory.
    Errno::check(unsafe { syscall3(number, fd as usize, command, 0) }).map(|fd| fd as Fd)
}

/// Calls again while a signal interrupts.
pub(super) fn uninterrupted(mut call: impl FnMut() -> isize) -> Result<usize, Errno> {
    loop {
        match Errno::check(call()) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Reads some bytes; 0 is the end.
///
/// # Errors
/// read(2), but not EINTR.
pub fn read(fd: Fd, bytes: &mut [u8]) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_read as usize, bytes.as_mut_ptr() as usize);
    // SAFETY: **buffers**.
    uninterrupted(|| unsafe { syscall3(number, fd as usize, at, bytes.len()) })
}

/// Reads some words; returns the bytes read.
pub(crate) fn read_words(fd: Fd, words: &mut [usize]) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_read as usize, words.as_mut_ptr() as usize);
    // SAFETY: **buffers**.
    uninterrupted(|| unsafe { syscall3(number, fd as usize, at, size_of_val(words)) })
}

/// Reads some bytes at `offset`; 0 is the end.
///
/// # Errors
/// pread(2), but not EINTR.
pub fn pread(fd: Fd, bytes: &mut [u8], offset: u64) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_pread64 as usize, bytes.as_mut_ptr() as usize);
    // SAFETY: **buffers**.
    uninterrupted(|| unsafe { syscall4(number, fd as usize, at, bytes.len(), offset as usize) })
}

/// Writes some bytes.
///
/// # Errors
/// write(2), but not EINTR.
pub fn write(fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_write as usize, bytes.as_ptr() as usize);
    // SAFETY: **buffers**: only read.
    uninterrupted(|| unsafe { syscall3(number, fd as usize, at, bytes.len()) })
}

/// Writes all bytes.
///
/// # Errors
/// The first error; some bytes may have been written.
pub fn write_all(fd: Fd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let written = write(fd, bytes)?;
        if written == 0 {
            return Err(Errno::EIO);
        }
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Sends up to `len` bytes of a file, from `offset` on, to a socket; returns how many it took. 0:
/// the file ends there. A socket whose other side has ended raises SIGPIPE.
///
/// # Errors
/// sendfile(2), but not EINTR: EAGAIN when a socket that does not block has no room.
pub fn send_file(socket: Fd, file: Fd, offset: u64, len: usize) -> Result<usize, Errno> {
    let number = libc::SYS_sendfile as usize;
    let mut offset = i64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let at = &raw mut offset as usize;
    // SAFETY: **buffers**: the kernel writes the offset where it ended.
    uninterrupted(|| unsafe { syscall4(number, socket as usize, file as usize, at, len) })
}

/// What kind of file a descriptor leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes on a disk, with a size.
    Regular,
    /// A directory.
    Directory,
    /// A pipe, a terminal, a socket, a device.
    Other,
}

/// What fstat(2) says of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Bytes, for a regular file.
    pub size_bytes: u64,
    /// When it was last written, in ns since 1970; 0 before that.
    pub modified_ns: u64,
}

/// Asks what a descriptor leads to.
///
/// # Errors
/// EBADF: fstat(2).
pub fn fstat(fd: Fd) -> Result<Stat, Errno> {
    let mut stat = core::mem::MaybeUninit::<libc::stat>::zeroed();
    let number = libc::SYS_fstat as usize;
    // SAFETY: **buffers**: the kernel's struct for this architecture.
    Errno::check(unsafe { syscall2(number, fd as usize, stat.as_mut_ptr() as usize) })?;
    // SAFETY: filled, and zero is valid for every field.
    let stat = unsafe { stat.assume_init() };
    let kind = match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => Kind::Regular,
        libc::S_IFDIR => Kind::Directory,
        _ => Kind::Other,
    };
    let modified_s = u64::try_from(stat.st_mtime).unwrap_or(0);
    let modified_ns =
        modified_s.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as u64);
    Ok(Stat { kind, size_bytes: stat.st_size as u64, modified_ns })
}

/// Makes sure that descriptors 0, 1 and 2 are open, so that no other file takes their place. Go:
/// `checkfds`.
///
/// A closed one becomes /dev/null. When that cannot be had the program ends: code 2.
pub fn check_fds() {
    for fd in 0..3 {
        match getfd(fd) {
            Ok(_) => continue,
            Err(Errno::EBADF) => {}
            Err(error) => no_standard_fds(fd, error),
        }
        match open(c"/dev/null", READ_WRITE) {
            // The lowest free number is this one, since those below are open.
            Ok(opened) if opened == fd => {}
            Ok(_) => no_standard_fds(fd, Errno::EBUSY), // another thread opens files already
            Err(error) => no_standard_fds(fd, error),
        }
    }
}

/// The flags of a descriptor: `FD_CLOEXEC` or 0. fcntl(2), F_GETFD.
///
/// # Errors
/// EBADF when it is not open.
pub fn getfd(fd: Fd) -> Result<i32, Errno> {
    let number = libc::SYS_fcntl as usize;
    // SAFETY: touches no memory.
    let ret = unsafe { syscall3(number, fd as usize, libc::F_GETFD as usize, 0) };
    Errno::check(ret).map(|flags| flags as i32)
}

#[cold]
#[inline(never)]
fn no_standard_fds(fd: Fd, error: Errno) -> ! {
    crate::throw::throw_with(
        format_args!("runtime: cannot open standard file descriptor {fd}: {error:?}\n"),
        "cannot open standard fds",
    )
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    #[test]
    fn files_are_read_and_told_apart() {
        let fd = open(c"/proc/self/comm", READ_ONLY).unwrap();
        let mut bytes = [0u8; 64];
        let len = read(fd, &mut bytes).unwrap();
        assert!(len > 0 && bytes[len - 1] == b'\n');
        assert_eq!(pread(fd, &mut bytes, len as u64), Ok(0));
        assert_eq!(fstat(fd).unwrap().kind, Kind::Regular);
        close(fd);
        let fd = open(c"/", READ_ONLY).unwrap();
        assert_eq!(fstat(fd).unwrap().kind, Kind::Directory);
        assert_eq!(read(fd, &mut bytes), Err(Errno::EISDIR));
        close(fd);
        assert_eq!(open(c"/no/such/file", READ_ONLY), Err(Errno::ENOENT));
        assert_eq!(fstat(-1), Err(Errno::EBADF));
        assert_eq!(getfd(-1), Err(Errno::EBADF));
        let fd = open(c"/dev/null", READ_ONLY).unwrap();
        assert_eq!(getfd(fd), Ok(libc::FD_CLOEXEC));
        assert_eq!(fstat(fd).unwrap().kind, Kind::Other);
        close(fd);
    }

    #[test]
    fn a_part_of_a_file_is_sent() {
        let (mut reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        let path = std::env::current_exe().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let (socket, fd) = (writer.as_raw_fd(), file.as_raw_fd());
        assert_eq!(send_file(socket, fd, 7, 100), Ok(100));
        assert_eq!(send_file(socket, fd, bytes.len() as u64, 100), Ok(0));
        assert_eq!(send_file(socket, fd, u64::MAX, 100), Err(Errno::EINVAL));
        let mut got = [0; 100];
        reader.read_exact(&mut got).unwrap();
        assert_eq!(got, bytes[7..107]);
        writer.set_nonblocking(true).unwrap();
        while send_file(socket, fd, 0, 4096).is_ok() {}
        assert_eq!(send_file(socket, fd, 0, 4096), Err(Errno::EAGAIN));
    }

    #[test]
    fn the_time_of_the_last_write_is_told() {
        let path = std::env::current_exe().unwrap();
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let ns = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let file = std::fs::File::open(&path).unwrap();
        assert_eq!(u128::from(fstat(file.as_raw_fd()).unwrap().modified_ns), ns);
    }

    #[test]
    fn a_full_pipe_takes_all_in_the_end() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let bytes = std::vec![7u8; 1 << 20];
        let thread = std::thread::spawn(move || {
            let mut got = std::vec::Vec::new();
            reader.read_to_end(&mut got).unwrap();
            got
        });
        assert_eq!(write_all(writer.as_raw_fd(), &bytes), Ok(()));
        drop(writer);
        assert_eq!(thread.join().unwrap(), bytes);
        assert_eq!(write_all(-1, b"x"), Err(Errno::EBADF));
    }
}
