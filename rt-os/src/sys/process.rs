//! Other processes.
//!
//! # Safety
//! - **numbers**: the kernel touches no memory of ours.
#![allow(unsafe_code, reason = "**numbers**: system calls")]

use rt_asm::syscall::syscall2;

use super::file::Fd;
use crate::errno::Errno;

/// A descriptor of the process `pid`, closed at exec; it can be read when that has ended.
/// pidfd_open(2), Linux 5.3.
///
/// # Errors
/// ESRCH when it is gone; ENOSYS, EMFILE, ENFILE, ENOMEM.
pub fn pidfd_open(pid: u32) -> Result<Fd, Errno> {
    // SAFETY: **numbers**.
    Errno::check(unsafe { syscall2(libc::SYS_pidfd_open as usize, pid as usize, 0) })
        .map(|fd| fd as Fd)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::sys::epoll::{READABLE, poll_one};
    use crate::sys::file::close;

    #[test]
    fn the_end_of_a_process_is_seen() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("there is cat");
        let pidfd = pidfd_open(child.id()).expect("a child that nobody has waited for");
        assert_eq!(poll_one(pidfd, READABLE, Some(0)), Ok(0));
        drop(child.stdin.take());
        assert_eq!(poll_one(pidfd, READABLE, None), Ok(READABLE));
        close(pidfd);
        assert!(child.wait().expect("it is ours").success());
        assert_eq!(pidfd_open(child.id()), Err(Errno::ESRCH));
    }
}
