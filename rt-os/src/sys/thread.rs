//! Threads and the process: ids, affinity, limits, ends.
//!
//! # Safety
//! - **buffers**: the kernel writes at most the length it is given, into a slice of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

use core::ffi::CStr;
use core::fmt::Write;

use rt_asm::syscall::{syscall0, syscall1, syscall2, syscall3, syscall4};

use arrayvec::ArrayString;

use crate::errno::Errno;
use crate::sys::file;

/// The calling thread's id. gettid(2).
#[must_use]
pub fn gettid() -> u32 {
    // SAFETY: touches no memory.
    unsafe { syscall0(libc::SYS_gettid as usize) as u32 }
}

/// The process's id. getpid(2).
#[must_use]
pub fn getpid() -> u32 {
    // SAFETY: touches no memory.
    unsafe { syscall0(libc::SYS_getpid as usize) as u32 }
}

/// Sends a signal to a thread of this process. tgkill(2).
///
/// # Errors
/// ESRCH when it is gone.
pub fn tgkill(tid: u32, signal: i32) -> Result<(), Errno> {
    let number = libc::SYS_tgkill as usize;
    // SAFETY: touches no memory.
    let ret = unsafe { syscall3(number, getpid() as usize, tid as usize, signal as usize) };
    Errno::check(ret).map(drop)
}

/// Sends a signal to this process: to any thread that does not block it. kill(2).
///
/// # Errors
/// EINVAL when there is no such signal.
pub fn kill_self(signal: i32) -> Result<(), Errno> {
    // SAFETY: touches no memory.
    let ret = unsafe { syscall2(libc::SYS_kill as usize, getpid() as usize, signal as usize) };
    Errno::check(ret).map(drop)
}

/// Lets other threads run. sched_yield(2).
pub fn sched_yield() {
    // SAFETY: touches no memory.
    unsafe { syscall0(libc::SYS_sched_yield as usize) };
}

/// Sleeps for about so many µs; a signal may cut it short. Go: `usleep`.
pub fn usleep(us: u64) {
    let time =
        libc::timespec { tv_sec: (us / 1_000_000) as i64, tv_nsec: (us % 1_000_000 * 1000) as i64 };
    let time = core::ptr::from_ref(&time) as usize;
    // SAFETY: **buffers**: reads the time.
    unsafe { syscall2(libc::SYS_nanosleep as usize, time, 0) };
}

/// Has SIGALRM sent to the process in so many seconds; 0: not any more. alarm(2).
pub fn alarm(seconds: u32) {
    // SAFETY: touches no memory.
    unsafe { syscall1(libc::SYS_alarm as usize, seconds as usize) };
}

/// Ends the process. exit_group(2). Nothing is dropped.
pub fn exit_process(code: i32) -> ! {
    loop {
        // SAFETY: nothing of ours is used afterwards.
        unsafe { syscall1(libc::SYS_exit_group as usize, code as usize) };
    }
}

/// Fills the CPU mask of the calling thread; returns how many words were filled.
///
/// # Errors
/// EINVAL when the mask is too small: sched_getaffinity(2).
pub fn affinity(mask: &mut [u64]) -> Result<usize, Errno> {
    let number = libc::SYS_sched_getaffinity as usize;
    // SAFETY: **buffers**.
    let ret = unsafe { syscall3(number, 0, size_of_val(mask), mask.as_mut_ptr() as usize) };
    Ok(Errno::check(ret)? / size_of::<u64>())
}

/// Sets the CPU mask of the calling thread.
///
/// # Errors
/// EINVAL when no CPU is left: sched_setaffinity(2).
pub fn set_affinity(mask: &[u64]) -> Result<(), Errno> {
    let number = libc::SYS_sched_setaffinity as usize;
    // SAFETY: **buffers**: only read.
    let ret = unsafe { syscall3(number, 0, size_of_val(mask), mask.as_ptr() as usize) };
    Errno::check(ret).map(drop)
}

