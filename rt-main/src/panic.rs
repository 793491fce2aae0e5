//! A panic ends the program. Go: `fatalpanic`, `printpanics`.

use core::panic::PanicInfo;

/// Prints the panic in Go's form and ends the program with code 2.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    let goid = rt_sched::current::current_goid();
    let message = info.message();
    match info.location() {
        Some(at) => rt_os::throw::die_with(format_args!(
            "panic: {message}\n\ngoroutine {goid} [running]:\n\t{}:{}\n",
            at.file(),
            at.line()
        )),
        None => rt_os::throw::die_with(format_args!(
            "panic: {message}\n\ngoroutine {goid} [running]:\n"
        )),
    }
}
