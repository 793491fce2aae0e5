//! The monotonic clock, by the vDSO where there is one. Go: `nanotime`, `walltime`.
//!
//! The vDSO is a small shared object that the kernel maps into every process; its clock_gettime
//! reads the time without a system call. It is looked up at the first reading, not at boot.
//!
//! # Safety
//! - **image**: AT_SYSINFO_EHDR names a whole ELF image, mapped for ever (vdso(7)).
#![allow(unsafe_code, reason = "**image**: the kernel's ELF image")]

use core::sync::atomic::{AtomicUsize, Ordering};

use rt_asm::syscall::syscall2;

use crate::args::Auxv;
use crate::sys::vdso::find_symbol;

type ClockGettime = unsafe extern "C" fn(i32, *mut libc::timespec) -> i32;

/// The vDSO's address; 0: there is none. Stored once by osinit.
static VDSO: AtomicUsize = AtomicUsize::new(NOT_TOLD);
/// Nobody has said. Not zero: what the boot writes lies together in initialised data.
const NOT_TOLD: usize = usize::MAX;
/// The function: 2 not looked up yet, 1 there is none, else its address. Looking up twice is
/// harmless.
static FUNCTION: AtomicUsize = AtomicUsize::new(UNKNOWN);
const UNKNOWN: usize = 2; // not zero, as above
const NONE: usize = 1;

/// Tells where the vDSO is: AT_SYSINFO_EHDR.
pub fn set_vdso(auxv: &Auxv) {
    VDSO.store(auxv.sysinfo_ehdr, Ordering::Release);
    if FUNCTION.load(Ordering::Relaxed) == NONE {
        FUNCTION.store(UNKNOWN, Ordering::Release);
    }
}

/// ns of CLOCK_MONOTONIC. Never 0: a clock that says so ends the program. Go: `nanotime`.
#[must_use]
pub fn nanotime() -> u64 {
    not_zero(read(libc::CLOCK_MONOTONIC))
}

/// ns since 1970. Go: `walltime`.
#[must_use]
pub fn walltime() -> u64 {
    read(libc::CLOCK_REALTIME)
}

/// ns of CLOCK_MONOTONIC, by a system call: cheaper for the one reading of a short program.
#[must_use]
pub fn nanotime_by_syscall() -> u64 {
    not_zero(by_syscall(libc::CLOCK_MONOTONIC))
}

/// ns of CPU time that a thread of this process has used; `None` when it is gone. Go: none;
/// clock_getcpuclockid(3).
#[must_use]
pub fn thread_cpu_ns(tid: u32) -> Option<u64> {
    const PER_THREAD: i32 = 4; // linux/posix-timers.h: CPUCLOCK_PERTHREAD_MASK
    const SCHEDULED: i32 = 2; // CPUCLOCK_SCHED
    let clock = !(tid as i32) << 3 | PER_THREAD | SCHEDULED;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let number = libc::SYS_clock_gettime as usize;
    // SAFETY: the kernel fills a timespec of ours.
    let ret = unsafe { syscall2(number, clock as isize as usize, &raw mut time as usize) };
    (ret == 0).then(|| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

fn not_zero(now: u64) -> u64 {
    if now == 0 {
        crate::throw::throw("nanotime returning zero");
    }
    now
}

fn read(clock: i32) -> u64 {
    let mut function = FUNCTION.load(Ordering::Acquire);
    if function == UNKNOWN {
        function = look_up();
        FUNCTION.store(function, Ordering::Release);
    }
    if function == NONE {
        return by_syscall(clock);
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: **image**: the address of clock_gettime, found under its name.
    let ret =
        unsafe { core::mem::transmute::<usize, ClockGettime>(function)(clock, &raw mut time) };
    if ret == 0 { in_ns(time) } else { by_syscall(clock) }
}

fn by_syscall(clock: i32) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let number = libc::SYS_clock_gettime as usize;
    // SAFETY: the kernel fills the struct, or leaves the zeroes.
    unsafe { syscall2(number, clock as usize, &raw mut time as usize) };
    in_ns(time)
}

fn in_ns(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn look_up() -> usize {
    match VDSO.load(Ordering::Acquire) {
        0 | NOT_TOLD => NONE,
        // SAFETY: **image**.
        ehdr => unsafe { find_symbol(ehdr, c"__vdso_clock_gettime") }.unwrap_or(NONE),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::args::Args;

    fn auxv() -> Auxv {
        let empty: [usize; 4] = [0; 4];
        // SAFETY: no arguments, no environment, an empty vector: the kernel's copy is read.
        *unsafe { Args::new(0, empty.as_ptr().cast()) }.auxv()
    }

    fn vdso() -> usize {
        auxv().sysinfo_ehdr
    }

    #[test]
    fn the_vdso_and_the_system_call_agree() {
        // SAFETY: the kernel's image.
        let function = unsafe { find_symbol(vdso(), c"__vdso_clock_gettime") };
        assert!(function.is_some(), "no clock in the vDSO");
        // SAFETY: as above.
        assert_eq!(unsafe { find_symbol(vdso(), c"no_such_symbol") }, None);
        set_vdso(&auxv());
        for _ in 0..1000 {
            let (before, now, after) = (nanotime_by_syscall(), nanotime(), nanotime_by_syscall());
            assert!(before <= now && now <= after);
        }
    }

    #[test]
    fn a_threads_cpu_time_goes_on_while_it_computes() {
        let tid = crate::sys::thread::gettid();
        let first = thread_cpu_ns(tid).unwrap();
        let start = nanotime();
        while nanotime() < start + 2_000_000 {}
        assert!(thread_cpu_ns(tid).unwrap() > first);
        assert_eq!(thread_cpu_ns(u32::MAX >> 4), None);
    }

    #[test]
    fn wall_time_is_after_this_was_written() {
        assert!(walltime() > 1_760_000_000_000_000_000);
    }
}
