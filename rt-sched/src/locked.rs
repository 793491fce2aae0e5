//! Goroutines that are tied to their thread. Go: `LockOSThread`, `UnlockOSThread`, `stoplockedm`,
//! `startlockedm`.
//!
//! # Safety
//! - **mine**: the running goroutine and its M change their own lock fields.
//! - **alive**: Ms, Ps and locked goroutines live as long as they are tied.
#![allow(unsafe_code, reason = "**mine**: the running M through the g slot")]

use core::ptr::{NonNull, null_mut};

use rt_wait::park::ParkHeader;

use crate::dead::checkdead;
use crate::g::{G, Status};
use crate::m::M;
use crate::p::P;
use crate::procresize::{acquirep, releasep};
use crate::sched::Sched;
use crate::schedule::{current_g, current_m};
use crate::thread::{handoffp, sleep_until_woken, wait_for_p};

/// Ties the running goroutine to its thread: it runs there and nothing else does, until it has
/// called [`unlock_os_thread`] as often. If it ends tied, the thread ends. Does nothing on other
/// threads.
///
/// What it changes of the thread, its namespaces say, no other thread inherits. For that the first
/// call starts one more thread, and ends the program with Go's text if none can be had.
///
/// # Panics
/// "LockOSThread nesting overflow".
pub fn lock_os_thread() {
    let Some((mp, g)) = running() else { return };
    let depth = mp.locked_ext.get().checked_add(1).expect("LockOSThread nesting overflow");
    crate::template::ensure_started(mp.sched());
    mp.locked_ext.set(depth);
    tie(mp, g);
}

/// Ties the running goroutine to its thread, whatever [`unlock_os_thread`] does, until this is
/// called with `false`: for who starts goroutines that are pinned. Go: `m.lockedInt`.
pub fn pin(pinned: bool) {
    let Some((mp, g)) = running() else { return };
    if pinned {
        crate::template::ensure_started(mp.sched());
    }
    mp.locked_int.set(pinned);
    if pinned {
        tie(mp, g);
    } else if !is_tied(mp, g) {
        untie(mp, g);
    }
}

/// Does anything tie the running goroutine to its thread?
fn is_tied(mp: &M, g: &G) -> bool {
    mp.locked_ext.get() != 0 || mp.locked_int.get() || g.is_wired.get()
}

/// Takes one [`lock_os_thread`] back. Does nothing when there is none.
pub fn unlock_os_thread() {
    let Some((mp, g)) = running() else { return };
    let Some(depth) = mp.locked_ext.get().checked_sub(1) else { return };
    mp.locked_ext.set(depth);
    if !is_tied(mp, g) {
        untie(mp, g);
    }
}

/// Ties the running goroutine to its thread while `wired`, whatever else ties it: for a ground
/// where a thread remembers what a goroutine does, that it unwinds for one. It does not count as
/// [`lock_os_thread`], and a goroutine that ends wired does not end its thread.
#[inline(always)]
pub fn wire(header: NonNull<ParkHeader>, wired: bool) {
    // SAFETY: **mine**: the running goroutine's header is the head of its G.
    let g = unsafe { header.cast::<G>().as_ref() };
    if g.is_wired.get() != wired {
        rewire(g, wired);
    }
}

#[cold]
fn rewire(g: &G, wired: bool) {
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    if mp.sched().is_pinned() {
        return; // others of its P must go on: it may wait for them
    }
    g.is_wired.set(wired);
    if wired {
        tie(mp, g);
    } else if !is_tied(mp, g) {
        untie(mp, g);
    }
}

fn tie(mp: &M, g: &G) {
    mp.lockedg.set(core::ptr::from_ref(g).cast_mut());
    g.lockedm.set(core::ptr::from_ref(mp).cast_mut());
}

fn untie(mp: &M, g: &G) {
    mp.lockedg.set(null_mut());
    g.lockedm.set(null_mut());
}

/// How often the running goroutine is tied.
#[must_use]
pub fn os_thread_locks() -> u32 {
    running().map_or(0, |(mp, _)| mp.locked_ext.get())
}

/// The running goroutine and its M; `None` where goroutines keep their threads anyway.
fn running<'a>() -> Option<(&'a M, &'a G)> {
    // SAFETY: a G in the slot is alive.
    let g = unsafe { NonNull::new(current_g())?.as_ref() };
    g.park.ops?;
    // SAFETY: **mine**.
    let mp = unsafe { current_m() };
    (!mp.sched().is_pinned()).then_some((mp, g))
}

/// If the M is tied to a goroutine, gives its P up and sleeps until that one is to run. On g0, at
/// the top of find_runnable. Go: `stoplockedm`.
pub(crate) fn wait_for_own(mp: &M) -> Option<NonNull<G>> {
    let gp = NonNull::new(mp.lockedg.get())?;
    let sched = mp.sched();
    if mp.spinning.replace(false) {
        let _last = sched.shared.idle.stop_search();
    }
    if !mp.p.get().is_null() {
        handoffp(sched, releasep(mp));
    }
    let mut synced = sched.lock();
    synced.nmidlelocked += 1;
    checkdead(sched, &synced);
    drop(synced);
    sleep_until_woken(mp, sched);
    // SAFETY: **alive**: it is tied to us.
    let status = unsafe { gp.as_ref() }.status();
    if status != Status::Runnable {
        rt_os::throw::throw("stoplockedm: not runnable");
    }
    let pp = NonNull::new(mp.nextp.replace(null_mut())).expect("stoplockedm: woken without a P");
    // SAFETY: **alive**; the waker gave it to us.
    acquirep(mp, unsafe { pp.as_ref() });
    // If the world is stopping the goroutine runs all the same, and the P stops after it: it is in
    // no queue, where others would find it.
    Some(gp)
}

/// Gives this M's P to the M that `gp` is tied to, and sleeps. Go: `startlockedm`.
pub(crate) fn startlockedm(mp: &M, sched: &Sched, gp: NonNull<G>) {
    // SAFETY: **alive**.
    let locked = unsafe { &*gp.as_ref().lockedm.get() };
    assert!(!core::ptr::eq(locked, mp), "startlockedm: locked to me");
    let pp: NonNull<P> = releasep(mp);
    let mut synced = sched.lock();
    synced.nmidlelocked -= 1;
    synced.mput(mp); // first, so that the other one finds us and starts no new thread
    drop(synced);
    locked.nextp.set(pp.as_ptr());
    locked.park.wakeup();
    wait_for_p(mp, sched);
}