/// Does a thread of this process sleep in the kernel? False also where /proc does not tell.
/// proc_pid_stat(5).
#[must_use]
pub fn is_sleeping(tid: u32) -> bool {
    let mut path = ArrayString::<48>::new();
    if write!(path, "/proc/self/task/{tid}/stat\0").is_err() {
        return false;
    }
    let Ok(path) = CStr::from_bytes_with_nul(path.as_bytes()) else { return false };
    let Ok(fd) = file::open(path, file::READ_ONLY) else { return false };
    let mut line = [0; 64]; // the number, the name of 15 bytes at most, the state
    let len = file::read(fd, &mut line).unwrap_or(0);
    file::close(fd);
    let end_of_name = line[..len].iter().rposition(|&byte| byte == b')');
    let state = end_of_name.and_then(|at| line.get(at + 2));
    matches!(state, Some(b'S' | b'D'))
}

/// `struct sched_attr` of sched_setattr(2), in the size of its first version.
#[derive(Default)]
#[repr(C)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
}

fn sched_attr(tid: u32) -> Result<SchedAttr, Errno> {
    let mut attr = SchedAttr::default();
    let (number, at) = (libc::SYS_sched_getattr as usize, &raw mut attr as usize);
    // SAFETY: **buffers**.
    let ret = unsafe { syscall4(number, tid as usize, at, size_of::<SchedAttr>(), 0) };
    Errno::check(ret).map(|_| attr)
}

/// Sets for how long at a time the kernel lets a thread of this process run while others want its
/// CPU, in ns, between 0.1 and 100 ms. A thread that wakes up takes the CPU at once from one with a
/// longer slice. Linux 6.12.
///
/// # Errors
/// ENOSYS on old kernels; EINVAL when the thread is not scheduled fairly; ESRCH when it is gone.
pub fn set_slice_ns(tid: u32, slice_ns: u64) -> Result<(), Errno> {
    let was = sched_attr(tid)?;
    if was.policy != libc::SCHED_OTHER as u32 || was.runtime_ns == 0 {
        return Err(Errno::EINVAL);
    }
    let attr = SchedAttr { runtime_ns: slice_ns, ..was };
    let (number, at) = (libc::SYS_sched_setattr as usize, &raw const attr as usize);
    // SAFETY: **buffers**: only read.
    Errno::check(unsafe { syscall3(number, tid as usize, at, 0) }).map(drop)
}

/// A resource limit; `u64::MAX` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rlimit {
    /// What holds.
    pub soft: u64,
    /// How far it may be raised.
    pub hard: u64,
}

/// The limit of the main thread's stack, in bytes. getrlimit(2).
#[must_use]
pub fn rlimit_stack() -> Option<Rlimit> {
    let mut limit = [0u64; 2];
    let number = libc::SYS_prlimit64 as usize;
    // SAFETY: **buffers**: two words.
    let ret =
        unsafe { syscall4(number, 0, libc::RLIMIT_STACK as usize, 0, limit.as_mut_ptr() as usize) };
    Errno::check(ret).ok().map(|_| Rlimit { soft: limit[0], hard: limit[1] })
}

/// Sets by how much the kernel may delay the calling thread's wake-ups, in ns. prctl(2).
pub fn set_timer_slack(ns: u64) {
    // SAFETY: touches no memory.
    unsafe { syscall2(libc::SYS_prctl as usize, libc::PR_SET_TIMERSLACK as usize, ns as usize) };
}

/// Fills `bytes` with the kernel's randomness, without waiting. getrandom(2).
///
/// # Errors
/// ENOSYS, EAGAIN.
pub fn getrandom(bytes: &mut [u8]) -> Result<usize, Errno> {
    let number = libc::SYS_getrandom as usize;
    let flags = libc::GRND_NONBLOCK as usize;
    // SAFETY: **buffers**.
    let ret = unsafe { syscall3(number, bytes.as_mut_ptr() as usize, bytes.len(), flags) };
    Errno::check(ret)
}

