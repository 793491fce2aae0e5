//! A program whose thread-local storage is its own, in the place of Go's `_cgo_init`.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;

use rt_main::{println, runtime, thread};

rt_main::entry!(main, host_init = init);

struct Tls(UnsafeCell<[usize; 6]>);

// SAFETY: the main thread's only.
unsafe impl Sync for Tls {}

static TLS: Tls = Tls(UnsafeCell::new([0; 6]));

/// Gives the thread storage of ours, and g0 half of what the boot thought.
unsafe extern "C" fn init(lo: usize, hi: usize) -> usize {
    // SAFETY: nothing else uses FS.
    unsafe { rt_asm::tls::settls(TLS.0.get().cast()) };
    lo + (hi - lo) / 2
}

fn main() -> i32 {
    let report = runtime::report();
    // SAFETY: only read.
    let slot = unsafe { (*TLS.0.get())[0] };
    let child = thread::spawn(|| 7).join();
    println!("g0 {} bytes, slot used {}, child {child:?}", report.g0.size_bytes(), slot != 0);
    i32::from(report.g0.size_bytes() != 32 << 10 || slot == 0 || child != Ok(7))
}
