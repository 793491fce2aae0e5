//! Starts goroutines. Go: `newproc`, `newproc1`, the `go` statement.
//!
//! The closure is moved onto the new goroutine's own stack, and its result is left there: a
//! goroutine that never parks costs no allocation.
//!
//! # Safety
//! - **payload**: `g.payload` points to a `Payload<F, T>` of the types its `run` was made for: `f`
//!   until `run` has taken it, then `t` once it has returned.
//! - **mine**: the running goroutine's M and P.
#![allow(unsafe_code, reason = "**payload**: closures on raw stacks")]

use alloc::boxed::Box;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use rt_asm::switch::Context;
use rt_stack::pool::StackError;

use crate::g::{G, JoinResult, Run, Status};
pub use crate::handle::JoinHandle;
use crate::info::Thread;
use crate::inside::Entered;
use crate::p::P;
use crate::park::ready_globally;
use crate::sched::Sched;
use crate::schedule::{arrive, current_g, current_m, goexit0};
use crate::trace::record;
use crate::wake::after_push;

/// Goroutine numbers are handed to Ps in batches. Go: `_GoidCacheBatch`.
const GOID_BATCH: u64 = 16;
/// A larger closure or result is put into a box, in bytes: it would eat the stack.
const PAYLOAD_MAX: usize = 4 << 10;

union Payload<F, T> {
    f: ManuallyDrop<F>,
    t: ManuallyDrop<T>,
}

/// Why a goroutine was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There is no stack for it.
    Stack(StackError),
    /// The calling thread runs no goroutine.
    NotAGoroutine,
}

impl core::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            SpawnError::Stack(error) => write!(f, "no stack for a goroutine: {error}"),
            SpawnError::NotAGoroutine => f.write_str("the calling thread runs no goroutine"),
        }
    }
}

/// How a goroutine is to be started. The default asks for nothing.
#[derive(Debug, Default)]
pub struct Options {
    /// The scheduler that serves callers on threads of nobody's.
    pub sched: Option<&'static Sched>,
    /// The stack it needs at least, in bytes; the usual one serves if it is large enough.
    pub stack_bytes: usize,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Where in the code it is started, for tracebacks; 0: unknown. See [`Options::here`].
    pub gopc: usize,
}

impl Options {
    /// These, for a goroutine that is started here: in the function around the calls that are
    /// `inline(always)`.
    #[inline(always)]
    #[must_use]
    pub fn here(self) -> Options {
        Options { gopc: rt_asm::registers::here(), ..self }
    }
}

/// Does a closure with its result fit on a new stack?
const fn fits<F, T>() -> bool {
    size_of::<Payload<F, T>>() + align_of::<Payload<F, T>>() <= PAYLOAD_MAX
}

/// Starts a goroutine that nobody joins. Go: `go f()`.
///
/// # Errors
/// [`SpawnError`]; `f` is dropped.
///
/// # Safety
/// None of memory. The goroutine may move between threads at each call that can park: `f` must not
/// keep what belongs to a thread over such a call.
#[inline(always)]
pub unsafe fn go<F: FnOnce() + Send + 'static>(f: F) -> Result<(), SpawnError> {
    // SAFETY: the caller's.
    unsafe { go_with(Options::default().here(), f) }
}

/// As [`go`], with wishes.
///
/// # Errors
/// As for [`go`].
///
/// # Safety
/// As for [`go`]; what `f` borrows, if anything, must live until it has ended.
#[inline]
pub unsafe fn go_with<F: FnOnce() + Send>(options: Options, f: F) -> Result<(), SpawnError> {
    if fits::<F, ()>() {
        // SAFETY: the caller's.
        unsafe { go_small(options, f) }
    } else {
        // SAFETY: the caller's.
        unsafe { go_small(options, Box::new(f)) }
    }
}

#[inline(always)]
unsafe fn go_small<F: FnOnce() + Send>(options: Options, f: F) -> Result<(), SpawnError> {
    // SAFETY: **mine**.
    unsafe { start_on_stack::<F, ()>(f, run_alone::<F>, false, options) }.map(drop)
}

/// Starts a goroutine whose result can be waited for.
///
/// # Errors
/// [`SpawnError`]; `f` is dropped.
///
/// # Safety
/// As for [`go`].
#[inline(always)]
pub unsafe fn spawn<F, T>(f: F) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: the caller's.
    unsafe { spawn_with(Options::default().here(), f) }
}

