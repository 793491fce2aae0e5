//! Readiness of descriptors: epoll(7), eventfd(2), poll(2). Go: `netpoll_epoll.go`.
//!
//! # Safety
//! - **buffers**: the kernel writes at most the number of events it is given, into a slice of ours.
#![allow(unsafe_code, reason = "**buffers**: system calls")]

use core::sync::atomic::{AtomicBool, Ordering};

use rt_asm::syscall::{syscall1, syscall2, syscall3, syscall4, syscall6};

use crate::errno::Errno;
use crate::sys::file::{self, Fd};

/// Something can be read, or accepted.
pub const READABLE: u32 = libc::EPOLLIN as u32;
/// Something can be written, or a connection has come about.
pub const WRITABLE: u32 = libc::EPOLLOUT as u32;
/// The other side writes no more.
pub const READ_CLOSED: u32 = libc::EPOLLRDHUP as u32;
/// Urgent data.
pub const PRIORITY: u32 = libc::EPOLLPRI as u32;
/// An error. Always reported.
pub const ERROR: u32 = libc::EPOLLERR as u32;
/// Both sides are done. Always reported.
pub const HANGUP: u32 = libc::EPOLLHUP as u32;
/// Report changes only, and each once.
pub const EDGE: u32 = libc::EPOLLET as u32;

const NS_PER_MS: u64 = 1_000_000;

/// A report. The kernel's `struct epoll_event`, which is packed on x86-64.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed)]
pub struct Event {
    events: u32,
    data: u64,
}

impl Event {
    /// What has happened, or what to look for.
    #[must_use]
    pub fn events(&self) -> u32 {
        self.events
    }

    /// The word that the descriptor was registered with.
    #[must_use]
    pub fn data(&self) -> u64 {
        self.data
    }
}

/// A set of descriptors to be looked after. Closed at exec.
///
/// # Errors
/// epoll_create1(2): EMFILE, ENFILE, ENOMEM.
pub fn create() -> Result<Fd, Errno> {
    let number = libc::SYS_epoll_create1 as usize;
    // SAFETY: touches no memory.
    Errno::check(unsafe { syscall1(number, libc::EPOLL_CLOEXEC as usize) }).map(|fd| fd as Fd)
}

/// Has the set report `events` of `fd`, with `data`.
///
/// # Errors
/// epoll_ctl(2): EPERM when the file cannot be waited for, ENOSPC, ENOMEM, EEXIST.
pub fn add(set: Fd, fd: Fd, events: u32, data: u64) -> Result<(), Errno> {
    control(set, libc::EPOLL_CTL_ADD, fd, Event { events, data })
}

/// Has the set report `events` of `fd`, which it knows already, with other `data`; and anew what is
/// there.
///
/// # Errors
/// epoll_ctl(2): ENOENT.
pub fn change(set: Fd, fd: Fd, events: u32, data: u64) -> Result<(), Errno> {
    control(set, libc::EPOLL_CTL_MOD, fd, Event { events, data })
}

/// Has the set forget `fd`. That happens by itself when the last descriptor of the file is closed.
///
/// # Errors
/// epoll_ctl(2): ENOENT when it is not in the set.
pub fn remove(set: Fd, fd: Fd) -> Result<(), Errno> {
    control(set, libc::EPOLL_CTL_DEL, fd, Event::default())
}

fn control(set: Fd, what: i32, fd: Fd, event: Event) -> Result<(), Errno> {
    let (number, at) = (libc::SYS_epoll_ctl as usize, &raw const event as usize);
    // SAFETY: **buffers**: only read.
    let ret = unsafe { syscall4(number, set as usize, what as usize, fd as usize, at) };
    Errno::check(ret).map(drop)
}

/// The kernel knows timeouts in ns: epoll_pwait2(2), Linux 5.11. Until it has said no.
static IS_EXACT: AtomicBool = AtomicBool::new(true);