/// A command of membarrier(2), for this process's threads only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membarrier {
    /// Announces that [`Membarrier::PrivateExpedited`] will be used; once.
    Register = libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED as isize,
    /// A full barrier on each core that runs a thread of this process.
    PrivateExpedited = libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED as isize,
}

/// Gives a membarrier(2) command. It orders as a SeqCst fence on each thread would.
///
/// # Errors
/// ENOSYS, EINVAL, or whatever a filter answers; EPERM also when nobody has registered.
pub fn membarrier(command: Membarrier) -> Result<(), Errno> {
    let number = libc::SYS_membarrier as usize;
    // SAFETY: touches no memory.
    Errno::check(unsafe { syscall3(number, command as usize, 0, 0) }).map(drop)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn this_thread() {
        let path = std::fs::read_link("/proc/thread-self").unwrap();
        let own = std::format!("{}/task/{}", getpid(), gettid());
        assert_eq!(path.to_str(), Some(own.as_str()));
        assert_eq!(getpid(), std::process::id());
        assert_eq!(tgkill(gettid(), 0), Ok(()));
        assert_eq!(tgkill(u32::MAX >> 1, 0), Err(Errno::ESRCH));
    }

    #[test]
    fn affinity_can_be_set_to_what_it_is() {
        let mut mask = [0u64; 128];
        let words = affinity(&mut mask).unwrap();
        assert!(mask.iter().any(|&word| word != 0));
        set_affinity(&mask[..words]).unwrap();
        assert_eq!(set_affinity(&[0]), Err(Errno::EINVAL));
        assert_eq!(affinity(&mut []), Err(Errno::EINVAL));
    }

    #[test]
    fn sleeping_takes_its_time() {
        let start = std::time::Instant::now();
        usleep(3_000);
        assert!(start.elapsed() >= std::time::Duration::from_millis(3));
    }

    #[test]
    fn who_sleeps_is_seen_to_sleep() {
        let (tell, told) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let sleeper = std::thread::Builder::new().name("a (b) c".into()).spawn(move || {
            tell.send(gettid()).unwrap();
            ended.recv().unwrap_err();
        });
        let tid = told.recv().unwrap();
        while !is_sleeping(tid) {
            sched_yield();
        }
        assert!(!is_sleeping(gettid()), "who asks does not sleep");
        assert!(!is_sleeping(u32::MAX >> 4));
        drop(end);
        sleeper.unwrap().join().unwrap();
    }

    #[test]
    fn a_slice_can_be_changed_where_the_kernel_has_them() {
        std::thread::spawn(|| {
            if set_slice_ns(gettid(), 5_000_000).is_ok() {
                assert_eq!(sched_attr(gettid()).unwrap().runtime_ns, 5_000_000);
            }
            assert!(set_slice_ns(u32::MAX >> 1, 5_000_000).is_err());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn timer_slack_is_the_kernels() {
        std::thread::spawn(|| {
            set_timer_slack(12_345);
            // SAFETY: touches no memory.
            let slack =
                unsafe { syscall1(libc::SYS_prctl as usize, libc::PR_GET_TIMERSLACK as usize) };
            assert_eq!(slack, 12_345);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_barrier_must_be_announced() {
        assert_eq!(membarrier(Membarrier::PrivateExpedited), Err(Errno::EPERM));
        assert_eq!(membarrier(Membarrier::Register), Ok(()));
        assert_eq!(membarrier(Membarrier::PrivateExpedited), Ok(()));
    }

    #[test]
    fn random_bytes_differ() {
        let (mut one, mut other) = ([0u8; 16], [0u8; 16]);
        assert_eq!((getrandom(&mut one), getrandom(&mut other)), (Ok(16), Ok(16)));
        assert_ne!(one, other);
    }

    #[test]
    fn the_stack_has_a_limit_or_none() {
        let limit = rlimit_stack().unwrap();
        assert!(limit.soft <= limit.hard && limit.soft >= 64 << 10);
    }
}
