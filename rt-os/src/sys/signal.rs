//! Signals: masks, stacks, handlers. rt_sigprocmask(2), sigaltstack(2), rt_sigaction(2).
//!
//! # Safety
//! - **kernel structs**: the layouts are the kernel's for x86-64: sets of 8 bytes, sigaction with a
//!   restorer, siginfo and ucontext as libc names them.
#![allow(unsafe_code, reason = "**kernel structs**: system calls")]

use rt_asm::syscall::{syscall2, syscall4};

use crate::errno::Errno;
use crate::sys::thread;

/// A set of signals: bit n-1 is signal n. The kernel's `sigset_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigSet(pub u64);

const SIGSET_BYTES: usize = 8;
const SA_RESTORER: u64 = 0x0400_0000;

fn change_mask(how: i32, new: Option<SigSet>) -> SigSet {
    let mut old = SigSet::default();
    let new = new.as_ref().map_or(0, |new| core::ptr::from_ref(new) as usize);
    let number = libc::SYS_rt_sigprocmask as usize;
    // SAFETY: **kernel structs**: two sets of ours.
    unsafe { syscall4(number, how as usize, new, &raw mut old as usize, SIGSET_BYTES) };
    old
}

/// The calling thread's mask. Go: `sigsave`.
#[must_use]
pub fn mask() -> SigSet {
    change_mask(libc::SIG_SETMASK, None)
}

/// Blocks all signals; returns the old mask. Go: `sigblock`.
pub fn block_all() -> SigSet {
    change_mask(libc::SIG_SETMASK, Some(SigSet(u64::MAX)))
}

/// Sets the calling thread's mask; returns the old one.
pub fn set_mask(new: SigSet) -> SigSet {
    change_mask(libc::SIG_SETMASK, Some(new))
}

/// Makes the calling thread's handlers run on `len_bytes` from `lo`. Go: `signalstack`.
///
/// The stack must stay as long as the thread; a handler that finds it gone is killed by the kernel.
pub fn sigaltstack(lo: usize, len_bytes: usize) {
    let stack = libc::stack_t { ss_sp: lo as *mut _, ss_flags: 0, ss_size: len_bytes };
    let number = libc::SYS_sigaltstack as usize;
    // SAFETY: **kernel structs**: only read.
    let ret = unsafe { syscall2(number, core::ptr::from_ref(&stack) as usize, 0) };
    if let Err(error) = Errno::check(ret) {
        crate::throw::throw_with(
            format_args!("runtime: sigaltstack of {len_bytes} bytes: {error:?}\n"),
            "sigaltstack",
        );
    }
}

/// Where the calling thread's handlers run: lowest address and bytes; `None` on its own stack.
#[must_use]
pub fn altstack() -> Option<(usize, usize)> {
    let mut stack = libc::stack_t { ss_sp: core::ptr::null_mut(), ss_flags: 0, ss_size: 0 };
    let number = libc::SYS_sigaltstack as usize;
    // SAFETY: **kernel structs**: one of ours.
    let ret = unsafe { syscall2(number, 0, &raw mut stack as usize) };
    let set = Errno::check(ret).is_ok() && stack.ss_flags & libc::SS_DISABLE == 0;
    set.then_some((stack.ss_sp as usize, stack.ss_size))
}

/// Sends a signal to the calling thread. Go: `raise`.
///
/// # Errors
/// EINVAL when there is no such signal.
pub fn raise(number: i32) -> Result<(), Errno> {
    thread::tgkill(thread::gettid(), number)
}

/// What the kernel tells a handler about the signal.
#[repr(transparent)]
pub struct SigInfo(libc::siginfo_t);

impl core::fmt::Debug for SigInfo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SigInfo").field("code", &self.code()).finish_non_exhaustive()
    }
}

impl SigInfo {
    /// `si_code`.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.0.si_code
    }

    /// The address whose access failed, for SIGSEGV and SIGBUS.
    #[must_use]
    pub fn fault_address(&self) -> usize {
        // si_addr is the word behind the three ints and their padding.
        let words = core::ptr::from_ref(&self.0).cast::<usize>();
        // SAFETY: **kernel structs**: 128 bytes.
        unsafe { *words.add(2) }
    }
}

/// Where the signal came, as the kernel saved it.
#[repr(transparent)]
pub struct UContext(libc::ucontext_t);

impl core::fmt::Debug for UContext {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UContext").field("rip", &self.rip()).finish_non_exhaustive()
    }
}

impl UContext {
    /// The interrupted instruction.
    #[must_use]
    pub fn rip(&self) -> usize {
        self.0.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
    }

    /// The interrupted stack pointer.
    #[must_use]
    pub fn rsp(&self) -> usize {
        self.0.uc_mcontext.gregs[libc::REG_RSP as usize] as usize
    }

    /// The interrupted frame pointer.
    #[must_use]
    pub fn rbp(&self) -> usize {
        self.0.uc_mcontext.gregs[libc::REG_RBP as usize] as usize
    }
}

/// A handler, on the signal stack, all signals blocked.
pub type Handler = unsafe extern "C" fn(i32, *mut SigInfo, *mut UContext);

/// The kernel's `struct sigaction`.
#[repr(C)]
struct SigAction {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: SigSet,
}

/// Installs a handler: on the signal stack, restarting system calls. Go: `setsig`.
///
/// # Safety
/// The handler must do only what is sound wherever the signal may come.
pub unsafe fn sigaction(number: i32, handler: Handler) {
    // SAFETY: the caller's.
    unsafe { set_action(number, handler as usize) };
}

/// Has the kernel do with a signal what it does by default.
pub fn set_default(number: i32) {
    // SAFETY: no handler is left to be wrong.
    unsafe { set_action(number, libc::SIG_DFL) };
}

/// # Safety
/// As [`sigaction`], if `handler` is one.
unsafe fn set_action(number: i32, handler: usize) {
    let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    let action = SigAction {
        handler,
        flags: flags as u64 | SA_RESTORER,
        restorer: rt_asm::signal::sigreturn as *const () as usize,
        mask: SigSet(u64::MAX),
    };
    let action = core::ptr::from_ref(&action) as usize;
    let call = libc::SYS_rt_sigaction as usize;
    // SAFETY: **kernel structs**; the handler is the caller's.
    let ret = unsafe { syscall4(call, number as usize, action, 0, SIGSET_BYTES) };
    if let Err(error) = Errno::check(ret) {
        crate::throw::throw_with(
            format_args!("runtime: sigaction of signal {number}: {error:?}\n"),
            "sigaction failed",
        );
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};

    static SEEN: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn note(number: i32, _info: *mut SigInfo, context: *mut UContext) {
        // SAFETY: the kernel's.
        let rip = unsafe { (*context).rip() };
        SEEN.store(number as usize + usize::from(rip != 0) * 1000, Ordering::SeqCst);
    }

    #[test]
    fn a_handler_runs_and_returns_and_masks_hold() {
        let usr2 = libc::SIGUSR2;
        // SAFETY: the handler stores a number.
        unsafe { sigaction(usr2, note) };
        let old = block_all();
        raise(usr2).unwrap();
        assert_eq!(SEEN.load(Ordering::SeqCst), 0);
        set_mask(old);
        assert_eq!(SEEN.load(Ordering::SeqCst), 1000 + usr2 as usize);
        assert_eq!(mask(), old);
        assert_eq!(raise(65), Err(Errno::EINVAL));
    }
}
