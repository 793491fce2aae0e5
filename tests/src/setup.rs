//! What is done to a process between fork and exec.
//!
//! # Safety
//! - **child**: runs in the child of a fork, where only system calls are allowed: nothing is
//!   allocated, locked or dropped, all data was made before the fork.
//! - **valid**: pointers given to the kernel lead to values that outlive the call.
#![allow(unsafe_code, reason = "**child**: raw system calls")]

use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr::null;

use crate::seccomp::Filter;

/// The user that has nothing. Debian and most others: `nobody`.
const NOBODY: u32 = 65534;

/// One change to a process before it becomes the program.
#[derive(Clone, Debug)]
pub enum Setup {
    /// Limit a resource (`libc::RLIMIT_…`), soft and hard. setrlimit(2).
    Limit(u32, u64),
    /// Allow one CPU: the first of those that we may use.
    OneCpu,
    /// Close descriptors 0, 1 and 2.
    CloseStandard,
    /// Become the first process of a new PID namespace.
    Pid1,
    /// Become a user without rights, if we are root.
    Nobody,
    /// Deny a system call.
    Deny(Filter),
    /// Ignore a signal, as nohup(1) does.
    Ignore(i32),
    /// Do with a signal what the kernel does by default, whatever we do ourselves.
    Default(i32),
    /// Block a signal.
    Block(i32),
    /// Have a descriptor lead to a pipe that nobody reads.
    BrokenPipe(i32),
    /// Have a descriptor lead to a disk that is full.
    FullDisk(i32),
    /// See nothing in `/proc`, as where it is not mounted.
    NoProc,
    /// Become a member of a control group, by this file of it: `cgroup.procs`.
    Join(CString),
    /// Let the parent trace it. ptrace(2).
    Traced,
    /// Execute the program with no argument at all, not even its name, and an empty environment.
    NoArguments(CString),
}

/// Lets `command` do these, in order, in its child.
pub(crate) fn install(command: &mut Command, setups: Vec<Setup>) {
    if setups.is_empty() {
        return;
    }
    // SAFETY: **child**: `apply` does system calls only.
    unsafe { command.pre_exec(move || setups.iter().try_for_each(apply)) };
}

fn check(result: i32) -> Result<()> {
    if result == -1 { Err(Error::last_os_error()) } else { Ok(()) }
}

fn apply(setup: &Setup) -> Result<()> {
    match setup {
        Setup::Limit(resource, value) => {
            let limit = libc::rlimit { rlim_cur: *value, rlim_max: *value };
            // SAFETY: **valid**.
            check(unsafe { libc::setrlimit(*resource, &raw const limit) })
        }
        Setup::OneCpu => one_cpu(),
        Setup::CloseStandard => {
            // SAFETY: nothing in the child uses them any more.
            (0..3).try_for_each(|fd| check(unsafe { libc::close(fd) }))
        }
        Setup::Pid1 => pid1(),
        Setup::Nobody => nobody(),
        Setup::Deny(filter) => deny(filter),
        Setup::Ignore(signal) => act(*signal, libc::SIG_IGN),
        Setup::Default(signal) => act(*signal, libc::SIG_DFL),
        Setup::Block(signal) => block(*signal),
        Setup::BrokenPipe(fd) => {
            let mut ends = [0; 2];
            // SAFETY: **valid**.
            check(unsafe { libc::pipe(ends.as_mut_ptr()) })?;
            // SAFETY: takes no pointers. Both ends are closed but for the one in `fd`.
            check(unsafe { libc::dup2(ends[1], *fd) })?;
            // SAFETY: nothing uses them any more.
            ends.into_iter().try_for_each(|end| check(unsafe { libc::close(end) }))
        }
        Setup::FullDisk(fd) => {
            // SAFETY: **valid**.
            let full = unsafe { libc::open(c"/dev/full".as_ptr(), libc::O_WRONLY) };
            check(full)?;
            // SAFETY: takes no pointers.
            check(unsafe { libc::dup2(full, *fd) })?;
            // SAFETY: as above.
            check(unsafe { libc::close(full) })
        }
        Setup::NoProc => no_proc(),
        Setup::Join(path) => join(path),
        Setup::Traced => {
            // SAFETY: takes no pointers.
            check(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } as i32)
        }
        Setup::NoArguments(path) => {
            let none = [null()];
            // SAFETY: **valid**; both lists end at once.
            check(unsafe { libc::execve(path.as_ptr(), none.as_ptr(), none.as_ptr()) })
        }
    }
}

