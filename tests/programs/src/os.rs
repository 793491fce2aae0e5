//! What bodies ask the kernel, of the process's threads.
//!
//! # Safety
//! - **valid**: pointers and lengths are those of objects that outlive the call.
#![allow(unsafe_code, reason = "**valid**: system calls")]

use alloc::string::String;

use rt_asm::syscall::{syscall1, syscall2, syscall4};
use rt_main::println;
use rt_os::sys::thread::{getpid, gettid};

pub use crate::proc::has_thread;

/// Linux, x86-64.
const CHDIR: usize = 80;
const GETCWD: usize = 79;
const UNSHARE: usize = 272;
const CLONE_FS: usize = 0x200;
const PRLIMIT64: usize = 302;
const RLIMIT_NPROC: usize = 6;
const RLIMIT_AS: usize = 9;

/// Prints a line.
pub fn say(text: &str) {
    println!("{text}");
}

/// Is the calling thread the one that the scheduler started on?
#[must_use]
pub fn is_first_thread() -> bool {
    gettid() == getpid()
}

/// How much memory the process has in use, in KiB.
#[must_use]
pub fn resident_kib() -> u64 {
    crate::proc::status("VmRSS")
}

/// How many threads the process has.
#[must_use]
pub fn threads() -> u64 {
    crate::proc::status("Threads")
}

/// No further thread can be started from now on, if the process is nobody's of importance.
pub fn allow_no_more_threads() {
    limit(RLIMIT_NPROC, 1);
}

/// The process may have so many KiB of address space more than it has.
pub fn allow_more_kib(more: u64) {
    limit(RLIMIT_AS, (crate::proc::status("VmSize") + more) << 10);
}

fn limit(resource: usize, value: u64) {
    let limit = [value; 2];
    // SAFETY: **valid**: two words, soft and hard.
    let ret = unsafe { syscall4(PRLIMIT64, 0, resource, limit.as_ptr() as usize, 0) };
    assert_eq!(ret, 0, "a limit can be lowered");
}

/// The calling thread's folder.
///
/// # Panics
/// When its path is very long.
#[must_use]
pub fn folder() -> String {
    let mut path = [0u8; 512];
    // SAFETY: **valid**.
    let len = unsafe { syscall2(GETCWD, path.as_mut_ptr() as usize, path.len()) };
    assert!(len > 0, "the folder has a path");
    String::from_utf8_lossy(&path[..len as usize - 1]).into_owned()
}

/// The calling thread goes to another folder, and the others stay. False: the kernel refuses.
#[must_use]
pub fn go_to_another_folder_alone() -> bool {
    // SAFETY: touches no memory.
    let alone = unsafe { syscall1(UNSHARE, CLONE_FS) } == 0;
    // SAFETY: **valid**: the path ends with a zero.
    alone && unsafe { syscall1(CHDIR, c"/proc".as_ptr() as usize) } == 0
}
