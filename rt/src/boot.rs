//! Starts the scheduler in a std program. Go: `rt0_go`'s second half.
//!
//! # Safety
//! - **once**: the scheduler and m0 are made once, by whoever calls first, and live for ever.
//! - **vectors**: the environment's copy is built as the kernel lays it out, and leaked.
#![allow(unsafe_code, reason = "**once**: makes the scheduler")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::panic::resume_unwind;
use std::ptr::null;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use rt_os::args::Args;
use rt_os::init::{Os, osinit};
use rt_sched::g::G;
use rt_sched::init::schedinit;
use rt_sched::m::M;
use rt_sched::sched::Sched;
use rt_sched::spawn::{Options, spawn_with};
use rt_stack::bounds::Stack;
use rt_stack::pool::Pool;

use crate::ground;

/// What the runtime shall be like. The environment's `GOMAXPROCS` counts where nothing is said.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many goroutines run at once. `None`: `GOMAXPROCS`, else the number of CPUs.
    pub procs: Option<usize>,
    /// Address space of a goroutine's stack, in bytes, guard included; rounded up to a power of two
    /// between 64 KiB and 1 GiB. Memory is used as it is touched.
    pub stack_size: usize,
    /// No goroutine ever changes its thread: the safety contract of [`start`] is then void. Each P
    /// has one thread, a goroutine stays where it is started, and what blocks a thread blocks all
    /// goroutines of its P, [`blocking`](crate::blocking) too. The number of Ps is fixed.
    ///
    /// std counts panics by thread. While a goroutine waits in the middle of its unwinding, in a
    /// `drop`, its neighbours on the thread are taken for panicking too: a lock that they give back
    /// is poisoned, one that they panic with may not be. A panic hook must not wait.
    pub pinned: bool,
    /// How many threads there may be. One more ends the program, with Go's text.
    pub max_threads: usize,
    /// A goroutine that has not come to wait, to yield or to end for so long is printed to standard
    /// error, once each time, with its stack; it goes on. `None`: as `GODEBUG=stallreport=MS` says,
    /// else never. Signal 59 is used for it. Not in a pinned runtime, where nobody watches.
    pub stall_report: Option<Duration>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            procs: None,
            stack_size: 256 << 10,
            pinned: false,
            max_threads: 10_000,
            stall_report: None,
        }
    }
}

/// The scheduler; null before the start. Written once.
static SCHED: AtomicPtr<Sched> = AtomicPtr::new(std::ptr::null_mut());
/// One starts it.
static STARTING: Mutex<()> = Mutex::new(());

/// The scheduler, if it was started.
#[inline(always)]
pub(crate) fn try_sched() -> Option<&'static Sched> {
    // SAFETY: **once**: null or there for ever. Pairs with the store in `try_start`.
    unsafe { SCHED.load(Ordering::Acquire).as_ref() }
}

/// The scheduler.
///
/// # Panics
/// When it was not started.
#[inline(always)]
pub(crate) fn sched() -> &'static Sched {
    match try_sched() {
        Some(sched) => sched,
        None => not_started(),
    }
}

#[cold]
fn not_started() -> ! {
    panic!(
        "rt is not started: call `unsafe {{ rt::start(rt::Config::default()) }}` or `rt::run` first"
    );
}

/// Starts the runtime. Does nothing when it is started already; the first configuration stays.
///
/// # Panics
/// When the first thread cannot be started, or the configuration asks for 0 of something.
///
/// # Safety
/// **The thread-local contract.** A goroutine may go on with another thread after each call that
/// can park: every blocking call of this crate. No code that runs in a goroutine may keep a
/// reference to a `std::thread_local!`, or its address, over such a call: not in a variable, not in
/// a closure passed to `LocalKey::with` that parks. Compilers may keep such addresses of their own
/// accord within one function, when it uses the same `thread_local!` before and after. Values that
/// must follow the goroutine belong into [`rt::thread_local!`](crate::thread_local).
///
/// The same holds for locks that belong to a thread rather than to who took them, above all std's
/// `StdoutLock` and `StderrLock`: no call that can park while one is held, and so none in a
/// `Display` or `Debug` that `println!` calls. Those of [`rt::io`](crate::io) may be held.
pub unsafe fn start(config: Config) {
    // SAFETY: the caller's.
    if let Err(error) = unsafe { try_start(config) } {
        panic!("rt: cannot start: {error}");
    }
}

