//! The first instructions of a bare program. Go: `_rt0_amd64`, and the stack part of `rt0_go`.

/// Plants `_rt0_amd64`, the ELF entry point, which takes `argc` and `argv` off the kernel's stack,
/// aligns the stack and calls `$rt0_go`.
///
/// `$rt0_go` must be `unsafe extern "C" fn(argc: i32, argv: *const *const u8, sp: usize) -> !`;
/// `sp` is the aligned stack pointer, the high end of g0.
///
/// ```text
///   on entry (System V ABI, process start)      after alignment: rsp % 16 == 0
///   rsp -> argc                                  24(rsp)  argv
///          argv[0] .. argv[argc-1], NULL         16(rsp)  argc
///          envp ..., NULL                         0(rsp)  outgoing words
///          auxv ..., AT_NULL
/// ```
///
/// The kernel promises `rsp % 16 == 0`; the code does not lean on it. Expand it once, in the
/// binary's own crate: a library that carried it would put a second entry into every program.
#[macro_export]
macro_rules! entry {
    ($rt0_go:path) => {
        /// The first instruction the kernel runs. Go: `_rt0_amd64`.
        ///
        /// # Safety
        /// Only the kernel enters here.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn _rt0_amd64() -> ! {
            ::core::arch::naked_asm!(
                ".cfi_startproc",
                ".cfi_undefined rip",             // a backtrace ends here
                "mov rdi, qword ptr [rsp]",       // argc
                "lea rsi, [rsp + 8]",             // argv
                "xor ebp, ebp",                   // ... and a walk along frame pointers too
                "cld",                            // the ABI wants DF clear; trust nobody
                "sub rsp, 4*8 + 7",               // room for two arguments and two words
                "and rsp, -16",                   // SSE stores need it
                "mov qword ptr [rsp + 16], rdi",  // argc, where a debugger finds it
                "mov qword ptr [rsp + 24], rsi",  // argv
                "mov rdx, rsp",                   // g0's high end
                "call {rt0_go}",                  // pushes 8: the callee wants 8 mod 16
                "int3",                           // it never returns
                ".cfi_endproc",
                rt0_go = sym $rt0_go,
            )
        }
    };
}