/// As [`spawn`], with wishes.
///
/// # Errors
/// As for [`spawn`].
///
/// # Safety
/// As for [`go_with`].
#[inline]
pub unsafe fn spawn_with<F, T>(options: Options, f: F) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    if fits::<F, T>() {
        // SAFETY: the caller's.
        unsafe { spawn_small(options, f) }
    } else {
        let f = Box::new(f);
        // SAFETY: the caller's.
        unsafe { spawn_small(options, || Box::new(f())) }.map(JoinHandle::unboxed)
    }
}

#[inline(always)]
unsafe fn spawn_small<F, T>(options: Options, f: F) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    // SAFETY: **mine**.
    let gp = unsafe { start_on_stack::<F, T>(f, run_for_handle::<F, T>, true, options)? };
    // SAFETY: **payload**: made for a handle to a T.
    Ok(unsafe { JoinHandle::new(gp) })
}

/// Where a goroutine is started from.
#[derive(Clone, Copy)]
struct Place<'a> {
    sched: &'static Sched,
    /// The running M's P; none on a thread that is no M, or has lost its P.
    pp: Option<&'a P>,
    parent_goid: u64,
    gopc: usize,
}

impl Place<'_> {
    /// Counts it, and returns its number. Unique in the scheduler's life; they jump where Ps hold
    /// batches. Go: `goidcache`.
    #[inline(always)]
    fn count(&self) -> u64 {
        let shared = &self.sched.shared;
        let Some(pp) = self.pp else {
            shared.created_elsewhere.fetch_add(1, Ordering::Relaxed);
            return self.new_numbers(1);
        };
        P::count(&pp.created);
        let mut goid = pp.goid_next.get();
        if goid == pp.goid_end.get() {
            let batch = if pp.ring().is_some() { 1 } else { GOID_BATCH };
            goid = self.new_numbers(batch);
            pp.goid_end.set(goid + batch);
        }
        pp.goid_next.set(goid + 1);
        goid
    }

    /// Takes so many numbers, and returns the first. In a trace they are taken one by one, and so
    /// each goroutine is recorded here.
    #[cold]
    #[inline(never)]
    fn new_numbers(&self, many: u64) -> u64 {
        let shared = &self.sched.shared;
        let goid = shared.goid_gen.fetch_add(many, Ordering::Relaxed) + 1;
        if shared.attention.is_traced() {
            record::creates(shared, self.pp, goid, self.gopc);
        }
        goid
    }
}

/// Starts a goroutine that runs `f`: next on this P, in the global queue where there is none.
#[inline]
unsafe fn start_on_stack<F, T>(
    f: F,
    run: Run,
    handle: bool,
    options: Options,
) -> Result<NonNull<G>, SpawnError> {
    debug_assert!(fits::<F, T>());
    let (entered, sched, parent_goid) = come_in(&options)?;
    let pp = entered.as_ref().and_then(Entered::pp);
    let place = Place { sched, pp, parent_goid, gopc: options.gopc };
    // SAFETY: **mine**. If there is no stack, `f` is dropped behind `entered`: it is user code.
    let gp = unsafe { crate::gfree::get(sched, place.pp, options.stack_bytes) };
    let gp = gp.map_err(SpawnError::Stack)?;
    // SAFETY: free, so ours alone.
    unsafe { prepare::<F, T>(gp, place, f, run, handle, options.name) };
    // SAFETY: it was just made, and is ours; **mine**.
    unsafe { submit(gp, place) };
    Ok(gp)
}

/// Comes into the runtime, on an M. Also says whose scheduler it is, and who starts a goroutine.
#[inline(always)]
fn come_in<'a>(
    options: &Options,
) -> Result<(Option<Entered<'a>>, &'static Sched, u64), SpawnError> {
    // SAFETY: **mine**: a G in the slot is alive.
    let Some(running) = (unsafe { current_g().as_ref() }) else {
        return Ok((None, options.sched.ok_or(SpawnError::NotAGoroutine)?, 0));
    };
    // SAFETY: **mine**; an M's G.
    let mp = unsafe { current_m() };
    Ok((Some(Entered::enter_with_p(mp)), mp.sched(), running.goid()))
}

