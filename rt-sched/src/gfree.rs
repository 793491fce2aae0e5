//! Free goroutines with their stacks: each P keeps some, hot first. Go: `gfget`, `gfput`,
//! `gfpurge`.
//!
//! # Safety
//! - **free**: a G in a free list is `Dead`, off its stack, held by nobody; its slot is whole.
//! - **mine**: the running M's P.
#![allow(unsafe_code, reason = "**free**: lists of raw Gs")]

use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;
use rt_stack::pool::StackError;

use crate::g::{G, Status};
use crate::p::P;
use crate::sched::Sched;
use crate::schedule::current_m;

/// A P keeps fewer than this; at this number half go to the shared list. Go: 64 and 32.
const KEEP_MAX: usize = 64;
/// So many stay in the shared list when an M idles; the rest goes to the pool.
const KEEP_SHARED: usize = 256;
/// How long a stack that nobody uses keeps its pages at least, in ns: it is forgotten by halves.
const EPOCH_NS: u64 = 10_000_000_000;
/// So many are taken from the shared list at once.
const REFILL: usize = 32;

/// A free goroutine, from the P, else the shared list, else with a new stack. Go: `gfget`, `malg`.
///
/// # Errors
/// What the stack pool said: no address space, no mappings, no memory.
///
/// # Safety
/// **mine**.
#[inline]
pub(crate) unsafe fn get(sched: &'static Sched, pp: &P) -> Result<NonNull<G>, StackError> {
    if let Some(gp) = pp.with_gfree(|free| free.pop()) {
        return Ok(gp);
    }
    get_slow(sched, pp)
}

#[cold]
fn get_slow(sched: &'static Sched, pp: &P) -> Result<NonNull<G>, StackError> {
    let mut refill = sched.lock().take_gfree(REFILL);
    if let Some(gp) = refill.pop() {
        pp.with_gfree(|free| free.append(refill));
        return Ok(gp);
    }
    let stack = sched.stacks.take()?;
    let gp = G::place(sched.stacks.colour(stack));
    // SAFETY: the top of a slot that is ours and nobody's yet.
    unsafe { gp.write(G::new(Some(&crate::park::OPS), stack)) };
    Ok(gp)
}

/// Keeps a free goroutine. Go: `gfput`.
///
/// # Safety
/// **free**; on an M, whose P is **mine** if it has one.
pub(crate) unsafe fn put(gp: NonNull<G>) {
    // SAFETY: **free**.
    debug_assert_eq!(unsafe { gp.as_ref() }.status(), Status::Dead);
    // SAFETY: the caller is on an M.
    let mp = unsafe { current_m() };
    let sched = mp.sched();
    // SAFETY: **mine**: null or its P.
    let Some(pp) = (unsafe { mp.p.get().as_ref() }) else {
        // SAFETY: **free**.
        return unsafe { sched.lock().gfree.push_front(gp) };
    };
    let surplus = pp.with_gfree(|free| {
        // SAFETY: **free**: it goes where hot ones are.
        unsafe { free.push_front(gp) };
        (free.len() >= KEEP_MAX).then(|| {
            let hot = free.split_front(KEEP_MAX / 2);
            core::mem::replace(free, hot)
        })
    });
    if let Some(surplus) = surplus {
        sched.lock().gfree.append(surplus);
    }
}

/// Hands what the shared list has too much of back to the stack pool, and lets the pool return the
/// pages of stacks that the program has lately not needed. By an M that has nothing else to do.
pub(crate) fn release_surplus(sched: &Sched) {
    let mut synced = sched.lock();
    let keep = synced.take_gfree(KEEP_SHARED);
    let mut surplus = core::mem::replace(&mut synced.gfree, keep);
    drop(synced);
    if !surplus.is_empty() {
        // SAFETY: **free**: nobody but the chain knows it.
        let stacks = core::iter::from_fn(|| Some(unsafe { surplus.pop()?.as_ref() }.stack.get()));
        sched.stacks.put_batch(stacks);
    }
    sched.stacks.trim_if_due(nanotime(), EPOCH_NS);
}

impl Sched {
    /// Calls `f` with number and state of every goroutine that is not the runtime's own: a snapshot
    /// without locks, exact while nothing runs.
    pub(crate) fn with_goroutines(&self, f: impl FnOnce(&mut dyn Iterator<Item = (u64, Status)>)) {
        let mut slots = self.stacks.iter_used().filter_map(|stack| {
            let gp = G::place(self.stacks.colour(stack));
            // SAFETY: a used slot's top is a G, or zero pages: then its status is Idle.
            let g = unsafe { gp.as_ref() };
            (!g.is_system.get()).then(|| (g.goid(), g.status()))
        });
        f(&mut slots);
    }
}
