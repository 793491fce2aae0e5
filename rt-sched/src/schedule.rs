//! Goes from one goroutine to the next. Go: `schedule`, `execute`, `gogo`, `mcall`, `goexit`. Only
//! this file switches stacks.
//!
//! ```text
//!   goroutine A                                             g0
//!   yields, parks, ends
//!     next one at hand? ---- yes: switch A -> B             loop {
//!         | no                                                find_runnable   (may sleep)
//!         +----------------- switch A -> g0 ------------->    execute: switch g0 -> next
//!                                                           }
//! ```
//!
//! "At hand" means: in this P's own queue, off its stack, not locked to a thread, and nothing else
//! asks for the scheduler's attention (`fast_next`). A switch hands over who was left; the one
//! that arrives publishes that nobody is on that stack any more (`arrive`). So a goroutine may be
//! put into a queue while it still stands on its stack.
//!
//! # Safety
//! - **mine**: a function here runs on the M that `current()` names, and its P is that M's; neither
//!   is remembered over a switch.
//! - **claimed**: a goroutine that is switched to was taken out of a queue by us, is off its stack,
//!   and is `Runnable`.
//! - **alive**: Ms, Ps and the scheduler live for ever; a G lives while a queue or its M refers to
//!   it.
#![allow(unsafe_code, reason = "**claimed**: it switches stacks")]

use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rt_asm::switch::{jump, switch};
use rt_asm::tls::{getg, setg};
use rt_os::sys::clock::nanotime;
use rt_wait::park::WaitReason;

use crate::find::find_runnable;
use crate::g::{G, Holder, Status};
use crate::inside::enter_to_leave;
use crate::m::M;
use crate::p::P;
use crate::runq::Push;
use crate::thread::stopm;
use crate::trace::record;

/// Every so many schedulings the global queue comes first, so that two goroutines which keep
/// readying each other do not starve it. Go: `schedtick%61`.
pub(crate) const GLOBAL_EVERY: u32 = 61;

/// The running goroutine, or the g0 it is on; null on a thread of nobody's.
#[inline(always)]
pub(crate) fn current_g() -> *mut G {
    getg() as *mut G
}

/// The running M. The reference must not live over a switch.
///
/// # Safety
/// The thread is an M's.
#[inline(always)]
pub(crate) unsafe fn current_m<'a>() -> &'a M {
    // SAFETY: on an M the g slot holds a G whose `m` is that M.
    unsafe { &*(*current_g()).m.get() }
}

/// Runs goroutines on this thread for ever. On g0. Go: `schedule`.
pub(crate) fn schedule(mp: &M) -> ! {
    loop {
        let next = find_runnable(mp);
        // SAFETY: find_runnable took it out of a queue for us; we are on g0.
        unsafe { execute_from_g0(mp, next.gp, next.inherits_time) };
        if mp.exit_wanted.get() {
            crate::thread::mexit(mp);
        }
        if mp.p.get().is_null() && mp.lockedg.get().is_null() {
            stopm(mp, mp.sched()); // its goroutine has left without a P
        }
    }
}

/// Switches from g0 to a goroutine; comes back when that M has nothing at hand. Go: `execute`.
///
/// # Safety
/// **claimed**, except that somebody may still be on its stack; on g0 of `mp`.
unsafe fn execute_from_g0(mp: &M, gp: NonNull<G>, inherits_time: bool) {
    // SAFETY: **claimed**.
    let g = unsafe { gp.as_ref() };
    g.on_stack.wait_off(rt_os::sys::thread::sched_yield);
    // SAFETY: **mine**: who executes has a P.
    let pp = unsafe { mp.pp() };
    pp.count_run(inherits_time);
    if let Some(ring) = pp.ring() {
        record::starts(ring, mp, g);
    }
    let g0 = mp.g0.get();
    mount(mp, g);
    // SAFETY: g0 is this stack's G; the goroutine sleeps: **claimed**.
    let left = unsafe { switch((*g0).sched.get(), g.sched.get(), g0 as usize) };
    // SAFETY: whoever came here handed over itself.
    unsafe { see_off(left) };
}

/// Makes `g` the M's running goroutine, up to the switch itself.
#[inline(always)]
fn mount(mp: &M, g: &G) {
    g.status.change(Status::Runnable, Status::Running);
    g.on_stack.mount();
    if g.runnable_since_ns.get() != 0 {
        note_latency(mp, g);
    }
    let gp = core::ptr::from_ref(g).cast_mut();
    g.m.set(core::ptr::from_ref(mp).cast_mut());
    mp.curg.set(gp);
    // SAFETY: a G in the slot is alive.
    let from = unsafe { &*current_g() };
    crate::fiber::leaving(from, g, from.status.get() == Status::Dead);
    // SAFETY: the switch follows at once, on this thread; nothing in between asks who it is.
    unsafe { setg(gp as usize) };
}