/// As [`start`], with an error instead of a panic.
///
/// # Errors
/// What the system said when the first thread was to be started; `InvalidInput` for a configuration
/// that asks for 0 of something, or for a stall report of a pinned runtime.
///
/// # Safety
/// As for [`start`].
pub unsafe fn try_start(config: Config) -> io::Result<()> {
    let _one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if try_sched().is_some() {
        return Ok(());
    }
    check(&config)?;
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new().name("rt-m0".into()).spawn(move || boot_m0(&config, tell))?;
    let sched: &'static Sched = told.recv().expect("m0 tells")?;
    SCHED.store(std::ptr::from_ref(sched).cast_mut(), Ordering::Release);
    Ok(())
}

fn check(config: &Config) -> io::Result<()> {
    let wrong = |what| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    if config.procs == Some(0) {
        return wrong("procs is 0");
    }
    if config.procs.is_some_and(|procs| i32::try_from(procs).is_err()) {
        return wrong("procs is more than 31 bits");
    }
    if config.max_threads == 0 {
        return wrong("max_threads is 0");
    }
    if config.stall_report == Some(Duration::ZERO) {
        return wrong("stall_report is 0");
    }
    if config.stall_report.is_some() && config.pinned {
        return wrong("stall_report in a pinned runtime");
    }
    Ok(())
}

fn in_ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// The first M's thread: makes the scheduler and serves it.
fn boot_m0(config: &Config, tell: mpsc::Sender<io::Result<&'static Sched>>) {
    let slot = config.stack_size.clamp(64 << 10, 1 << 30).next_power_of_two();
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(slot)));
    let choices = rt_sched::sched::Config {
        pinned: config.pinned.then_some(&rt_sched::pinned::PINNED),
        max_threads: u32::try_from(config.max_threads).unwrap_or(u32::MAX),
        stall_report_ms: config.stall_report.map_or(0, in_ms),
        ..rt_sched::sched::Config::default()
    };
    let port = if config.pinned { &ground::PINNED } else { &ground::STD };
    let sched: &'static Sched = Box::leak(Box::new(Sched::new(choices, port, pool)));
    let m0: &'static M = Box::leak(Box::new(M::new()));
    let g0: &'static G = Box::leak(Box::new(G::new(None, Stack::default())));
    crate::fault::install();
    ground::serve(m0, |_| {
        m0.wire_m0(g0);
        // SAFETY: m0's own thread runs on g0.
        unsafe { rt_asm::tls::setg(std::ptr::from_ref(g0) as usize) };
        let world = schedinit(os(config.procs), sched, m0, g0);
        rt_sched::traceback::install(sched);
        world.expect_other_threads();
        let ready = tell.clone();
        let ready = move || ready.send(Ok(sched)).expect("try_start waits");
        if let Err(error) = world.newproc(ready) {
            let error = io::Error::new(io::ErrorKind::OutOfMemory, error.to_string());
            tell.send(Err(error)).expect("try_start waits");
            // Nothing can be run here, and a half-made scheduler is not left.
            loop {
                std::thread::park();
            }
        }
    });
}

/// The machine as the scheduler wants it told: with the environment as it is now.
fn os(procs: Option<usize>) -> Os {
    let mut vars: Vec<CString> = Vec::new();
    if let Some(procs) = procs {
        vars.extend(CString::new(format!("GOMAXPROCS={procs}")));
    }
    for (name, value) in std::env::vars_os() {
        let line = [name.into_vec(), value.into_vec()].join(&b'=');
        vars.extend(CString::new(line));
    }
    // argv: NULL. envp: the variables, NULL. auxv: AT_NULL, so that the kernel's copy is read.
    let mut vectors: Vec<*const u8> = vec![null()];
    vectors.extend(vars.into_iter().map(|var| var.into_raw().cast_const().cast()));
    vectors.extend([null(); 3]);
    // SAFETY: **vectors**.
    osinit(unsafe { Args::new(0, vectors.leak().as_ptr()) })
}

/// Runs `f` in a goroutine and waits for what it returns, with the runtime started if it was not.
///
/// # Panics
/// As [`start`]; when `f` panics, with its payload.
///
/// # Safety
/// The thread-local contract of [`start`].
pub unsafe fn run<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    if try_sched().is_none() {
        // SAFETY: the caller's.
        unsafe { start(Config::default()) };
    }
    let f = || Box::new(crate::go::guarded(f));
    let options = Options { sched: Some(sched()), ..Options::default().here() };
    // SAFETY: the contract is the caller's; what `f` borrows lives until the join below returns.
    let handle = match unsafe { spawn_with(options, Box::new(f)) } {
        Ok(handle) => handle,
        Err(error) => panic!("failed to spawn goroutine: {error}"),
    };
    match *handle.join() {
        Ok(result) => result,
        Err(payload) => resume_unwind(payload),
    }
}