fn one_cpu() -> Result<()> {
    // SAFETY: all zeroes is an empty set.
    let (mut ours, mut one): (libc::cpu_set_t, libc::cpu_set_t) = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: **valid**.
    check(unsafe { libc::sched_getaffinity(0, size, &raw mut ours) })?;
    // SAFETY: all numbers are below the size of the set.
    let first = (0..8 * size).find(|&cpu| unsafe { libc::CPU_ISSET(cpu, &ours) });
    // SAFETY: as above.
    unsafe { libc::CPU_SET(first.unwrap_or(0), &mut one) };
    // SAFETY: **valid**.
    check(unsafe { libc::sched_setaffinity(0, size, &raw const one) })
}

fn act(signal: i32, action: libc::sighandler_t) -> Result<()> {
    // SAFETY: no handler.
    let old = unsafe { libc::signal(signal, action) };
    check(if old == libc::SIG_ERR { -1 } else { 0 })
}

fn block(signal: i32) -> Result<()> {
    // SAFETY: all zeroes is an empty set.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: **valid**.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    // SAFETY: **valid**; the old mask is not asked for.
    check(unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) })
}

/// Sends a signal to a child that was not waited for yet.
pub(crate) fn kill(child: &std::process::Child, signal: i32) {
    // SAFETY: takes no pointers; the number is the child's until somebody waits for it.
    unsafe { libc::kill(child.id() as libc::pid_t, signal) };
}

/// The caller waits for a child that is the new namespace's first process, and ends as that does;
/// only the child returns.
fn pid1() -> Result<()> {
    // SAFETY: **child**.
    check(unsafe { libc::unshare(libc::CLONE_NEWPID) })?;
    // SAFETY: **child**: there is one thread.
    let child = unsafe { libc::fork() };
    check(child)?;
    if child == 0 {
        // SAFETY: takes no pointers. Whoever kills the waiter kills the namespace.
        return check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) });
    }
    // The pipe that tells of the exec must not stay open with us.
    // SAFETY: nothing uses them any more.
    unsafe { libc::close_range(3, u32::MAX, 0) };
    let mut status = 0;
    // SAFETY: **valid**.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    let code = match libc::WIFEXITED(status) {
        true => libc::WEXITSTATUS(status),
        false => 128 + libc::WTERMSIG(status),
    };
    // SAFETY: ends this process.
    unsafe { libc::_exit(code) }
}

fn no_proc() -> Result<()> {
    // SAFETY: **child**.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    let mount = |kind: &CStr, at: &CStr, flags| {
        // SAFETY: **valid**; no data.
        check(unsafe { libc::mount(kind.as_ptr(), at.as_ptr(), kind.as_ptr(), flags, null()) })
    };
    mount(c"none", c"/", libc::MS_REC | libc::MS_PRIVATE)?;
    mount(c"tmpfs", c"/proc", libc::MS_RDONLY)
}

fn join(path: &CStr) -> Result<()> {
    // SAFETY: **valid**.
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    check(fd)?;
    // SAFETY: **valid**: "0" is who writes.
    check(unsafe { libc::write(fd, c"0".as_ptr().cast(), 1) } as i32)?;
    // SAFETY: opened above.
    check(unsafe { libc::close(fd) })
}

fn nobody() -> Result<()> {
    // SAFETY: takes no pointers.
    if unsafe { libc::geteuid() } != 0 {
        return Ok(());
    }
    // SAFETY: no groups are read.
    check(unsafe { libc::setgroups(0, null()) })?;
    // SAFETY: takes no pointers.
    check(unsafe { libc::setgid(NOBODY) })?;
    // SAFETY: takes no pointers.
    check(unsafe { libc::setuid(NOBODY) })
}

fn deny(filter: &Filter) -> Result<()> {
    let code = filter.code.as_ptr().cast_mut();
    let program = libc::sock_fprog { len: filter.code.len() as u16, filter: code };
    // SAFETY: takes no pointers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: **valid**; the kernel copies the filter.
    check(unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) })
}