/// A goroutine runs that was timed since it was readied.
#[cold]
#[inline(never)]
fn note_latency(mp: &M, g: &G) {
    let since_ns = g.runnable_since_ns.replace(0);
    mp.sched().shared.counts.latencies.record(nanotime().saturating_sub(since_ns));
}

/// What a resumed or fresh goroutine does first: the one that was left is off its stack now, and
/// user code goes on.
///
/// # Safety
/// `left` is what the switch handed over.
#[inline(always)]
pub(crate) unsafe fn arrive(left: usize) {
    // SAFETY: whoever was left ran on this M.
    let mp = unsafe { &*(*(left as *const G)).m.get() };
    // SAFETY: the caller's.
    unsafe { see_off(left) };
    mp.handoff.leave();
}

/// What g0 does first, or a goroutine: the one that was left is off its stack now.
///
/// # Safety
/// `left` is what the switch handed over.
#[inline(always)]
unsafe fn see_off(left: usize) {
    // SAFETY: a G in the slot is alive.
    crate::fiber::arrived(unsafe { &*current_g() });
    // SAFETY: a G hands over itself, and stays until it is seen off its stack.
    let left = unsafe { &*(left as *const G) };
    if left.status.get() == Status::Dead {
        // SAFETY: it ended on this M, and nobody else will free it.
        unsafe { bury(left) };
        return;
    }
    left.on_stack.leave();
}

/// Frees what ended, unless a handle still needs it. Go: `gdestroy`'s `gfput`.
///
/// # Safety
/// `dead` ended on this M, which has a P or is on g0.
unsafe fn bury(dead: &G) {
    dead.on_stack.leave();
    if dead.hold.release(Holder::Stack) {
        // SAFETY: nobody holds it: it is ours.
        unsafe { crate::gfree::put(NonNull::from(dead)) };
    }
}

/// Takes the next goroutine if it is at hand; `None` sends the caller to g0.
///
/// # Safety
/// **mine**.
#[inline(always)]
unsafe fn fast_next(mp: &M, pp: &P, me: &G) -> Option<NonNull<G>> {
    if mp.sched().shared.attention.is_any() {
        // SAFETY: the caller's.
        return unsafe { next_in_attention(mp, pp, me) };
    }
    // SAFETY: the caller's.
    unsafe { take_next(mp, pp, me) }
}

/// The world stops, or events are recorded.
///
/// # Safety
/// **mine**.
#[cold]
#[inline(never)]
unsafe fn next_in_attention(mp: &M, pp: &P, me: &G) -> Option<NonNull<G>> {
    let stops = mp.sched().shared.is_stopping();
    // SAFETY: the caller's.
    let next = if stops { None } else { unsafe { take_next(mp, pp, me) } };
    // SAFETY: **claimed**.
    record::leaves(mp, pp, me, next.map(|gp| unsafe { &*gp.as_ptr() }));
    next
}

/// Takes the next goroutine, if none of the M's own affairs comes first.
///
/// # Safety
/// **mine**.
#[inline(always)]
unsafe fn take_next(mp: &M, pp: &P, me: &G) -> Option<NonNull<G>> {
    let shared = &mp.sched().shared;
    let due_for_others = pp.schedtick().is_multiple_of(GLOBAL_EVERY)
        && (shared.global_len() != 0 || shared.netpoll.is_open() || pp.inbox.len() != 0);
    let wanted = !mp.lockedg.get().is_null() || mp.exit_wanted.get();
    if due_for_others || wanted || pp.time_may_have_come() {
        return None;
    }
    // SAFETY: **mine**.
    let runq = unsafe { pp.runq.owner() };
    let popped = pp.pop_fair(runq)?;
    // SAFETY: **claimed**.
    let g = unsafe { popped.item.as_ref() };
    let others = !core::ptr::eq(g, me);
    if others && (!g.on_stack.is_off() || !g.lockedm.get().is_null()) {
        // Only g0 may wait for a stack, or give the P away: let it meet this one first.
        // SAFETY: it was just taken.
        let pushed = unsafe { runq.push_next(popped.item) };
        debug_assert!(matches!(pushed, Push::Lone | Push::Ring));
        return None;
    }
    pp.count_run(popped.inherits_time);
    Some(popped.item)
}

