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

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use rt_asm::switch::Context;
use rt_stack::bounds::Stack;
use rt_stack::pool::StackError;

use crate::g::{G, Hold, Holder, JoinResult, JoinWord, Run, Status};
use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Shared};
use crate::schedule::{after_push, arrive, current_g, current_m, goexit0};

/// Goroutine numbers are handed to Ps in batches. Go: `_GoidCacheBatch`.
const GOID_BATCH: u64 = 16;
/// A larger closure or result must be boxed by the caller, in bytes: it would eat the stack.
const PAYLOAD_MAX: usize = 32 << 10;

union Payload<F, T> {
    f: ManuallyDrop<F>,
    t: ManuallyDrop<T>,
}

/// Why a goroutine was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There is no stack for it.
    Stack(StackError),
    /// The closure or its result takes more than 32 KiB of the stack.
    TooLarge {
        /// What it takes, in bytes.
        size_bytes: usize,
    },
    /// The calling thread runs no goroutine.
    NotAGoroutine,
}

impl core::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            SpawnError::Stack(error) => write!(f, "no stack for a goroutine: {error}"),
            SpawnError::TooLarge { size_bytes } => {
                write!(f, "closure or result of {size_bytes} bytes: put it in a box")
            }
            SpawnError::NotAGoroutine => f.write_str("the calling thread runs no goroutine"),
        }
    }
}

/// The one handle to a goroutine and its result.
///
/// Dropping it lets the goroutine run on alone.
#[derive(Debug)]
pub struct JoinHandle<T> {
    gp: NonNull<G>,
    _result: PhantomData<T>,
}

// SAFETY: it may be joined anywhere; the result moves to the joiner.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: by reference it only looks at the join word.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

/// Starts a goroutine that nobody joins. Go: `go f()`.
///
/// # Errors
/// [`SpawnError`]; `f` is dropped.
///
/// # Safety
/// None of memory. The goroutine may move between threads at each call that can park: `f` must not
/// keep what belongs to a thread over such a call.
#[inline]
pub unsafe fn go<F: FnOnce() + Send + 'static>(f: F) -> Result<(), SpawnError> {
    // SAFETY: **mine**.
    let gp = unsafe { prepare::<F, ()>(f, run_alone::<F>, false)? };
    // SAFETY: it was just made, and is ours.
    unsafe { submit(gp) };
    Ok(())
}

/// Starts a goroutine whose result can be waited for.
///
/// # Errors
/// [`SpawnError`]; `f` is dropped.
///
/// # Safety
/// As for [`go`].
#[inline]
pub unsafe fn spawn<F, T>(f: F) -> Result<JoinHandle<T>, SpawnError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: **mine**.
    let gp = unsafe { prepare::<F, T>(f, run_for_handle::<F, T>, true)? };
    // SAFETY: it was just made, and is ours.
    unsafe { submit(gp) };
    Ok(JoinHandle { gp, _result: PhantomData })
}

/// Takes a free goroutine and moves `f` onto it. It is `Dead` still.
unsafe fn prepare<F, T>(f: F, run: Run, handle: bool) -> Result<NonNull<G>, SpawnError> {
    let running = current_g();
    if running.is_null() {
        return Err(SpawnError::NotAGoroutine);
    }
    // SAFETY: **mine**; an M's G.
    let mp = unsafe { current_m() };
    // SAFETY: **mine**: null on an M that has none.
    let Some(pp) = (unsafe { mp.p.get().as_ref() }) else { return Err(SpawnError::NotAGoroutine) };
    let sched = mp.sched();
    let size = size_of::<Payload<F, T>>();
    if size + align_of::<Payload<F, T>>() > PAYLOAD_MAX {
        return Err(SpawnError::TooLarge { size_bytes: size });
    }
    // SAFETY: **mine**.
    let gp = unsafe { crate::gfree::get(sched, pp) }.map_err(SpawnError::Stack)?;
    // SAFETY: free, so ours alone.
    let g = unsafe { gp.as_ref() };
    let payload = payload_of::<F, T>(gp);
    // SAFETY: below the G on its own stack, aligned, unused.
    unsafe { payload.write(Payload { f: ManuallyDrop::new(f) }) };
    g.payload.set(payload.cast());
    g.run.set(Some(run));
    // SAFETY: ours alone: nobody switches to it.
    unsafe { *g.sched.get() = Context::new(payload as usize, start) };
    g.goid.set(next_goid(&sched.shared, pp));
    // SAFETY: the running G is alive.
    g.parent_goid.set(unsafe { &*running }.goid());
    // SAFETY: ours alone: no handle and no stack refers to it.
    unsafe {
        gp.as_ptr()
            .cast::<u8>()
            .add(core::mem::offset_of!(G, hold))
            .cast::<Hold>()
            .write(Hold::new(handle))
    };
    // SAFETY: as above.
    unsafe {
        gp.as_ptr()
            .cast::<u8>()
            .add(core::mem::offset_of!(G, join))
            .cast::<JoinWord>()
            .write(JoinWord::new())
    };
    P::count(&pp.created);
    Ok(gp)
}