/// Waits for reports, at most `timeout_ns`; for ever without one. Returns how many there are: 0
/// when the time is over, or a signal came.
///
/// # Errors
/// epoll_wait(2), but not EINTR.
pub fn wait(set: Fd, events: &mut [Event], timeout_ns: Option<u64>) -> Result<usize, Errno> {
    let counted = match timeout_ns {
        Some(0) => wait_ms(set, events, 0),
        // Relaxed: whoever sees it late asks once more.
        _ if !IS_EXACT.load(Ordering::Relaxed) => wait_ms(set, events, to_ms(timeout_ns)),
        _ => match wait_ns(set, events, timeout_ns) {
            // EPERM and EACCES: a filter forbids it.
            Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) => {
                IS_EXACT.store(false, Ordering::Relaxed);
                wait_ms(set, events, to_ms(timeout_ns))
            }
            result => result,
        },
    };
    match counted {
        Err(Errno::EINTR) => Ok(0),
        result => result,
    }
}

/// Whole ms, none too early; -1 is for ever.
fn to_ms(timeout_ns: Option<u64>) -> i32 {
    timeout_ns.map_or(-1, |ns| ns.div_ceil(NS_PER_MS).min(i32::MAX as u64) as i32)
}

fn wait_ms(set: Fd, events: &mut [Event], timeout_ms: i32) -> Result<usize, Errno> {
    let (number, at) = (libc::SYS_epoll_wait as usize, events.as_mut_ptr() as usize);
    // SAFETY: **buffers**.
    let ret = unsafe { syscall4(number, set as usize, at, events.len(), timeout_ms as usize) };
    Errno::check(ret)
}

fn wait_ns(set: Fd, events: &mut [Event], timeout_ns: Option<u64>) -> Result<usize, Errno> {
    let time = timeout_ns.map(timespec);
    let time = time.as_ref().map_or(0, |time| core::ptr::from_ref(time) as usize);
    let (number, at) = (libc::SYS_epoll_pwait2 as usize, events.as_mut_ptr() as usize);
    // SAFETY: **buffers**; the time outlives the call; no signal mask.
    Errno::check(unsafe { syscall6(number, set as usize, at, events.len(), time, 0, 8) })
}

fn timespec(ns: u64) -> libc::timespec {
    libc::timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
}

/// Waits for one descriptor on this thread, at most `timeout_ns`; for ever without one. Returns
/// what has happened, 0 when the time is over, or a signal came.
///
/// # Errors
/// ppoll(2), but not EINTR.
pub fn poll_one(fd: Fd, events: u32, timeout_ns: Option<u64>) -> Result<u32, Errno> {
    let events = events as i16; // poll(2)'s bits are the same
    let mut one = libc::pollfd { fd, events, revents: 0 };
    let time = timeout_ns.map(timespec);
    let time = time.as_ref().map_or(0, |time| core::ptr::from_ref(time) as usize);
    let (number, at) = (libc::SYS_ppoll as usize, &raw mut one as usize);
    // SAFETY: **buffers**: one of ours; the kernel may change its copy of the time only.
    match Errno::check(unsafe { syscall6(number, at, 1, time, 0, 8, 0) }) {
        Ok(_) => Ok(u32::from(one.revents as u16)),
        Err(Errno::EINTR) => Ok(0),
        Err(error) => Err(error),
    }
}

/// A counter that can be waited for, at 0. Never blocks, closed at exec.
///
/// # Errors
/// eventfd(2): EMFILE, ENFILE, ENOMEM.
pub fn eventfd() -> Result<Fd, Errno> {
    let flags = (libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) as usize;
    // SAFETY: touches no memory.
    Errno::check(unsafe { syscall2(libc::SYS_eventfd2 as usize, 0, flags) }).map(|fd| fd as Fd)
}

/// Adds 1 to the counter: whoever waits for it is woken.
pub fn eventfd_signal(fd: Fd) {
    let _full = file::write(fd, &1u64.to_ne_bytes()); // then it is signalled already
}

/// Sets the counter to 0.
pub fn eventfd_clear(fd: Fd) {
    let mut count = [0u8; 8];
    let _zero = file::read(fd, &mut count); // EAGAIN: it was
}