/// Leaves the running goroutine for another; returns when it runs again, maybe on another M.
///
/// # Safety
/// `g` is the running goroutine; its status says why it leaves. The M is inside with a P. No lock
/// of the runtime is held.
#[inline(always)]
pub(crate) unsafe fn switch_away(mp: &M, g: &G) {
    debug_assert_eq!(mp.held.depth(), 0, "a runtime lock is held over a switch");
    // SAFETY: **mine**.
    let target = match unsafe { fast_next(mp, mp.pp(), g) } {
        Some(next) if core::ptr::eq(next.as_ptr(), g) => {
            g.status.change(Status::Runnable, Status::Running);
            return mp.handoff.leave();
        }
        Some(next) => {
            // SAFETY: **claimed**.
            let next = unsafe { next.as_ref() };
            mount(mp, next);
            next.sched.get()
        }
        None => to_g0(mp),
    };
    // SAFETY: **claimed**, or g0 which sleeps in `execute_from_g0`.
    let left = unsafe { switch(g.sched.get(), target, core::ptr::from_ref(g) as usize) };
    // SAFETY: handed over by the switch that came here.
    unsafe { arrive(left) };
}

/// Leaves the running goroutine, which is queued or waits, on an M that has no P; returns when it
/// runs again, on some M with a P.
///
/// # Safety
/// As for [`switch_away`], but the M has no P.
pub(crate) unsafe fn leave_without_p(mp: &M, g: &G) {
    record::leaves_without_p(mp, g);
    let target = to_g0(mp);
    // SAFETY: g0 sleeps in `execute_from_g0`; it sees to a P.
    let left = unsafe { switch(g.sched.get(), target, core::ptr::from_ref(g) as usize) };
    // SAFETY: handed over by the switch that came here.
    unsafe { arrive(left) };
}

/// Makes g0 the M's running G, up to the switch.
#[inline(always)] // see `fiber::leaving`
fn to_g0(mp: &M) -> *mut rt_asm::switch::Context {
    let g0 = mp.g0.get();
    mp.curg.set(null_mut());
    // SAFETY: **alive**: the running goroutine, and an M's g0.
    let (from, to) = unsafe { (&*current_g(), &*g0) };
    crate::fiber::leaving(from, to, from.status.get() == Status::Dead);
    // SAFETY: the switch follows at once.
    unsafe { setg(g0 as usize) };
    // SAFETY: an M has a g0.
    unsafe { (*g0).sched.get() }
}

/// Leaves the running goroutine, which has ended, for good.
///
/// # Safety
/// As for [`switch_away`], if it has a P; the status is `Dead`.
unsafe fn leave_for_good(mp: &M, g: &G, has_p: bool) -> ! {
    // SAFETY: **mine**.
    let next = if has_p { unsafe { fast_next(mp, mp.pp(), g) } } else { None };
    let target = match next {
        Some(next) => {
            // SAFETY: **claimed**.
            let next = unsafe { next.as_ref() };
            mount(mp, next);
            next.sched.get()
        }
        None => to_g0(mp),
    };
    // SAFETY: **claimed**, or g0. Nothing on this stack is needed any more.
    unsafe { jump(target, core::ptr::from_ref(g) as usize) }
}

/// Leaves the running goroutine until it is readied. Its status is `Waiting`, or `Runnable` when
/// the ready came first.
///
/// # Safety
/// `g` is the running goroutine.
#[inline]
pub(crate) unsafe fn park(g: &G) {
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    if enter_to_leave(mp) {
        // SAFETY: **mine**.
        unsafe { switch_away(mp, g) };
    } else {
        // SAFETY: **mine**.
        unsafe { leave_without_p(mp, g) };
    }
}

/// Ends the running goroutine. What is on its stack is not dropped. Go: `goexit0`, `gdestroy`.
///
/// # Safety
/// `g` is the running goroutine; its result, if it has one, is stored.
pub(crate) unsafe fn goexit0(g: &G) -> ! {
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    let has_p = enter_to_leave(mp);
    g.wait_reason.set(WaitReason::None);
    if has_p {
        // SAFETY: **mine**.
        P::count(&unsafe { mp.pp() }.ended);
    } else {
        mp.sched().shared.ended_elsewhere.fetch_add(1, Ordering::Relaxed);
    }
    g.status.change(Status::Running, Status::Dead);
    if !has_p {
        record::leaves_without_p(mp, g);
    }
    if !mp.lockedg.get().is_null() {
        // It ends locked to its thread: whatever it did to the thread ends with the thread.
        mp.lockedg.set(null_mut());
        mp.locked_ext.set(0);
        mp.locked_int.set(false);
        g.lockedm.set(null_mut());
        mp.exit_wanted.set(true);
    }
    // SAFETY: it is dead; g0 sees to the thread.
    unsafe { leave_for_good(mp, g, has_p) }
}
