//! The switch between two stacks. Go: `gogo`, `mcall`; here one goroutine goes straight to the
//! next.
//!
//! The switch is inlined where it happens and tells the compiler that every register is lost, so
//! only what is live there is spilled; by hand it keeps the stack pointer, the program counter and
//! the two registers LLVM does not let go of. Nothing is pushed: the frame description (CFI) of the
//! function around it stays true while it sleeps, and a debugger that loads the four words can walk
//! the frames.
//!
//! It leaves by `jmp` and enters by `jmp`: no `ret`, so the return predictor is not led astray
//! (techniques measured: 1.2 ns against 10 ns with a `ret` behind the resume).
//!
//! ```text
//!   a sleeping goroutine                        a fresh one
//!   Context.sp -> the frame that switched       Context.sp -> stack top, 0 mod 16
//!           pc -> label 2 in that frame                 pc -> goroutine_root
//!           bp, bx as they were                         bp = 0, bx = its entry function
//! ```
//!
//! MXCSR and the x87 control word are not switched: a goroutine leaves them as it found them
//! ([`crate::cpu::float_control`] for debug checks).
//!
//! # Safety
//! - **asleep**: a context that is switched to was saved by a switch or made by [`Context::new`],
//!   and is switched to once; its stack is alive and nobody runs on it.
//! - **clobbers**: all registers but `rsp rbp rbx` are declared lost; those three are saved.
//! - **root**: `goroutine_root` is entered only through a fresh context.
#![allow(unsafe_code, reason = "**asleep**: control leaves the stack")]

use core::arch::{asm, naked_asm};
use core::mem::offset_of;

/// Where a stack that does not run will go on. Go: `gobuf`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Context {
    /// The stack pointer; an address.
    pub sp: usize,
    /// The next instruction; an address.
    pub pc: usize,
    /// The frame pointer.
    pub bp: usize,
    /// `rbx`; in a fresh context the entry function.
    pub bx: usize,
}

/// What a fresh goroutine calls first: gets the word that its first switch passes, never returns.
pub type Entry = unsafe extern "C" fn(word: usize) -> !;

impl Context {
    /// A context that starts `entry` on the stack that ends at `stack_hi` (rounded down to 16).
    #[must_use]
    pub fn new(stack_hi: usize, entry: Entry) -> Context {
        Context {
            sp: stack_hi & !15,
            pc: goroutine_root as *const () as usize,
            bp: 0,
            bx: entry as usize,
        }
    }
}

/// The outermost frame of each goroutine: backtraces end here. Go: `goexit` as the root.
///
/// # Safety
/// **root**.
#[unsafe(naked)]
unsafe extern "C" fn goroutine_root() -> ! {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip", // no caller: unwinders stop
        "nop",                // debuggers look up pc - 1 of a return address
        "mov rdi, rdx",       // the word of the first switch
        "call rbx",           // the entry function; rsp was 0 mod 16
        "int3",               // it never returns
        ".cfi_endproc",
    )
}

/// Saves the running stack in `from` and goes on with `to`, handing it `word`. Returns, when some
/// later switch goes to `from`, the word handed over by that one.
///
/// # Safety
/// **asleep** for `to`. `from` must stay valid until it is switched to, and whoever may switch to
/// it must do so only after this one has left the stack: the resumed side has to publish that. No
/// lock tied to the thread and no reference to thread-local data may be held over it.
#[inline(always)]
pub unsafe fn switch(from: *mut Context, to: *const Context, word: usize) -> usize {
    let handed;
    // SAFETY: **asleep**, **clobbers**.
    unsafe {
        asm!(
            "lea rax, [rip + 2f]",
            "mov [rdi + {sp}], rsp",
            "mov [rdi + {pc}], rax",
            "mov [rdi + {bp}], rbp",
            "mov [rdi + {bx}], rbx",
            "mov rsp, [rsi + {sp}]",
            "mov rbp, [rsi + {bp}]",
            "mov rbx, [rsi + {bx}]",
            "jmp qword ptr [rsi + {pc}]",
            "2:",
            sp = const offset_of!(Context, sp),
            pc = const offset_of!(Context, pc),
            bp = const offset_of!(Context, bp),
            bx = const offset_of!(Context, bx),
            inlateout("rdi") from => _,
            inlateout("rsi") to => _,
            inlateout("rdx") word => handed,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
            clobber_abi("C"),
        );
    }
    handed
}

/// Goes on with `to`, handing it `word`, and leaves the running stack for good. Go: `gogo`.
///
/// # Safety
/// **asleep** for `to`. Nothing on the running stack may be needed any more; nothing is dropped.
#[inline(always)]
pub unsafe fn jump(to: *const Context, word: usize) -> ! {
    // SAFETY: **asleep**; this stack is given up.
    unsafe {
        asm!(
            "mov rsp, [rsi + {sp}]",
            "mov rbp, [rsi + {bp}]",
            "mov rbx, [rsi + {bx}]",
            "jmp qword ptr [rsi + {pc}]",
            sp = const offset_of!(Context, sp),
            pc = const offset_of!(Context, pc),
            bp = const offset_of!(Context, bp),
            bx = const offset_of!(Context, bx),
            in("rsi") to,
            in("rdx") word,
            options(noreturn),
        )
    }
}

