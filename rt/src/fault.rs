//! Stack overflow of a goroutine in a std program. Faults that are not ours go to whoever handled
//! them before: std says its own words about its threads. When nobody handles one, the goroutine,
//! the address and the stack are named before the signal ends the program.
//!
//! # Safety
//! - **handler**: runs on the thread's signal stack; it writes to stderr, takes no lock and
//!   allocates nothing; it aborts, or passes the signal on.
//! - **before us**: the old actions are written before our handler can run, and never again.
#![allow(unsafe_code, reason = "**handler**: signal handlers get raw pointers")]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use rt_os::sys::signal::{UContext, altstack};
use rt_os::throw::{Blame, Ending, Failure, die};
use rt_sched::current::{current_goid, current_stack};

/// Bytes of a signal stack that we bring for a thread without one.
const SIGNAL_STACK_BYTES: usize = 32 << 10;

/// The actions before ours: of SIGSEGV, then of SIGBUS.
struct Old(UnsafeCell<[MaybeUninit<libc::sigaction>; 2]>);
// SAFETY: **before us**.
unsafe impl Sync for Old {}
static OLD: Old = Old(UnsafeCell::new([MaybeUninit::zeroed(); 2]));

const SIGNALS: [i32; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Installs the handler. Once, at the start.
pub(crate) fn install() {
    for (place, number) in SIGNALS.into_iter().enumerate() {
        // SAFETY: plain data, filled in below.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: **before us**: read first, so that the handler finds it.
        unsafe {
            let old = (*OLD.0.get())[place].as_mut_ptr();
            libc::sigaction(number, std::ptr::null(), old);
            libc::sigaction(number, &raw const action, null_mut());
        }
    }
}

/// Sees to it that the calling thread can handle a fault when its stack is full. std's threads can.
pub(crate) fn have_signal_stack() {
    if altstack().is_some() {
        return;
    }
    let stack = Box::leak(vec![0u8; SIGNAL_STACK_BYTES].into_boxed_slice());
    // SAFETY: leaked, for this alone.
    unsafe { rt_os::sys::signal::sigaltstack(stack.as_mut_ptr() as usize, stack.len()) };
}

unsafe extern "C" fn on_fault(number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel's, for the time of the handler.
    let address = unsafe { (*info).si_addr() } as usize;
    if let Some(sched) = crate::boot::try_sched()
        && let Some(found) = sched.stacks.find(address).filter(|found| found.in_guard)
    {
        let (lo, hi) = (found.stack.lo, found.stack.hi);
        let limit = sched.stacks.pool_of(found.stack).slot_bytes();
        // SAFETY: the kernel's, for the time of the handler; the crates' names for one struct.
        let registers = unsafe { (*context.cast::<UContext>()).registers() };
        let failure = Failure {
            registers: Some(registers),
            ending: Ending::Abort, // as std ends at an overflow
            ..Failure::here(Blame::Runtime)
        };
        let text = format_args!(
            "runtime: goroutine stack exceeds {limit}-byte limit\n\
             runtime: addr={address:#x} stack=[{lo:#x}, {hi:#x}]\n\
             fatal error: stack overflow\n"
        );
        die(&failure, text);
    }
    // SAFETY: as the kernel called us.
    unsafe { pass_on(number, info, context) };
    // SAFETY: the kernel's, for the time of the handler.
    let (code, sp) = unsafe { ((*info).si_code, (*context.cast::<UContext>()).rsp()) };
    if code > 0 && is_deadly(number) {
        tell(address, sp);
    }
}

/// Is the signal about to end the program? Who handled it before has given up then, as std's
/// handler does.
fn is_deadly(number: i32) -> bool {
    // SAFETY: plain data, filled in.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: it only reads.
    unsafe { libc::sigaction(number, std::ptr::null(), &raw mut now) };
    now.sa_sigaction == libc::SIG_DFL
}

/// Names what nobody handles. Go: `sigpanic`'s text for a fault outside of Go.
fn tell(address: usize, sp: usize) {
    let (goid, stack) = (current_goid(), current_stack()); // 0 and none on g0
    if goid != 0 {
        let (lo, hi) = (stack.lo, stack.hi);
        rt_os::eprintln!(
            "unexpected fault address {address:#x}\n\
             runtime: goroutine {goid} sp={sp:#x} stack=[{lo:#x}, {hi:#x}]"
        );
    }
}

/// Does what would have happened without us.
unsafe fn pass_on(number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let place = SIGNALS.iter().position(|&signal| signal == number).unwrap_or(0);
    // SAFETY: **before us**.
    let old = unsafe { (*OLD.0.get())[place].assume_init_ref() };
    if old.sa_sigaction == libc::SIG_DFL || old.sa_sigaction == libc::SIG_IGN {
        // The instruction is tried again, and meets the default.
        // SAFETY: plain data.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = libc::SIG_DFL;
        // SAFETY: a whole action.
        unsafe { libc::sigaction(number, &raw const action, null_mut()) };
    } else if old.sa_flags & libc::SA_SIGINFO != 0 {
        type WithInfo = unsafe extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: the flag says what it is.
        let handler = unsafe { std::mem::transmute::<usize, WithInfo>(old.sa_sigaction) };
        // SAFETY: as the kernel would.
        unsafe { handler(number, info, context) };
    } else {
        // SAFETY: without the flag it takes the number.
        let handler =
            unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(i32)>(old.sa_sigaction) };
        // SAFETY: as the kernel would.
        unsafe { handler(number) };
    }
}
