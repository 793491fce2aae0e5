//! Watching a program through ptrace, all its threads included.
//!
//! # Safety
//! - **between**: what runs between fork and exec may only make system calls.
#![allow(unsafe_code, reason = "a child asks to be traced before it becomes the program")]

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::ptrace::{self, AddressType, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// No program that boots in a fraction of a millisecond has so many instructions.
const STEPS_MAX: u64 = 5_000_000;

/// What a program did from its first instruction to its last.
#[derive(Debug, Default)]
pub(super) struct Traced {
    /// The numbers of its system calls, in order of entry.
    pub(super) calls: Vec<u64>,
    /// Its exit code, or 128 and the signal that killed it.
    pub(super) status: i32,
    /// The most memory that was resident, in KiB, as the kernel saw it when the program left.
    pub(super) peak_kib: u64,
    /// Page faults without input or output.
    pub(super) faults: u64,
    /// How many threads it had in all.
    pub(super) threads: u32,
}

/// How many instructions a program executed.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// All of them.
    pub(super) all: u64,
    /// Those that ask for the CPU's features.
    pub(super) cpuid: u64,
}

/// Runs the program and records its system calls.
///
/// # Errors
/// When it cannot be started or traced.
pub(super) fn calls(path: &Path) -> Result<Traced> {
    let mut traced = Traced { threads: 1, ..Traced::default() };
    let main = start(path)?;
    let before = faults(main);
    // Whether a thread is inside of a call: the kernel reports entry and return alike.
    let mut inside = HashMap::from([(main, false)]);
    resume(main, None, ptrace::syscall)?;
    loop {
        let mut signal = None;
        let thread = match next()? {
            WaitStatus::PtraceSyscall(thread) => {
                let inside = inside.entry(thread).or_default();
                *inside = !*inside;
                if *inside && let Some(registers) = alive(ptrace::getregs(thread))? {
                    traced.calls.push(registers.orig_rax);
                }
                thread
            }
            WaitStatus::PtraceEvent(thread, _, event) => {
                if event == libc::PTRACE_EVENT_EXIT {
                    traced.peak_kib = traced.peak_kib.max(peak_kib(thread));
                    traced.faults = traced.faults.max(faults(thread).saturating_sub(before));
                } else if event == libc::PTRACE_EVENT_CLONE {
                    traced.threads += 1;
                }
                thread
            }
            WaitStatus::Stopped(thread, stop) => {
                signal = passed_on(stop);
                thread
            }
            ended => match exit_code(ended, main) {
                Some(status) => {
                    traced.status = status;
                    return Ok(traced);
                }
                None => continue,
            },
        };
        resume(thread, signal, ptrace::syscall)?;
    }
}

/// Runs the program one instruction at a time and counts those that matter.
///
/// # Errors
/// When it cannot be started or traced, or does not end within [`STEPS_MAX`].
pub(super) fn count_cpuid(path: &Path) -> Result<Steps> {
    let mut steps = Steps::default();
    let main = start(path)?;
    let mut stopped = main;
    let mut signal = None;
    loop {
        if let Some(registers) = alive(ptrace::getregs(stopped))? {
            steps.all += 1;
            steps.cpuid += u64::from(is_cpuid(stopped, registers.rip));
        }
        if steps.all > STEPS_MAX {
            bail!("{}: more than {STEPS_MAX} instructions", path.display());
        }
        resume(stopped, signal, ptrace::step)?;
        (stopped, signal) = loop {
            match next()? {
                WaitStatus::Stopped(thread, stop) => break (thread, passed_on(stop)),
                WaitStatus::PtraceEvent(thread, ..) => resume(thread, None, ptrace::step)?,
                ended => {
                    if exit_code(ended, main).is_some() {
                        return Ok(steps);
                    }
                }
            }
        };
    }
}

/// Starts the program; it is stopped before its first instruction, and dies with us.
fn start(path: &Path) -> Result<Pid> {
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/bin").stdin(Stdio::null()).stdout(Stdio::null());
    // SAFETY: between: `traceme` is one system call.
    unsafe { command.pre_exec(|| ptrace::traceme().map_err(Into::into)) };
    let child = command.spawn().with_context(|| format!("cannot start {}", path.display()))?;
    let main = Pid::from_raw(i32::try_from(child.id())?);
    match waitpid(main, None)? {
        WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
        other => bail!("{}: {other:?} instead of a stop", path.display()),
    }
    ptrace::setoptions(
        main,
        Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEEXIT
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_EXITKILL,
    )?;
    Ok(main)
}

