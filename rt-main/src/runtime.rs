//! The scheduler, as a program sees it. Go: package `runtime`.
//!
//! # Safety
//! - **booted**: user code runs after the boot has filled its statics.
#![allow(unsafe_code, reason = "**booted**: reads boot statics")]

use alloc::string::String;
use core::sync::atomic::Ordering;

use rt_os::sys::thread::getpid;
use rt_stack::bounds::Stack;

pub use rt_os::sys::clock::nanotime;
pub use rt_sched::current::{current_goid, goexit, num_goroutines};
pub use rt_sched::locked::{lock_os_thread, os_thread_locks, unlock_os_thread};
pub use rt_sched::metrics::{Histogram, Metrics};
pub use rt_sched::trace;
pub use rt_sched::world::{SetProcsError, procs, set_default_procs, set_procs};

/// How the scheduler stands. A glimpse.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Arguments, the program's name included.
    pub argc: usize,
    /// Entries of the environment.
    pub variables: usize,
    /// CPUs at start.
    pub ncpu: u32,
    /// Bytes of a page.
    pub page_size: usize,
    /// Bytes of a huge page; 0 when unknown.
    pub huge_page_size: usize,
    /// Ps.
    pub procs: u32,
    /// Ps without work.
    pub idle_procs: u32,
    /// Ms.
    pub threads: u64,
    /// Ms without work.
    pub idle_threads: u32,
    /// The stack of m0's g0.
    pub g0: Stack,
    /// Its guard: a mark, since the kernel guards that stack itself.
    pub guard: usize,
    /// The stack of the goroutine that asks.
    pub main_stack: Stack,
    /// m0 runs on the process's first thread.
    pub m0_is_main_thread: bool,
}

/// How the scheduler does, in numbers. Looks at every goroutine.
#[must_use]
pub fn metrics() -> Metrics {
    // SAFETY: **booted**.
    unsafe { crate::rt0::SCHED.get() }.metrics()
}

/// How the scheduler stands now.
#[must_use]
pub fn report() -> Report {
    // SAFETY: **booted**.
    let (args, sched, m0) =
        unsafe { (crate::rt0::ARGS.get(), crate::rt0::SCHED.get(), crate::rt0::M0.get()) };
    let synced = sched.lock();
    Report {
        argc: args.argc(),
        variables: args.env().count(),
        ncpu: sched.ncpu(),
        page_size: args.auxv().page_size,
        huge_page_size: rt_os::init::huge_page_size(),
        procs: sched.shared.gomaxprocs(),
        idle_procs: sched.shared.idle.npidle(),
        threads: synced.mcount(),
        idle_threads: synced.nmidle(),
        g0: m0.g0_stack(),
        guard: m0.guards().guard0,
        main_stack: rt_sched::current::current_stack(),
        m0_is_main_thread: m0.procid() == getpid(),
    }
}

/// ns since the first Rust instruction of the program, measured by the time stamp counter and
/// scaled by the clock.
#[must_use]
pub fn ns_since_entry() -> u64 {
    let entry = crate::rt0::BOOT_TICKS.load(Ordering::Relaxed);
    let (ticks0, ns0) = (rt_asm::cpu::ticks(), nanotime());
    while nanotime() < ns0 + 50_000 {
        rt_asm::cpu::pause();
    }
    let (ticks1, ns1) = (rt_asm::cpu::ticks(), nanotime());
    let per_tick = (ns1 - ns0) as f64 / (ticks1 - ticks0).max(1) as f64;
    ((ticks0 - entry) as f64 * per_tick) as u64
}

/// The goroutines, with what they wait for and where they stand: Go's form. The world stands while
/// their stacks are walked. Go: `runtime.Stack(buf, true)`.
#[must_use]
pub fn dump() -> String {
    let mut text = String::new();
    // SAFETY: **booted**.
    let sched = unsafe { crate::rt0::SCHED.get() };
    let _infallible = rt_sched::traceback::dump(sched, &mut text);
    text
}

pub use rt_sched::shrink::shrink_stack;

/// Sets how many threads there may be, and returns the old limit. The check is made at once. Go:
/// `debug.SetMaxThreads`.
pub fn set_max_threads(limit: u32) -> u32 {
    // SAFETY: **booted**.
    unsafe { crate::rt0::SCHED.get() }.set_max_threads(limit)
}
