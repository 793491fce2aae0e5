//! The ground of a std program: Ms are std's threads.
//!
//! # Safety
//! - **back**: the context in an M's thread's first frame is jumped to once, by the scheduler, on
//!   that thread, from g0, which is the thread's own stack: the frames between hold nothing.
//! - **mine**: park operations are called by the running goroutine itself.
#![allow(unsafe_code, reason = "**back**: ends threads by a jump")]

use std::cell::Cell;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::Ordering;

use rt_asm::switch::{Context, call_until_jump, jump};
use rt_asm::tls::{getg, setg};
use rt_os::errno::Errno;
use rt_sched::m::M;
use rt_sched::p::P;
use rt_sched::park::OPS as SCHED_OPS;
use rt_sched::port::Port;
use rt_stack::bounds::Stack;
use rt_stack::system::MStacks;
use rt_wait::park::{ParkHeader, ParkOps, WaitReason};

/// The ground.
#[derive(Debug)]
pub(crate) struct Std {
    ops: &'static ParkOps,
}
/// Where goroutines go from thread to thread.
pub(crate) static STD: Std = Std { ops: &OPS };
/// Where they keep their threads.
pub(crate) static PINNED: Std = Std { ops: &PINNED_OPS };

thread_local! {
    /// Where an M's thread goes when it ends. Used on g0 only, which does not change threads.
    static BACK: Cell<*mut Context> = const { Cell::new(null_mut()) };
}

/// How goroutines park here: as everywhere, but one that unwinds stays with its thread, which
/// counts the panic.
static OPS: ParkOps = ParkOps {
    prepare,
    cancel: SCHED_OPS.cancel,
    commit: SCHED_OPS.commit,
    commit_until: SCHED_OPS.commit_until,
    ready: SCHED_OPS.ready,
};

/// How goroutines park that keep their threads.
static PINNED_OPS: ParkOps = ParkOps { ready: rt_sched::pinned::ready, ..SCHED_OPS };

unsafe fn prepare(header: NonNull<ParkHeader>, reason: WaitReason) {
    rt_sched::locked::wire(header, std::thread::panicking());
    // SAFETY: **mine**.
    unsafe { (SCHED_OPS.prepare)(header, reason) }
}

/// Before the running goroutine leaves its thread in another way than by parking, by a yield.
#[inline]
pub(crate) fn before_yield() {
    if let Some(header) = running() {
        rt_sched::locked::wire(header, std::thread::panicking());
    }
}

/// Does a goroutine run here, which can park?
pub(crate) fn is_goroutine() -> bool {
    running().is_some()
}

/// The header of the running goroutine; `None` on threads that run none.
fn running() -> Option<NonNull<ParkHeader>> {
    let header = NonNull::new(getg() as *mut ParkHeader)?;
    // SAFETY: rt-wait's **header**: a word in the g slot leads to one.
    unsafe { header.as_ref() }.ops.is_some().then_some(header)
}

impl Port for Std {
    unsafe fn start_thread(&self, mp: NonNull<M>) -> Result<(), Errno> {
        // SAFETY: Ms live for ever.
        let m: &'static M = unsafe { mp.as_ref() };
        m.alive_word().store(1, Ordering::Relaxed);
        let name = format!("rt-m{}", m.id());
        let shared = Shareable(m);
        let started = std::thread::Builder::new().name(name).spawn(move || {
            let m = shared.get();
            serve(m, |_| {});
        });
        started.map(drop).map_err(|error| {
            m.alive_word().store(0, Ordering::Relaxed);
            Errno::from_raw(error.raw_os_error().unwrap_or(libc::EAGAIN))
        })
    }

    fn minit(&self, mp: &M) {
        mp.set_procid(rt_os::sys::thread::gettid());
        crate::fault::have_signal_stack();
    }

    fn stacks(&self) -> Result<Option<MStacks>, Errno> {
        Ok(None)
    }

    unsafe fn exit_thread(&self, _mp: &M) -> ! {
        // SAFETY: **back**.
        unsafe { jump(BACK.get(), 0) }
    }

    fn p_destroyed(&self, _pp: &P) {}

    fn park_ops(&self) -> &'static ParkOps {
        self.ops
    }

    fn detects_deadlock(&self) -> bool {
        false
    }
}

/// An M on its way to its thread.
struct Shareable(&'static M);

// SAFETY: the new thread is the M's own; who starts it lets it alone.
unsafe impl Send for Shareable {}

impl Shareable {
    fn get(&self) -> &'static M {
        self.0
    }
}

/// What an M's thread does: prepares, runs goroutines, and returns when its M has ended.
pub(crate) fn serve<F: FnOnce(&'static M)>(mp: &'static M, prepare: F) {
    struct Work<F> {
        mp: &'static M,
        prepare: Option<F>,
    }
    unsafe extern "C" fn work<F: FnOnce(&'static M)>(arg: usize) -> ! {
        // SAFETY: `serve`'s, which waits.
        let work = unsafe { &mut *(arg as *mut Work<F>) };
        let mp = work.mp;
        if let Some(prepare) = work.prepare.take() {
            prepare(mp);
        }
        mp.set_g0_stack(own_stack());
        // SAFETY: this is the M's thread.
        unsafe { rt_sched::thread::mstart(NonNull::from(mp)) }
    }
    let mut back = Context::default();
    let mut what = Work { mp, prepare: Some(prepare) };
    BACK.set(&raw mut back);
    // SAFETY: **back**.
    unsafe { call_until_jump(&raw mut back, work::<F>, &raw mut what as usize) };
    // SAFETY: no G runs here any more.
    unsafe { setg(0) };
    mp.alive_word().store(0, Ordering::Release); // the M may be another thread's from here on
}

/// The calling thread's stack, as its thread library says; nothing if that does not know.
fn own_stack() -> Stack {
    // SAFETY: an attribute object is filled, read and given back.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return Stack::default();
        }
        let (mut lo, mut size) = (null_mut(), 0);
        let ret = libc::pthread_attr_getstack(&raw const attributes, &raw mut lo, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        if ret != 0 {
            return Stack::default();
        }
        let lo = lo as usize;
        Stack { lo, hi: lo + size }
    }
}
