#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

mod bare;
pub mod chan;
pub mod env;
mod fault;
pub mod fs;
mod heap;
pub mod net;
pub mod os;
mod panic;
mod rt0;
pub mod runtime;
mod scope;
pub mod signal;
pub mod sync;
pub mod thread;
pub mod time;
pub mod version;

pub use rt_os::errno::Errno;
pub use rt_os::{eprint, eprintln, print, println};
pub use rt_sched::blocking::blocking;
pub use thread::go;

/// What `entry!` needs, under names that user code does not.
#[doc(hidden)]
pub mod entry_parts {
    pub use crate::heap::ProgramHeap;
    pub use crate::panic::panicked;
    pub use crate::rt0::{Exit, HostInit, rt0_go};
    pub use rt_asm::cpu::abort;
    pub use rt_asm::{entry, mem_symbols};
}

/// Makes the crate's binary a bare program that runs `$main` as its first goroutine.
///
/// It plants the entry point `_rt0_amd64`, the memory functions, the global allocator and the panic
/// handler. `$main` takes nothing and returns `()` or the exit code as an `i32`. Expand it once, in
/// the binary itself.
///
/// `host_init = f` hands the thread's storage to a host, in the place of Go's `_cgo_init`: `f`, a
/// [`HostInit`](entry_parts::HostInit), makes the g slot work and says where g0's stack ends.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        $crate::entry!(@plant $main, ::core::option::Option::None);
    };
    ($main:path, host_init = $init:path) => {
        $crate::entry!(@plant $main, ::core::option::Option::Some($init));
    };
    (@plant $main:path, $host_init:expr) => {
        $crate::entry_parts::mem_symbols!();
        $crate::entry_parts::entry!(__rt0_go);

        unsafe extern "C" fn __rt0_go(argc: i32, argv: *const *const u8, sp: usize) -> ! {
            fn __rt_main_code() -> i32 {
                $crate::entry_parts::Exit::code($main())
            }
            // SAFETY: called by `_rt0_amd64` alone, with what the kernel left on the stack.
            unsafe {
                $crate::entry_parts::rt0_go(argc, argv, sp, __rt_main_code, $host_init)
            }
        }

        #[global_allocator]
        static __RT_HEAP: $crate::entry_parts::ProgramHeap =
            $crate::entry_parts::ProgramHeap::new();

        #[panic_handler]
        fn __rt_panicked(info: &::core::panic::PanicInfo<'_>) -> ! {
            $crate::entry_parts::panicked(info)
        }

        /// Compiled code names it; nothing unwinds in a program that aborts.
        #[unsafe(no_mangle)]
        extern "C" fn rust_eh_personality() {}

        /// The compiled standard crates name it in paths that only unwinding takes.
        #[unsafe(no_mangle)]
        extern "C" fn _Unwind_Resume() -> ! {
            $crate::entry_parts::abort()
        }
    };
}