/// Waits for the next report of any thread that this thread of ours traces.
fn next() -> Result<WaitStatus> {
    Ok(waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD))?)
}

/// Lets a thread go on. That it was killed meanwhile is no error: its end will be reported.
fn resume(
    thread: Pid,
    signal: Option<Signal>,
    how: fn(Pid, Option<Signal>) -> nix::Result<()>,
) -> Result<()> {
    alive(how(thread, signal)).map(drop)
}

/// `None` when the thread was killed while it was stopped.
fn alive<T>(result: nix::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Errno::ESRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The signal that the program itself shall see: not the stops that tracing brings about.
fn passed_on(stop: Signal) -> Option<Signal> {
    (stop != Signal::SIGTRAP && stop != Signal::SIGSTOP).then_some(stop)
}

/// The exit code when this is the end of the whole program.
fn exit_code(status: WaitStatus, main: Pid) -> Option<i32> {
    match status {
        WaitStatus::Exited(thread, code) if thread == main => Some(code),
        WaitStatus::Signaled(thread, signal, _) if thread == main => Some(128 + signal as i32),
        _ => None,
    }
}

/// Whether the instruction at this address is `cpuid`.
fn is_cpuid(thread: Pid, address: u64) -> bool {
    let word = ptrace::read(thread, address as AddressType);
    word.is_ok_and(|word| word.to_le_bytes().starts_with(&[0x0f, 0xa2]))
}

/// The process's peak of resident memory, or 0 if it cannot be told.
fn peak_kib(thread: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// The process's minor page faults so far.
fn faults(thread: Pid) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{thread}/stat")).unwrap_or_default();
    // The tenth field; the second, in parentheses, may contain anything.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').nth(7).and_then(|field| field.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::minimal::EXIT;
    use super::super::scratch::Scratch;
    use super::*;

    /// Calls `look` with a program that runs this code and then leaves.
    fn program<T>(code: &[u8], look: impl FnOnce(&Path) -> Result<T>) -> T {
        let scratch = Scratch::new();
        look(&scratch.program(&[code, EXIT].concat())).unwrap()
    }

    #[test]
    fn calls_are_recorded_in_order() {
        // mov eax, 39; syscall: getpid
        let traced = program(&[0xb8, 39, 0, 0, 0, 0x0f, 0x05], calls);
        assert_eq!(traced.calls, [libc::SYS_getpid as u64, libc::SYS_exit as u64]);
        assert_eq!((traced.status, traced.threads), (0, 1));
        assert!((1..=64).contains(&traced.peak_kib), "{traced:?}");
    }

    #[test]
    fn the_end_is_told() {
        assert_eq!(calls(Path::new("/bin/false")).unwrap().status, 1);
        let trap = [0x0f, 0x0b]; // ud2
        assert_eq!(program(&trap, calls).status, 128 + libc::SIGILL);
        assert!(calls(Path::new("/no/such/program")).is_err());
    }

    #[test]
    fn threads_are_followed() {
        // sub rsp, 64; mov edi, CLONE_VM|FS|FILES|SIGHAND|THREAD; mov rsi, rsp; mov eax, 56;
        // syscall; then both threads leave by `exit`.
        let clone = [
            0x48, 0x83, 0xec, 64, 0xbf, 0x00, 0x0f, 0x01, 0x00, 0x48, 0x89, 0xe6, 0xb8, 56, 0, 0,
            0, 0x0f, 0x05,
        ];
        let traced = program(&clone, calls);
        assert_eq!((traced.status, traced.threads), (0, 2));
        let exits = traced.calls.iter().filter(|call| **call == libc::SYS_exit as u64).count();
        assert_eq!((traced.calls[0], exits), (libc::SYS_clone as u64, 2));
        // Five instructions by one thread, three by both.
        assert_eq!(program(&clone, count_cpuid).all, 11);
    }

    #[test]
    fn cpuid_is_counted() {
        let none = program(&[0x90, 0x90], count_cpuid);
        assert_eq!((none.all, none.cpuid), (5, 0));
        let two = program(&[0x0f, 0xa2, 0x0f, 0xa2], count_cpuid);
        assert_eq!((two.all, two.cpuid), (5, 2));
    }
}
