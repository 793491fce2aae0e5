//! The ground of a bare program: threads by clone, signals by hand. Go: os_linux.go `newosproc`,
//! `minit`, `mpreinit`.
//!
//! # Safety
//! - **own**: the stacks given to a thread are its M's, mapped for it; its TLS words lie in the M.
//! - **tid word**: `m.alive` lives as long as the M, for ever: the kernel clears it when the thread
//!   ends.
#![allow(unsafe_code, reason = "**own**: clone")]

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use rt_asm::thread::{CloneArgs, clone_thread, exit_thread};
use rt_os::errno::Errno;
use rt_os::sys::{signal, thread};
use rt_sched::m::M;
use rt_sched::p::P;
use rt_sched::port::Port;
use rt_stack::bounds::Stack;
use rt_stack::system::MStacks;

/// Go's set, and the kernel's word at the thread's end. clone(2).
const CLONE_FLAGS: i32 = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_SYSVSEM
    | libc::CLONE_THREAD
    | libc::CLONE_SETTLS
    | libc::CLONE_CHILD_CLEARTID;

/// The signal stack of m0, in the program's own zero pages: nothing is touched before a signal
/// comes.
pub(crate) static GSIGNAL0: SignalStack0 = SignalStack0(UnsafeCell::new([0; 32 << 10]));

/// See [`GSIGNAL0`].
#[repr(C, align(64))]
pub(crate) struct SignalStack0(UnsafeCell<[u8; 32 << 10]>);

// SAFETY: nobody but the kernel and m0's handlers use the bytes.
unsafe impl Sync for SignalStack0 {}

impl SignalStack0 {
    pub(crate) fn bounds(&self) -> Stack {
        let lo = self.0.get() as usize;
        Stack { lo, hi: lo + size_of::<SignalStack0>() }
    }
}

/// The ground.
#[derive(Debug)]
pub(crate) struct Bare;
/// The one value of it.
pub(crate) static BARE: Bare = Bare;

unsafe extern "C" fn thread_entry(mp: usize) -> ! {
    let mp = NonNull::new(mp as *mut M).expect("clone was given an M");
    // SAFETY: this is the thread that was started for it.
    unsafe { rt_sched::thread::mstart(mp) }
}

impl Port for Bare {
    unsafe fn start_thread(&self, mp: NonNull<M>) -> Result<(), Errno> {
        // SAFETY: Ms live for ever.
        let m = unsafe { mp.as_ref() };
        let args = CloneArgs {
            flags: CLONE_FLAGS as usize,
            stack_hi: m.g0_stack().hi & !15,
            tls: m.tls() as usize + size_of::<usize>(), // ELF wants the slot at -8(FS)
            child_tid: m.alive_word().as_ptr() as usize,
            entry: thread_entry,
            arg: mp.as_ptr() as usize,
        };
        m.alive_word().store(1, Ordering::Relaxed);
        // No handler may run on the new thread before it has a stack for it.
        let old = signal::block_all();
        // SAFETY: **own**, **tid word**; the caller says that mp has no thread.
        let ret = unsafe { clone_thread(&args) };
        signal::set_mask(old);
        if ret > 0 {
            return Ok(());
        }
        m.alive_word().store(0, Ordering::Relaxed);
        Err(Errno::from_raw(-ret as i32))
    }

    fn minit(&self, mp: &M) {
        if let Some(stack) = mp.gsignal_stack() {
            // SAFETY: the M's own, for this alone.
            unsafe { signal::sigaltstack(stack.lo, stack.size_bytes()) };
        }
        mp.set_procid(thread::gettid());
        if mp.id() == 0 {
            crate::signal::install(); // m0 has its mask from the kernel
        } else {
            signal::set_mask(mp.start_mask());
        }
    }

    fn stacks(&self) -> Result<Option<MStacks>, Errno> {
        // SAFETY: the boot has filled it.
        let args = unsafe { crate::rt0::ARGS.get() };
        MStacks::map(args.auxv().minsigstksz).map(Some)
    }

    unsafe fn exit_thread(&self, _mp: &M) -> ! {
        signal::block_all(); // a handler would need a stack that is about to be free
        // SAFETY: the caller's.
        unsafe { exit_thread() }
    }

    fn p_destroyed(&self, pp: &P) {
        crate::heap::p_destroyed(pp);
    }

    fn detects_deadlock(&self) -> bool {
        true
    }
}
