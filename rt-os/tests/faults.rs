//! A fault seen by a handler: where it was, on which stack, under which mask. By itself, for it
//! takes SIGSEGV from the whole process.

use std::sync::atomic::{AtomicUsize, Ordering};

use rt_os::sys::mem::{self, Protection, Purpose};
use rt_os::sys::signal::{self, SigInfo, SigSet, UContext};

const PAGE: usize = 4096;
const STACK_BYTES: usize = 16 * PAGE;

/// What the handler saw. Written on the thread that faults, read by it afterwards.
static FAULT: AtomicUsize = AtomicUsize::new(0);
static CODE: AtomicUsize = AtomicUsize::new(0);
static HANDLER_SP: AtomicUsize = AtomicUsize::new(0);
static FAULT_SP: AtomicUsize = AtomicUsize::new(0);
static MASK: AtomicUsize = AtomicUsize::new(0);

/// Notes all and opens the page, so that the instruction succeeds when it runs again.
unsafe extern "C" fn on_fault(_: i32, info: *mut SigInfo, context: *mut UContext) {
    // SAFETY: the kernel's, for the handler's time.
    let (info, context) = unsafe { (&*info, &*context) };
    FAULT.store(info.fault_address(), Ordering::Relaxed);
    CODE.store(info.code() as usize, Ordering::Relaxed);
    HANDLER_SP.store(rt_asm::cpu::stack_pointer(), Ordering::Relaxed);
    FAULT_SP.store(context.rsp(), Ordering::Relaxed);
    MASK.store(signal::mask().0 as usize, Ordering::Relaxed);
    let page = info.fault_address() & !(PAGE - 1);
    // SAFETY: the test's own page.
    unsafe { mem::protect(page, PAGE, Protection::ReadWrite) }.unwrap();
}

#[test]
fn a_handler_sees_the_fault_and_repairs_it() {
    let stack = mem::map(STACK_BYTES, Protection::ReadWrite, Purpose::Stacks).unwrap();
    let page = mem::map(PAGE, Protection::None, Purpose::Heap).unwrap().as_ptr();
    let lo = stack.as_ptr() as usize;
    // SAFETY: mapped for it, for ever.
    unsafe { signal::sigaltstack(lo, STACK_BYTES) };
    assert_eq!(signal::altstack(), Some((lo, STACK_BYTES)));
    let before = signal::mask();
    // SAFETY: the handler does system calls and relaxed stores only.
    unsafe { signal::sigaction(libc::SIGSEGV, on_fault) };
    let sp = rt_asm::cpu::stack_pointer();
    // SAFETY: the handler makes the page writable.
    unsafe { page.add(123).write_volatile(7) };
    signal::set_default(libc::SIGSEGV);

    // SAFETY: writable now.
    assert_eq!(unsafe { page.add(123).read_volatile() }, 7);
    assert_eq!(FAULT.load(Ordering::Relaxed), page as usize + 123);
    assert_eq!(CODE.load(Ordering::Relaxed), 2, "SEGV_ACCERR");
    assert!((lo..lo + STACK_BYTES).contains(&HANDLER_SP.load(Ordering::Relaxed)));
    assert!(FAULT_SP.load(Ordering::Relaxed).abs_diff(sp) < PAGE);
    // All but SIGKILL and SIGSTOP, which cannot be blocked.
    let all = SigSet(!(1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1)));
    assert_eq!(MASK.load(Ordering::Relaxed) as u64, all.0);
    assert_eq!(signal::mask(), before);
}
