//! What bodies ask the kernel, of the process's threads.

use std::path::Path;

/// Prints a line.
pub fn say(text: &str) {
    println!("{text}");
}

/// Is there a thread of this number in the process, that has not ended?
#[must_use]
pub fn has_thread(tid: u32) -> bool {
    Path::new(&format!("/proc/self/task/{tid}")).exists()
}

/// Is the calling thread the one that the scheduler started on?
#[must_use]
pub fn is_first_thread() -> bool {
    std::thread::current().name() == Some("rt-m0")
}

/// How much memory the process has in use, in KiB.
#[must_use]
pub fn resident_kib() -> u64 {
    status("VmRSS:")
}

/// How many threads the process has.
#[must_use]
pub fn threads() -> u64 {
    status("Threads:")
}

/// No further thread can be started from now on, if the process is nobody's of importance.
pub fn allow_no_more_threads() {
    unchecked::limit(libc::RLIMIT_NPROC, 1);
}

/// The process may have so many KiB of address space more than it has.
pub fn allow_more_kib(more: u64) {
    unchecked::limit(libc::RLIMIT_AS, (status("VmSize:") + more) << 10);
}

/// What is to run out later is room for stacks: the heap keeps some MiB of its own.
///
/// # Panics
/// When the C library refuses, or another thread has begun and may have an arena.
pub fn keep_room_in_the_heap() {
    const ROOM: usize = 24 << 20;
    assert_eq!(threads(), 1);
    // What is taken comes from the one arena, not from a mapping, and stays there.
    for (what, value) in [
        (libc::M_ARENA_MAX, 1),
        (libc::M_TRIM_THRESHOLD, i32::MAX),
        (libc::M_MMAP_THRESHOLD, 32 << 20),
    ] {
        unchecked::tune_heap(what, value);
    }
    drop(std::hint::black_box(Vec::<u8>::with_capacity(ROOM)));
}

/// A figure of the process, as proc_pid_status(5) names it.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("there is a status file");
    let value = text.lines().find_map(|line| line.strip_prefix(name)).expect("the figure is there");
    value.split_whitespace().next().expect("a number").parse().expect("a number")
}

/// The calling thread's folder.
///
/// # Panics
/// When it is gone.
#[must_use]
pub fn folder() -> String {
    std::env::current_dir().expect("the folder is there").display().to_string()
}

/// The calling thread goes to another folder, and the others stay. False: the kernel refuses.
#[must_use]
pub fn go_to_another_folder_alone() -> bool {
    unchecked::unshare(libc::CLONE_FS) && std::env::set_current_dir("/proc").is_ok()
}

mod unchecked {
    //! # Safety
    //! - **plain**: the call takes no pointers, or one to a whole structure that outlives it.
    //! - **alone**: mallopt(3) is not for several threads; its one caller has seen no other.
    #![allow(unsafe_code, reason = "**plain**, **alone**: calls of the C library")]

    pub(super) fn unshare(what: i32) -> bool {
        // SAFETY: **plain**.
        unsafe { libc::unshare(what) == 0 }
    }

    pub(super) fn tune_heap(what: i32, value: i32) {
        // SAFETY: **plain**, **alone**.
        assert_eq!(unsafe { libc::mallopt(what, value) }, 1);
    }

    pub(super) fn limit(resource: u32, value: u64) {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: **plain**.
        assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
    }
}
