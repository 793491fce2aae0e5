//! The road from `_rt0_amd64` to the first goroutine: a straight line of rooms. Go: `rt0_go`.
//!
//! | room | takes | gives |
//! |---|---|---|
//! | `rt_asm::entry!` `_rt0_amd64` | the kernel's stack | argc, argv, an aligned stack |
//! | `rt_stack::g0` | the stack pointer | the bounds of g0, both guards |
//! | `rt_asm::cpu` | — | or the end: the CPU lacks what we were built for |
//! | `rt_asm::tls` settls, check | m0's TLS words | the g slot, seen to work |
//! | `g0 <-> m0` | both | `getg()` says g0, whose M is m0 |
//! | `rt_os::args` | argc, argv | `Args` |
//! | `rt_os::init` osinit | `Args` | `Os` |
//! | `rt_sched::init` schedinit | `Os` | `World`: m0, the Ps |
//! | `World::newproc` | main | goroutine 1, next on P0 |
//! | `World::mstart` | `World` | runs goroutines, never returns |
//!
//! # Safety
//! - **once**: `rt0_go` runs once, first, on the kernel's stack; until the first goroutine runs
//!   there is one thread and no handler.
//! - **statics**: a [`BootCell`] is filled once by the boot before anyone reads it.
#![allow(unsafe_code, reason = "**once**: the boot")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};

use rt_asm::{cpu, tls};
use rt_os::args::Args;
use rt_os::init::osinit;
use rt_os::sys::thread::{exit_process, rlimit_stack};
use rt_sched::allp::FirstPs;
use rt_sched::g::G;
use rt_sched::init::schedinit;
use rt_sched::m::M;
use rt_sched::sched::{Config, Sched};
use rt_stack::bounds::Stack;
use rt_stack::g0::{self, G0Layout};
use rt_stack::pool::Pool;

use crate::bare::{BARE, GSIGNAL0};

/// Where g0's low bound lies. `Seed` is 104 bytes higher, as in the seed; nothing else differs.
const G0_LAYOUT: G0Layout = G0Layout::Today;

/// Main waits so long, again and again, for the panic of another goroutine to end the program.
const PANIC_WAIT_NS: u64 = 10_000_000;

/// A static that the boot fills.
pub(crate) struct BootCell<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: **statics**.
unsafe impl<T> Sync for BootCell<T> {}