fn payload_of<F, T>(gp: NonNull<G>) -> *mut Payload<F, T> {
    let align = align_of::<Payload<F, T>>().max(16);
    let at = (gp.as_ptr() as usize - size_of::<Payload<F, T>>()) & !(align - 1);
    at as *mut Payload<F, T>
}

/// The next number. Unique in the scheduler's life; they jump where Ps hold batches. Go:
/// `goidcache`.
fn next_goid(shared: &Shared, pp: &P) -> u64 {
    let mut goid = pp.goid_next.get();
    if goid == pp.goid_end.get() {
        goid = shared.goid_gen.fetch_add(GOID_BATCH, Ordering::Relaxed) + 1;
        pp.goid_end.set(goid + GOID_BATCH);
    }
    pp.goid_next.set(goid + 1);
    goid
}

/// Makes it runnable, next on this P.
unsafe fn submit(gp: NonNull<G>) {
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    let sched = mp.sched();
    // SAFETY: prepared, so ours.
    unsafe { gp.as_ref() }.status.change(Status::Dead, Status::Runnable);
    // SAFETY: **mine**, and it is in no queue.
    let pushed = unsafe { mp.pp().runq.owner().push_next(gp) };
    after_push(sched, pushed);
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

impl<T> JoinHandle<T> {
    /// Waits for the goroutine to end and takes its result. May be called from any thread.
    #[must_use]
    pub fn join(self) -> T {
        let gp = self.gp;
        core::mem::forget(self);
        // SAFETY: the handle holds the slot.
        let g = unsafe { gp.as_ref() };
        g.join.wait();
        // SAFETY: **payload**: done, so `t` is stored, and it is ours. At offset 0 of the union.
        let t = unsafe { g.payload.get().cast::<T>().read() };
        release(gp);
        t
    }

    /// Has it ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        // SAFETY: the handle holds the slot.
        unsafe { self.gp.as_ref() }.join.is_done()
    }

    /// The goroutine's number. Go: `goid`.
    #[must_use]
    pub fn goid(&self) -> u64 {
        // SAFETY: the handle holds the slot.
        unsafe { self.gp.as_ref() }.goid()
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        // SAFETY: the handle holds the slot.
        let g = unsafe { self.gp.as_ref() };
        if g.join.detach() {
            // SAFETY: **payload**: done before, so the result is there and ours.
            unsafe { g.payload.get().cast::<T>().drop_in_place() };
        }
        release(self.gp);
    }
}

/// The handle lets go of the slot.
fn release(gp: NonNull<G>) {
    // SAFETY: the handle holds the slot until now.
    let g = unsafe { gp.as_ref() };
    // SAFETY: a goroutine that was started has an M or will have one; only its scheduler is read.
    if !g.hold.release(Holder::Handle) {
        return;
    }
    if current_g().is_null() {
        // SAFETY: it ran, so its last M is known and lives for ever.
        let mp: &M = unsafe { &*g.m.get() };
        // SAFETY: nobody holds it.
        return unsafe { mp.sched().lock().gfree.push_front(gp) };
    }
    // SAFETY: nobody holds it any more; on an M.
    unsafe { crate::gfree::put(gp) };
}

/// The running goroutine's number; 0 where none runs. Go: `goid`.
#[must_use]
pub fn current_goid() -> u64 {
    // SAFETY: a G in the slot is alive.
    unsafe { current_g().as_ref() }.map_or(0, G::goid)
}

/// The running goroutine's stack, guard excluded; empty where none runs.
#[must_use]
pub fn current_stack() -> Stack {
    // SAFETY: a G in the slot is alive.
    unsafe { current_g().as_ref() }.map_or_else(Stack::default, |g| g.stack.get())
}

/// Ends the running goroutine without returning from it. Other goroutines go on. Go:
/// `runtime.Goexit`.
///
/// Nothing on its stack is dropped, so the stack is never used again: pinned values and borrows
/// that others have into it stay good. A handle to it is never done. Return instead where you can.
///
/// # Panics
/// On a thread that runs no goroutine.
pub fn goexit() -> ! {
    // SAFETY: a G in the slot is alive.
    let g = unsafe { current_g().as_ref() }.expect("goexit: no goroutine runs here");
    assert!(g.park.ops.is_some(), "goexit: on g0");
    g.hold.keep_for_ever();
    // SAFETY: the running goroutine; whoever joins it waits for ever, as documented.
    unsafe { goexit0(g) }
}

/// How many goroutines exist. Go: `runtime.NumGoroutine`.
#[must_use]
pub fn num_goroutines() -> u64 {
    let Some(sched) = crate::park::current_sched() else { return 0 };
    let sum = |counter: fn(&P) -> &AtomicU64| -> u64 {
        sched.shared.allp.iter_all().map(|pp| counter(pp).load(Ordering::Relaxed)).sum()
    };
    // Those that ended first: then the difference is never too small.
    let ended = sum(|pp| &pp.ended);
    sum(|pp| &pp.created).saturating_sub(ended)
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