/// Calls `f(arg)` on the stack that ends at `stack_hi` and comes back. Go: `systemstack`.
///
/// # Safety
/// The stack must be writable, big enough for `f`, and nobody's; `f` must not unwind and must not
/// switch away for good.
#[inline(never)]
pub unsafe fn call_on(stack_hi: usize, f: unsafe extern "C" fn(usize), arg: usize) {
    // SAFETY: the callee-saved r12 keeps our stack pointer over the call.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, {hi}",
            "call {f}",
            "mov rsp, r12",
            hi = in(reg) stack_hi & !15,
            f = in(reg) f,
            in("rdi") arg,
            out("r12") _,
            clobber_abi("C"),
        );
    }
}

/// Calls `f(arg)`, which never returns, and comes back when somebody on this stack jumps to `back`.
/// So a function deep in the stack can end what this call began, as by longjmp(3).
///
/// # Safety
/// `back` is valid until the jump, which happens once, on this thread, from this stack. Nothing of
/// the frames between may still be needed: they are not unwound.
#[inline(never)]
pub unsafe fn call_until_jump(back: *mut Context, f: unsafe extern "C" fn(usize) -> !, arg: usize) {
    // SAFETY: to the compiler this is a call that loses all registers; the stack below this frame
    // is the callee's.
    unsafe {
        asm!(
            "lea rax, [rip + 2f]",
            "mov [rcx + {sp}], rsp",
            "mov [rcx + {pc}], rax",
            "mov [rcx + {bp}], rbp",
            "mov [rcx + {bx}], rbx",
            "call {f}",
            "int3", // it never returns
            "2:",
            sp = const offset_of!(Context, sp),
            pc = const offset_of!(Context, pc),
            bp = const offset_of!(Context, bp),
            bx = const offset_of!(Context, bx),
            f = in(reg) f,
            in("rcx") back,
            in("rdi") arg,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
            clobber_abi("C"),
        );
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::boxed::Box;
    use std::vec::Vec;

    struct Pair {
        main: Context,
        other: Context,
        seen: Vec<usize>,
    }

    unsafe extern "C" fn counts(word: usize) -> ! {
        let pair = word as *mut Pair;
        // SAFETY: the test below switches to us and waits; its Pair outlives both.
        unsafe {
            (*pair).seen.push(0);
            let mut heard = switch(&raw mut (*pair).other, &raw const (*pair).main, 100);
            loop {
                (*pair).seen.push(heard);
                heard = switch(&raw mut (*pair).other, &raw const (*pair).main, heard + 100);
            }
        }
    }

    #[test]
    fn words_go_both_ways_and_floats_survive() {
        let mut stack = std::vec![0u128; 16 * 1024];
        let hi = stack.as_mut_ptr_range().end as usize;
        let mut pair = Box::new(Pair {
            main: Context::default(),
            other: Context::new(hi, counts),
            seen: Vec::new(),
        });
        let p: *mut Pair = &raw mut *pair;
        let wide = std::array::from_fn::<f64, 16, _>(|i| i as f64 * 1.5);
        let wide = std::hint::black_box(wide);
        // SAFETY: the coroutine sleeps at every switch to it, its stack is alive.
        unsafe {
            assert_eq!(switch(&raw mut (*p).main, &raw const (*p).other, p as usize), 100);
            for i in 1..50 {
                let got = switch(&raw mut (*p).main, &raw const (*p).other, i);
                assert_eq!(got, i + 100);
            }
        }
        assert!(wide.iter().enumerate().all(|(i, v)| *v == i as f64 * 1.5));
        assert_eq!(pair.seen.len(), 50);
        assert_eq!(pair.seen[49], 49);
    }

    unsafe extern "C" fn note_sp(arg: usize) {
        // SAFETY: arg is the test's usize.
        unsafe { *(arg as *mut usize) = crate::cpu::stack_pointer() };
    }

    #[test]
    fn call_on_runs_on_the_other_stack() {
        let mut stack = std::vec![0u128; 4096];
        let range = stack.as_mut_ptr_range();
        let mut sp = 0usize;
        // SAFETY: the stack is ours and larger than note_sp needs.
        unsafe { call_on(range.end as usize, note_sp, &raw mut sp as usize) };
        assert!((range.start as usize..range.end as usize).contains(&sp));
    }

    unsafe extern "C" fn counts_down(arg: usize) -> ! {
        // SAFETY: arg is the test's pair, which waits for us.
        let (back, count) = unsafe { &mut *(arg as *mut (Context, u32)) };
        *count += 1;
        if *count == 5 {
            // SAFETY: the context of the call that is waiting, on this stack.
            unsafe { jump(back, 0) }
        }
        // SAFETY: as above.
        unsafe { counts_down(arg) }
    }

    #[test]
    fn a_call_is_ended_from_within() {
        for _ in 0..3 {
            let mut pair = (Context::default(), 0u32);
            let p = &raw mut pair;
            // SAFETY: `counts_down` jumps back once; it has nothing to drop.
            unsafe { call_until_jump(&raw mut (*p).0, counts_down, p as usize) };
            assert_eq!(pair.1, 5);
        }
    }
}