/// Moves `f` onto a free goroutine, which is `Dead` still.
#[inline(always)]
unsafe fn prepare<F, T>(
    gp: NonNull<G>,
    place: Place<'_>,
    f: F,
    run: Run,
    handle: bool,
    name: Option<Box<str>>,
) {
    // SAFETY: free, so ours alone.
    let g = unsafe { gp.as_ref() };
    crate::fiber::fresh(g);
    let payload = payload_of::<F, T>(gp);
    // SAFETY: below the G on its own stack, aligned, unused.
    unsafe { payload.write(Payload { f: ManuallyDrop::new(f) }) };
    g.payload.set(payload.cast());
    g.run.set(Some(run));
    // SAFETY: ours alone: nobody switches to it.
    unsafe { *g.sched.get() = Context::new(payload as usize, start) };
    g.goid.set(place.count());
    g.parent_goid.set(place.parent_goid);
    g.gopc.set(place.gopc as u64);
    // SAFETY: ours alone: no handle and no stack refers to it.
    unsafe { G::renew(gp, handle) };
    if let Some(name) = name {
        if place.sched.shared.attention.is_traced() {
            record::names(&place.sched.shared, place.pp, g.goid(), &name);
        }
        g.info.set(Thread::new(g.goid(), Some(name)));
    }
}

fn payload_of<F, T>(gp: NonNull<G>) -> *mut Payload<F, T> {
    let align = align_of::<Payload<F, T>>().max(16);
    let at = (gp.as_ptr() as usize - size_of::<Payload<F, T>>()) & !(align - 1);
    at as *mut Payload<F, T>
}

/// Makes it runnable, next on this P; in the global queue where there is none.
#[inline]
unsafe fn submit(gp: NonNull<G>, place: Place<'_>) {
    // SAFETY: prepared, so ours.
    unsafe { gp.as_ref() }.status.change(Status::Dead, Status::Runnable);
    if let Some(pinned) = place.sched.config.pinned {
        // SAFETY: prepared, so ours.
        return unsafe { (pinned.submit)(gp, place.sched) };
    }
    let Some(pp) = place.pp else { return ready_globally(gp, place.sched) };
    // SAFETY: **mine**, and it is in no queue.
    let pushed = unsafe { pp.runq.owner().push_new(gp) };
    after_push(place.sched, pushed);
}

/// The first Rust on a goroutine's stack. Its frame is the last in a backtrace, under the root.
unsafe extern "C" fn start(left: usize) -> ! {
    // SAFETY: handed over by the switch that came here.
    unsafe { arrive(left) };
    // SAFETY: the running goroutine.
    let g = unsafe { &*current_g() };
    let run = g.run.take().expect("a started goroutine has code");
    // SAFETY: **payload**.
    unsafe { run(NonNull::from(g)) };
    // SAFETY: it is on its own stack still, and has stored what it had to.
    unsafe { goexit0(g) }
}

unsafe fn run_alone<F: FnOnce()>(gp: NonNull<G>) {
    // SAFETY: **payload**: taken once.
    let f = unsafe { take_closure::<F, ()>(gp) };
    f();
}

unsafe fn run_for_handle<F: FnOnce() -> T, T>(gp: NonNull<G>) {
    // SAFETY: **payload**: taken once.
    let f = unsafe { take_closure::<F, T>(gp) };
    let t = f();
    // SAFETY: the running goroutine.
    let g = unsafe { gp.as_ref() };
    let payload = g.payload.get().cast::<Payload<F, T>>();
    // SAFETY: **payload**: the closure is gone, the place is free.
    unsafe { (*payload).t = ManuallyDrop::new(t) };
    if g.join.finish() == JoinResult::Goroutines {
        // SAFETY: **payload**: stored above; no handle will ask.
        unsafe { ManuallyDrop::drop(&mut (*payload).t) };
    }
}

unsafe fn take_closure<F, T>(gp: NonNull<G>) -> F {
    // SAFETY: **payload**.
    let payload = unsafe { gp.as_ref() }.payload.get().cast::<Payload<F, T>>();
    // SAFETY: **payload**: `run` takes it once.
    unsafe { ManuallyDrop::take(&mut (*payload).f) }
}

impl Sched {
    /// Starts the first goroutine. Before any M runs goroutines; on m0's g0. Go: `newproc(main)`.
    ///
    /// # Errors
    /// [`SpawnError::Stack`] when there is no stack.
    ///
    /// # Safety
    /// As for [`go`]; on g0 of an M with a P.
    pub unsafe fn newproc<F: FnOnce() + Send + 'static>(&self, f: F) -> Result<(), SpawnError> {
        // SAFETY: the caller's.
        unsafe { go(f) }
    }
}
