//! Sleeping on a word: futex(2). Go: `futexsleep`, `futexwakeup`.
//!
//! # Safety
//! - **word**: the kernel reads the word under its own lock and writes nothing.
#![allow(unsafe_code, reason = "**word**: the kernel looks at our memory")]

use core::sync::atomic::AtomicU32;

use rt_asm::syscall::{syscall3, syscall4};

use crate::errno::Errno;
use crate::throw::{is_dying, throw_with};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Somebody woke it, or nobody did: look at the word.
    Woken,
    /// The word was not what was expected.
    Changed,
    /// The time is over.
    TimedOut,
    /// A signal came.
    Interrupted,
}

/// Sleeps while `word` is `expected`, at most `timeout_ns`.
pub fn wait(word: &AtomicU32, expected: u32, timeout_ns: Option<u64>) -> Wake {
    let number = libc::SYS_futex as usize;
    let op = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
    let time = timeout_ns.map(|ns| libc::timespec {
        tv_sec: (ns / 1_000_000_000) as i64,
        tv_nsec: (ns % 1_000_000_000) as i64,
    });
    let time = time.as_ref().map_or(0, |time| core::ptr::from_ref(time) as usize);
    // SAFETY: **word**; the time outlives the call.
    let ret = unsafe { syscall4(number, word.as_ptr() as usize, op, expected as usize, time) };
    match Errno::check(ret) {
        Ok(_) => Wake::Woken,
        Err(Errno::EAGAIN) => Wake::Changed,
        Err(Errno::ETIMEDOUT) => Wake::TimedOut,
        Err(Errno::EINTR) => Wake::Interrupted,
        Err(error) => futex_failed("futexsleep", error),
    }
}

/// Wakes up to `count` threads that sleep on `word`; returns how many.
pub fn wake(word: &AtomicU32, count: u32) -> u32 {
    wake_address(word.as_ptr(), count)
}

/// As [`wake`], for a word that may be gone: the kernel uses the address as a name only.
pub fn wake_address(word: *const u32, count: u32) -> u32 {
    let number = libc::SYS_futex as usize;
    let op = (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG) as usize;
    // SAFETY: **word**: a private wake does not even read it.
    let ret = unsafe { syscall3(number, word as usize, op, count.min(i32::MAX as u32) as usize) };
    match Errno::check(ret) {
        Ok(woken) => woken as u32,
        Err(Errno::EFAULT) => 0, // the word is gone, and so is who slept on it
        // The text of a failed sleep must get out; and who slept here sleeps until the end.
        Err(_) if is_dying() => 0,
        Err(error) => futex_failed("futexwakeup", error),
    }
}

#[cold]
fn futex_failed(what: &str, error: Errno) -> ! {
    throw_with(format_args!("runtime: {what} failed: {error:?}\n"), what)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::sys::{signal, thread};
    use core::sync::atomic::Ordering;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[test]
    fn waits_end_for_the_right_reason() {
        let word = AtomicU32::new(1);
        assert_eq!(wait(&word, 0, None), Wake::Changed);
        assert_eq!(wait(&word, 1, Some(0)), Wake::TimedOut);
        let start = Instant::now();
        assert_eq!(wait(&word, 1, Some(10_000_000)), Wake::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert_eq!(wake(&word, u32::MAX), 0);
    }

    #[test]
    fn a_sleeper_is_woken() {
        let word = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&word);
        let thread = std::thread::spawn(move || {
            while theirs.load(Ordering::Acquire) == 0 {
                wait(&theirs, 0, Some(u64::MAX));
            }
        });
        std::thread::sleep(Duration::from_millis(5));
        word.store(1, Ordering::Release);
        wake(&word, 1);
        thread.join().unwrap();
    }

    #[test]
    fn a_wake_wakes_so_many_and_no_more() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            let sleepers = [(); 3].map(|()| scope.spawn(|| wait(&word, 0, None)));
            let (mut woken, give_up) = (0, Instant::now() + Duration::from_secs(10));
            while woken < 3 && Instant::now() < give_up {
                let now = wake(&word, 1);
                assert!(now <= 1);
                woken += now;
                std::thread::yield_now();
            }
            assert_eq!(woken, 3);
            assert!(sleepers.into_iter().all(|sleeper| sleeper.join().unwrap() == Wake::Woken));
        });
        assert_eq!(wake(&word, u32::MAX), 0);
    }

    unsafe extern "C" fn nothing(_: i32, _: *mut signal::SigInfo, _: *mut signal::UContext) {}

    #[test]
    fn a_signal_ends_a_wait_with_a_timeout() {
        // SAFETY: the handler does nothing.
        unsafe { signal::sigaction(libc::SIGUSR1, nothing) };
        let (word, tid) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                tid.store(thread::gettid(), Ordering::Release);
                wait(&word, 0, Some(10_000_000_000))
            });
            while !sleeper.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
                let tid = tid.load(Ordering::Acquire);
                if tid != 0 {
                    let _gone = thread::tgkill(tid, libc::SIGUSR1);
                }
            }
            assert_eq!(sleeper.join().unwrap(), Wake::Interrupted);
        });
    }

    #[test]
    fn a_word_that_is_gone_wakes_nobody() {
        assert_eq!(wake_address(core::ptr::without_provenance(4096), 1), 0);
    }
}
