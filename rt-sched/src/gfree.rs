//! Free goroutines with their stacks: each P keeps some, hot first. Go: `gfget`, `gfput`,
//! `gfpurge`.
//!
//! # Safety
//! - **free**: a G in a free list is `Dead`, off its stack, held by nobody; its slot is whole.
//! - **mine**: the running M's P.
#![allow(unsafe_code, reason = "**free**: lists of raw Gs")]

use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;
use rt_stack::bounds::Stack;
use rt_stack::pool::StackError;

use crate::g::{G, Status};
use crate::p::P;
use crate::park::with_current_p;
use crate::sched::Sched;

/// A P keeps fewer than this; at this number half go to the shared list. Go: 64 and 32.
const KEEP_MAX: usize = 64;
/// So many stay in the shared list when an M idles; the rest goes to the pool.
const KEEP_SHARED: usize = 256;
/// How long a stack that nobody uses keeps its pages at least, in ns: it is forgotten by halves.
const EPOCH_NS: u64 = 10_000_000_000;
/// So many are taken from the shared list at once.
const REFILL: usize = 32;

/// A free goroutine with at least `stack_bytes` of stack: from the P, else the shared list, else
/// with a new stack. Go: `gfget`, `malg`.
///
/// # Errors
/// What the stack pool said: no address space, no mappings, no memory.
///
/// # Safety
/// **mine**, if there is one.
#[inline]
pub(crate) unsafe fn get(
    sched: &'static Sched,
    pp: Option<&P>,
    stack_bytes: usize,
) -> Result<NonNull<G>, StackError> {
    if stack_bytes == 0
        && let Some(pp) = pp
        && let Some(gp) = pp.with_gfree(|free| free.pop())
    {
        return Ok(gp);
    }
    get_slow(sched, pp, stack_bytes)
}

#[cold]
fn get_slow(
    sched: &'static Sched,
    pp: Option<&P>,
    stack_bytes: usize,
) -> Result<NonNull<G>, StackError> {
    let pool = sched.stacks.pool_for(stack_bytes)?;
    if core::ptr::eq(pool, sched.stacks.usual()) {
        let many = if pp.is_some() { REFILL } else { 1 };
        let mut refill = sched.lock().take_gfree(many);
        if let Some(gp) = refill.pop() {
            if let Some(pp) = pp {
                pp.with_gfree(|free| free.append(refill));
            }
            return Ok(gp);
        }
    }
    let stack = pool.take()?;
    let gp = G::place(pool.colour(stack));
    // SAFETY: the top of a slot that is ours and nobody's yet.
    unsafe { G::write_over(gp, G::new(Some(sched.port.park_ops()), stack)) };
    Ok(gp)
}

/// Keeps a free goroutine that has run. Go: `gfput`.
///
/// # Safety
/// **free**; the running M's P, if there is one, is **mine**.
pub(crate) unsafe fn put(gp: NonNull<G>) {
    // SAFETY: **free**.
    let g = unsafe { gp.as_ref() };
    debug_assert_eq!(g.status(), Status::Dead);
    g.info.reap();
    // SAFETY: it ran, so its last M is known, and lives for ever.
    let sched = unsafe { &*g.m.get() }.sched();
    if !sched.stacks.is_usual(g.stack.get()) {
        return put_large(sched, g.stack.get());
    }
    let surplus = with_current_p(|pp| {
        let Some(pp) = pp else {
            // SAFETY: **free**.
            unsafe { sched.lock().gfree.push_front(gp) };
            return None;
        };
        pp.with_gfree(|free| {
            // SAFETY: **free**: it goes where hot ones are.
            unsafe { free.push_front(gp) };
            (free.len() >= KEEP_MAX).then(|| {
                let hot = free.split_front(KEEP_MAX / 2);
                core::mem::replace(free, hot)
            })
        })
    });
    if let Some(surplus) = surplus {
        sched.lock().gfree.append(surplus);
    }
}

#[cold]
fn put_large(sched: &Sched, stack: Stack) {
    sched.stacks.pool_of(stack).put(stack);
}

/// Hands what the shared list has too much of back to the stack pool, and lets the pool return the
/// pages of stacks that the program has lately not needed. By an M that has nothing else to do.
#[inline(never)]
pub(crate) fn release_surplus(sched: &Sched) {
    let mut synced = sched.lock();
    let keep = synced.take_gfree(KEEP_SHARED);
    let mut surplus = core::mem::replace(&mut synced.gfree, keep);
    drop(synced);
    while let Some(gp) = surplus.pop() {
        // SAFETY: **free**: nobody but the chain knew it.
        sched.stacks.usual().put(unsafe { gp.as_ref() }.stack.get());
    }
    for pool in sched.stacks.all() {
        pool.trim_if_due(nanotime(), EPOCH_NS);
    }
}

impl Sched {
    /// Calls `f` with number and state of every live goroutine that is not the runtime's own: a
    /// snapshot without locks, exact while nothing runs.
    #[cold]
    pub(crate) fn for_each_goroutine(&self, f: &mut dyn FnMut(u64, Status)) {
        self.for_each_g(&mut |g| {
            let status = g.status();
            let lives = !matches!(status, Status::Idle | Status::Dead);
            if lives && !g.is_system.get() {
                f(g.goid(), status);
            }
        });
    }

    /// Calls `f` with every G on a stack that is in use, free ones too: a snapshot without locks.
    /// Only words that anyone may look at are good.
    #[cold]
    #[inline(never)] // one copy
    pub(crate) fn for_each_g(&self, f: &mut dyn FnMut(&G)) {
        for pool in self.stacks.all() {
            for stack in pool.iter_used() {
                let gp = G::place(pool.colour(stack));
                // SAFETY: a used slot's top is a G; zero pages, a G that is Idle; or a G that is
                // being made, or was: Dead. Only the status is looked at, one atomic word, before
                // it says that the rest is whole.
                f(unsafe { gp.as_ref() });
            }
        }
    }
}