/// Does `fd` never block? fcntl(2), O_NONBLOCK.
///
/// # Errors
/// EBADF.
pub fn is_nonblocking(fd: Fd) -> Result<bool, Errno> {
    let (number, get) = (libc::SYS_fcntl as usize, libc::F_GETFL as usize);
    // SAFETY: touches no memory.
    let flags = Errno::check(unsafe { syscall3(number, fd as usize, get, 0) })?;
    Ok(flags as i32 & libc::O_NONBLOCK != 0)
}

/// Has `fd` never block, or block again. ioctl(2), FIONBIO.
///
/// # Errors
/// EBADF.
pub fn set_nonblocking(fd: Fd, never_blocks: bool) -> Result<(), Errno> {
    let (number, value) = (libc::SYS_ioctl as usize, i32::from(never_blocks));
    let at = &raw const value as usize;
    // SAFETY: **buffers**: only read.
    let ret = unsafe { syscall3(number, fd as usize, libc::FIONBIO as usize, at) };
    Errno::check(ret).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_reported_until_it_is_cleared() {
        let (set, counter) = (create().unwrap(), eventfd().unwrap());
        add(set, counter, READABLE, 7).unwrap();
        assert_eq!(add(set, counter, READABLE, 7), Err(Errno::EEXIST));
        let mut events = [Event::default(); 4];
        assert_eq!(wait(set, &mut events, Some(0)), Ok(0));
        assert_eq!(wait(set, &mut events, Some(1_000)), Ok(0));
        eventfd_signal(counter);
        for timeout in [Some(0), Some(1_000_000_000), None] {
            assert_eq!(wait(set, &mut events, timeout), Ok(1));
            assert_eq!((events[0].data(), events[0].events()), (7, READABLE));
        }
        assert_eq!(poll_one(counter, READABLE, None), Ok(READABLE));
        eventfd_clear(counter);
        eventfd_clear(counter);
        assert_eq!(wait(set, &mut events, Some(0)), Ok(0));
        assert_eq!(poll_one(counter, READABLE, Some(1_000)), Ok(0));
        assert_eq!(remove(set, counter), Ok(()));
        assert_eq!(remove(set, counter), Err(Errno::ENOENT));
        file::close(set);
        file::close(counter);
        assert_eq!(wait(set, &mut events, Some(0)), Err(Errno::EBADF));
    }

    #[test]
    fn changes_are_reported_once() {
        let (set, counter) = (create().unwrap(), eventfd().unwrap());
        add(set, counter, READABLE | EDGE, 1 << 40).unwrap();
        let mut events = [Event::default(); 4];
        eventfd_signal(counter);
        assert_eq!(wait(set, &mut events, Some(0)), Ok(1));
        assert_eq!(events[0].data(), 1 << 40);
        assert_eq!(wait(set, &mut events, Some(0)), Ok(0));
        eventfd_signal(counter);
        assert_eq!(wait(set, &mut events, Some(0)), Ok(1));
        change(set, counter, READABLE | EDGE, 7).unwrap();
        assert_eq!(wait(set, &mut events, Some(0)), Ok(1));
        assert_eq!(events[0].data(), 7);
        file::close(set);
        file::close(counter);
    }

    #[test]
    fn times_are_rounded_up_to_ms() {
        assert_eq!(to_ms(None), -1);
        assert_eq!(to_ms(Some(1)), 1);
        assert_eq!(to_ms(Some(1_000_000)), 1);
        assert_eq!(to_ms(Some(1_000_001)), 2);
        assert_eq!(to_ms(Some(u64::MAX)), i32::MAX);
    }

    #[test]
    fn descriptors_change_whether_they_block() {
        let counter = eventfd().unwrap();
        let mut count = [0u8; 8];
        set_nonblocking(counter, false).unwrap();
        eventfd_signal(counter);
        assert_eq!(file::read(counter, &mut count), Ok(8));
        assert_eq!(is_nonblocking(counter), Ok(false));
        set_nonblocking(counter, true).unwrap();
        set_nonblocking(counter, true).unwrap();
        assert_eq!(is_nonblocking(counter), Ok(true));
        assert_eq!(file::read(counter, &mut count), Err(Errno::EAGAIN));
        file::close(counter);
        assert_eq!(set_nonblocking(counter, true), Err(Errno::EBADF));
        assert_eq!(is_nonblocking(counter), Err(Errno::EBADF));
    }
}
