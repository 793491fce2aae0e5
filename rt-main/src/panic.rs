//! A panic ends the program. Go: `fatalpanic`, `printpanics`.

use core::panic::PanicInfo;

use rt_os::throw::{Blame, Failure, die};

/// Prints the panic in Go's form and ends the program with code 2.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    let failure = Failure { location: info.location(), ..Failure::here(Blame::Panic) };
    die(&failure, format_args!("panic: {}\n", info.message()))
}