impl<T> BootCell<T> {
    const fn empty() -> BootCell<T> {
        BootCell(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// # Safety
    /// **statics**: once, before any `get`.
    unsafe fn fill(&'static self, value: T) -> &'static T {
        // SAFETY: nobody reads yet.
        unsafe { (*self.0.get()).write(value) }
    }

    /// # Safety
    /// **statics**: after `fill`.
    pub(crate) unsafe fn get(&'static self) -> &'static T {
        // SAFETY: filled.
        unsafe { (*self.0.get()).assume_init_ref() }
    }
}

/// The first M. Go: `m0`.
pub(crate) static M0: BootCell<M> = BootCell::empty();
/// Its g0, on the kernel's stack. Go: `g0`.
static G0: BootCell<G> = BootCell::empty();
/// The scheduler. Go: `sched`.
pub(crate) static SCHED: BootCell<Sched> = BootCell::empty();
/// The goroutines' stacks: 256 KiB of address space for each. Go: `stackpool`.
static STACKS: Pool = Pool::new(256 << 10);
/// Room for the first Ps.
static FIRST_PS: FirstPs = FirstPs::zeroed();
/// The command line and the environment. Go: `argc`, `argv`.
pub(crate) static ARGS: BootCell<Args> = BootCell::empty();
/// The time stamp counter at the first Rust instruction. Not zero before, so that it lies with what
/// else the boot writes; kept though nobody reads it: a page that is read first faults twice.
#[used]
pub(crate) static BOOT_TICKS: AtomicU64 = AtomicU64::new(u64::MAX);

/// What a bare program's `main` may return.
pub trait Exit {
    /// The process's exit code.
    fn code(self) -> i32;
}

impl Exit for () {
    fn code(self) -> i32 {
        0
    }
}

impl Exit for i32 {
    fn code(self) -> i32 {
        self
    }
}

/// A host that owns the thread's storage: called with g0's bounds, it must leave the g slot working
/// on this thread, and returns the low end of the stack that g0 may use. Go: `_cgo_init`.
pub type HostInit = unsafe extern "C" fn(g0_lo: usize, g0_hi: usize) -> usize;

/// The boot. Never returns.
///
/// # Safety
/// **once**: by `_rt0_amd64`, with the kernel's argc and argv and the aligned stack pointer.
pub unsafe fn rt0_go(
    argc: i32,
    argv: *const *const u8,
    sp: usize,
    main: fn() -> i32,
    host_init: Option<HostInit>,
) -> ! {
    debug_assert!(sp.is_multiple_of(16), "the entry aligns the stack");
    BOOT_TICKS.store(cpu::ticks(), Ordering::Relaxed);
    let (mut stack, mut guards) = g0::bounds(sp, G0_LAYOUT);
    if let Some(level) = cpu::missing_level() {
        rt_os::eprintln!(
            "This program can only be run on AMD64 processors with {level} \
             microarchitecture support."
        );
        exit_process(1);
    }
    // SAFETY: **once**.
    let m0 = unsafe { M0.fill(M::new()) };
    match host_init {
        Some(init) => {
            // SAFETY: the host's promise.
            stack.lo = unsafe { init(stack.lo, stack.hi) };
            guards.raise(stack);
        }
        // SAFETY: **once**.
        None => unsafe { settle_tls(m0) },
    }
    // SAFETY: **once**.
    let g0 = unsafe { G0.fill(G::new(None, stack)) };
    m0.set_boot_stacks(guards, GSIGNAL0.bounds());
    // SAFETY: g0 is a G whose M is about to be m0; nothing asks in between.
    unsafe { tls::setg(core::ptr::from_ref(g0) as usize) };
    m0.wire_m0(g0);

    // SAFETY: **once**: the kernel's own vectors.
    let args = *unsafe { ARGS.fill(Args::new(argc, argv)) };
    refuse_what_cannot_work(&args, stack);
    let os = osinit(args);
    let config = Config { first_ps: Some(&FIRST_PS), ..Config::default() };
    // SAFETY: **once**.
    let sched = unsafe { SCHED.fill(Sched::new(config, &BARE, &STACKS)) };
    let world = schedinit(os, sched, m0, g0);
    rt_sched::traceback::install(sched);
    rt_os::sys::file::check_fds();
    let run_main = move || {
        let code = main();
        while rt_os::throw::is_dying() {
            rt_sched::sleep::sleep_ns(PANIC_WAIT_NS); // Go: `main` parks, "panicwait"
        }
        exit_process(code)
    };
    if let Err(error) = world.newproc(run_main) {
        rt_os::throw::throw_with(format_args!("runtime: {error}\n"), "newproc: no main goroutine");
    }
    world.mstart()
}

/// Makes m0's first TLS word the g slot, and sees that it is. Go: `needtls` in `rt0_go`.
///
/// # Safety
/// **once**; nothing else uses FS.
unsafe fn settle_tls(m0: &'static M) {
    // SAFETY: m0 is a static.
    unsafe { tls::settls(m0.tls()) };
    // SAFETY: as above.
    if !unsafe { tls::check(m0.tls()) } {
        cpu::abort();
    }
}

/// The link must have given us no more thread-local storage than the g slot, and the kernel a stack
/// that g0 fits on.
fn refuse_what_cannot_work(args: &Args, stack: Stack) {
    if let Some(tls) = args.tls_segment().filter(|tls| tls.memsz > size_of::<usize>()) {
        rt_os::throw::throw_with(
            format_args!("runtime: PT_TLS has {} bytes, the g slot 8\n", tls.memsz),
            "thread-local storage in a bare program",
        );
    }
    if let Err(error) = g0::check_rlimit(rlimit_stack().map(|limit| limit.soft)) {
        rt_os::throw::throw_with(format_args!("runtime: {error}\n"), "stack limit too small");
    }
    debug_assert!(stack.contains(cpu::stack_pointer()), "the boot runs on g0");
}
