//! Signals: masks, stacks, handlers. rt_sigprocmask(2), sigaltstack(2), rt_sigaction(2).
//!
//! # Safety
//! - **kernel structs**: the layouts are the kernel's for x86-64: sets of 8 bytes, sigaction with a
//!   restorer, siginfo and ucontext as libc names them.
#![allow(unsafe_code, reason = "**kernel structs**: system calls")]

use rt_asm::registers::Registers;
use rt_asm::syscall::{syscall2, syscall4};

use crate::errno::Errno;
use crate::sys::thread;

/// A set of signals: bit n-1 is signal n. The kernel's `sigset_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigSet(pub u64);

impl SigSet {
    /// The set of one signal.
    #[must_use]
    pub const fn of(number: i32) -> SigSet {
        SigSet(1 << (number - 1))
    }
}

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
/// # Safety
/// The memory is the caller's to write, used for nothing else, and stays as long as the thread.
pub unsafe fn sigaltstack(lo: usize, len_bytes: usize) {
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

/// Has the calling thread get a signal that it blocks.
pub fn unblock(number: i32) {
    change_mask(libc::SIG_UNBLOCK, Some(SigSet::of(number)));
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

    /// Was it sent by a process, not made by the kernel? Go: `sigFromUser`.
    #[must_use]
    pub fn is_from_user(&self) -> bool {
        self.code() <= 0
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
    pub(crate) fn greg(&self, number: i32) -> usize {
        self.0.uc_mcontext.gregs[number as usize] as usize
    }

    /// What a system call at the interrupted place has returned, and its first argument.
    #[must_use]
    pub fn call_result(&self) -> (isize, usize) {
        (self.greg(libc::REG_RAX) as isize, self.greg(libc::REG_RDI))
    }

    /// All that a walk of the interrupted stack begins with.
    #[must_use]
    pub fn registers(&self) -> Registers {
        use libc::{REG_R12, REG_R13, REG_R14, REG_R15, REG_RBX};
        Registers {
            pc: self.rip(),
            sp: self.rsp(),
            bp: self.rbp(),
            bx: self.greg(REG_RBX),
            r12_to_15: [REG_R12, REG_R13, REG_R14, REG_R15].map(|number| self.greg(number)),
        }
    }

    /// The interrupted instruction.
    #[must_use]
    pub fn rip(&self) -> usize {
        self.greg(libc::REG_RIP)
    }

    /// The interrupted stack pointer.
    #[must_use]
    pub fn rsp(&self) -> usize {
        self.greg(libc::REG_RSP)
    }

    /// The interrupted frame pointer.
    #[must_use]
    pub fn rbp(&self) -> usize {
        self.greg(libc::REG_RBP)
    }
}

/// A handler, on the signal stack, all signals blocked.
pub type Handler = unsafe extern "C" fn(i32, *mut SigInfo, *mut UContext);

/// What is done with a signal. The kernel's `struct sigaction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: SigSet,
}

impl Action {
    /// What the kernel does by default.
    pub const DEFAULT: Action =
        Action { handler: libc::SIG_DFL, flags: 0, restorer: 0, mask: SigSet(0) };
    /// Nothing.
    pub const IGNORE: Action = Action { handler: libc::SIG_IGN, ..Action::DEFAULT };

    /// Calls a handler: on the signal stack, all signals blocked, restarting system calls. Go:
    /// `setsig`.
    ///
    /// # Safety
    /// The handler must do only what is sound wherever the signal may come.
    #[must_use]
    pub unsafe fn call(handler: Handler) -> Action {
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        Action {
            handler: handler as usize,
            flags: flags as u64 | SA_RESTORER,
            restorer: rt_asm::signal::sigreturn as *const () as usize,
            mask: SigSet(u64::MAX),
        }
    }

    /// Does it lead to the same handler?
    #[must_use]
    pub fn is_like(&self, other: &Action) -> bool {
        self.handler == other.handler
    }
}

/// What is done with a signal just now. Go: `getsig`.
///
/// # Errors
/// EINVAL when there is no such signal.
pub fn action(number: i32) -> Result<Action, Errno> {
    change_action(number, None)
}

/// Has this done with a signal from now on; returns what was done before.
///
/// # Errors
/// EINVAL when there is no such signal, or nothing else can be done with it.
pub fn swap_action(number: i32, new: &Action) -> Result<Action, Errno> {
    change_action(number, Some(new))
}

fn change_action(number: i32, new: Option<&Action>) -> Result<Action, Errno> {
    let mut old = Action::DEFAULT;
    let new = new.map_or(0, |new| core::ptr::from_ref(new) as usize);
    let call = libc::SYS_rt_sigaction as usize;
    // SAFETY: **kernel structs**; a handler's maker has promised that it is sound.
    let ret = unsafe { syscall4(call, number as usize, new, &raw mut old as usize, SIGSET_BYTES) };
    Errno::check(ret).map(|_| old)
}

/// Installs a handler: on the signal stack, restarting system calls. Go: `setsig`.
///
/// # Safety
/// The handler must do only what is sound wherever the signal may come.
pub unsafe fn sigaction(number: i32, handler: Handler) {
    // SAFETY: the caller's.
    must_set(number, &unsafe { Action::call(handler) });
}

/// Has the kernel do with a signal what it does by default.
pub fn set_default(number: i32) {
    must_set(number, &Action::DEFAULT);
}

fn must_set(number: i32, action: &Action) {
    if let Err(error) = swap_action(number, action) {
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
