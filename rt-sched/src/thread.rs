//! Threads: starting, stopping and ending Ms. Go: `mstart`, `newm`, `startm`, `stopm`, `wakep`,
//! `handoffp`, `mexit`, `gcstopm`. Only this file puts Ms to sleep.
//!
//! # Safety
//! - **alive**: Ms and Ps are never freed; an M without a thread waits in `freem`.
//! - **on g0**: what sleeps or ends a thread runs on its g0, or on a thread's own stack.
#![allow(unsafe_code, reason = "**alive**: Ms are reached through raw pointers")]

use core::ptr::{NonNull, null_mut};

use rt_asm::tls::setg;
use rt_os::throw::throw;

use crate::dead::checkdead;
use crate::m::M;
pub use crate::newm::start_thread_beside;
use crate::newm::{Start, newm};
use crate::p::{P, PStatus};
use crate::procresize::{acquirep, releasep};
use crate::sched::{Sched, Synced};
use crate::schedule::schedule;

/// Looks at a note so often before it sleeps on it: a wake-up that comes now costs a cache miss,
/// one that comes after costs a system call on both sides.
const SPINS_BEFORE_SLEEP: u32 = 300;

/// How long an M idles before its thread ends, if there are more idle Ms than Ps, in ns.
const KEPT_IDLE_NS: u64 = 2_000_000_000;

/// The first Rust on an M's thread, and all it ever does. On the thread's own stack, its g0. The g
/// slot is set here; a bare thread has its FS already. Go: `mstart`, `mstart0`, `mstart1`.
///
/// # Safety
/// `mp` was handed to [`crate::port::Port::start_thread`], and this is that thread; or it is m0 at
/// boot.
pub unsafe fn mstart(mp: NonNull<M>) -> ! {
    // SAFETY: **alive**.
    let mp = unsafe { mp.as_ref() };
    let g0 = mp.g0.get();
    // SAFETY: its own g0.
    unsafe { setg(g0 as usize) };
    // SAFETY: an M has a g0.
    crate::fiber::started(unsafe { &*g0 });
    let mut guards = mp.guards.get();
    // SAFETY: as above.
    guards.raise(unsafe { (*g0).stack.get() });
    mp.guards.set(guards);
    mp.sched().port.minit(mp);
    mp.new_thread();
    crate::trace::record::thread(mp.sched(), mp, true);
    crate::retake::run_in_turn(mp);
    if let Some(call) = mp.startfn.get() {
        call(mp);
    }
    if let Some(pp) = NonNull::new(mp.nextp.replace(null_mut())) {
        // SAFETY: **alive**.
        acquirep(mp, unsafe { pp.as_ref() });
    } else if mp.p.get().is_null() {
        mp.sched().lock().nmcoming -= 1;
        stopm(mp, mp.sched());
    }
    schedule(mp)
}

/// Hands a claimed search to an M with an idle P, or gives it back. Go: `wakep`.
///
/// The caller counts as one searcher ([`crate::idle::IdleWords::claim_wake`]).
#[cold]
pub(crate) fn wakep(sched: &Sched) {
    let mut synced = sched.lock();
    let Some(pp) = synced.pidleget(&sched.shared) else {
        // Under the lock: a P that idles after this is not beside a searcher that does not search.
        let _last = sched.shared.idle.stop_search();
        return;
    };
    startm(sched, synced, Start::Schedule { pp, spinning: true });
}

/// Gives a P to an idle M, or to a new one. Go: `startm`.
pub(crate) fn startm(sched: &Sched, mut synced: rt_wait::mutex::Guard<'_, Synced>, start: Start) {
    let Start::Schedule { pp, spinning } = start else {
        return newm(sched, synced, start);
    };
    let Some(mp) = NonNull::new(synced.mget()) else {
        return newm(sched, synced, start);
    };
    drop(synced);
    // SAFETY: **alive**; it idles and nobody else has taken it out of the list.
    let mp = unsafe { mp.as_ref() };
    mp.spinning.set(spinning);
    mp.nextp.set(pp.as_ptr());
    mp.park.wakeup(); // orders the two stores before what the M does next
}

/// Sleeps until somebody gives this M a P. Go: `stopm`, `mPark`.
#[inline(never)]
pub(crate) fn stopm(mp: &M, sched: &Sched) {
    let mut synced = sched.lock();
    synced.mput(mp);
    checkdead(sched, &synced);
    drop(synced);
    wait_for_p(mp, sched);
}

/// Sleeps until the P comes that somebody gives this idle M. If none comes for long, and there are
/// more idle Ms than Ps, its thread ends.
pub(crate) fn wait_for_p(mp: &M, sched: &Sched) {
    if !mp.park.spin(sched.spins()) && !mp.park.sleep_timeout(KEPT_IDLE_NS) {
        end_if_surplus(mp, sched);
        mp.park.sleep();
    }
    mp.park.clear();
    let pp = NonNull::new(mp.nextp.replace(null_mut())).expect("stopm: woken without a P");
    // SAFETY: **alive**; the waker gave it to us.
    acquirep(mp, unsafe { pp.as_ref() });
}

/// Ends the thread of an M that idles if there are enough others. m0's stays.
#[cold]
fn end_if_surplus(mp: &M, sched: &Sched) {
    let mut synced = sched.lock();
    if synced.nmidle() > sched.shared.gomaxprocs() && mp.id() != 0 && synced.mget_specific(mp) {
        leave_allm(&mut synced, mp);
        drop(synced);
        // SAFETY: **on g0**: nothing on it is needed any more.
        unsafe { sched.port.exit_thread(mp) }
    }
}

/// Sleeps on the M's note and clears it.
pub(crate) fn sleep_until_woken(mp: &M, sched: &Sched) {
    if !mp.park.spin(sched.spins()) {
        mp.park.sleep();
    }
    mp.park.clear();
}

/// Gives the P up for a stopping world, and sleeps until there is one again. Go: `gcstopm`.
#[cold]
pub(crate) fn gcstopm(mp: &M, sched: &Sched) {
    if mp.spinning.get() {
        mp.spinning.set(false);
        let _last = sched.shared.idle.stop_search();
    }
    let mut synced = sched.lock();
    if !sched.shared.is_stopping() {
        return; // it stands and goes again already
    }
    // SAFETY: **alive**.
    let pp = unsafe { releasep(mp).as_ref() };
    pp.set_status(PStatus::GcStop);
    // Before the lock is free: when the world goes on, the P finds its M idle.
    synced.mput(mp);
    synced.one_stopped(sched);
    checkdead(sched, &synced);
    drop(synced);
    wait_for_p(mp, sched);
}

/// Finds somebody for a P that its M gives up. Must start an M wherever find_runnable would find
/// work. Go: `handoffp`.
pub(crate) fn handoffp(sched: &Sched, pp: NonNull<P>) {
    let shared = &sched.shared;
    // SAFETY: **alive**; released, so it is ours.
    let p = unsafe { pp.as_ref() };
    let mut synced = sched.lock();
    if shared.is_stopping() {
        p.set_status(PStatus::GcStop);
        return synced.one_stopped(sched);
    }
    let has_work = !p.runq.is_empty() || !synced.runq.is_empty();
    if has_work {
        return startm(sched, synced, Start::Schedule { pp, spinning: false });
    }
    synced.pidleput(shared, p);
    drop(synced);
    // As every idler: what came in meanwhile may have seen no idle P.
    crate::find::wake_if_needed(sched);
}

/// Ends the calling thread's part in the scheduler, and the thread. m0 sleeps for ever instead,
/// since its thread is the process. On g0. Go: `mexit`.
pub(crate) fn mexit(mp: &M) -> ! {
    let sched = mp.sched();
    if !mp.p.get().is_null() {
        handoffp(sched, releasep(mp));
    }
    let mut synced = sched.lock();
    if mp.id() == 0 {
        synced.nmfreed += 1;
    } else {
        leave_allm(&mut synced, mp);
        mp.exit_wanted.set(false);
    }
    checkdead(sched, &synced);
    drop(synced);
    if mp.id() == 0 {
        loop {
            mp.park.sleep();
        }
    }
    // SAFETY: **on g0**: nothing on it is needed any more.
    unsafe { sched.port.exit_thread(mp) }
}

/// The M's thread is about to end: another may have the M once it has.
pub(crate) fn leave_allm(synced: &mut Synced, mp: &M) {
    crate::trace::record::thread(mp.sched(), mp, false);
    synced.nmfreed += 1;
    unlink_allm(synced, mp);
    mp.set_procid(0); // the kernel may give that to another thread
    mp.alllink.set(synced.freem);
    synced.freem = core::ptr::from_ref(mp).cast_mut();
}

fn unlink_allm(synced: &mut Synced, mp: &M) {
    let mut at = synced.allm;
    if core::ptr::eq(at, mp) {
        synced.allm = mp.alllink.get();
        return;
    }
    while let Some(m) = NonNull::new(at) {
        // SAFETY: **alive**.
        let m = unsafe { m.as_ref() };
        if core::ptr::eq(m.alllink.get(), mp) {
            m.alllink.set(mp.alllink.get());
            return;
        }
        at = m.alllink.get();
    }
    throw("m not found in allm");
}

impl Sched {
    /// Is there a CPU for each P, so that a thread may spin without taking one from another?
    pub(crate) fn may_spin(&self) -> bool {
        self.shared.gomaxprocs() > 1 && self.shared.gomaxprocs() <= self.ncpu()
    }

    fn spins(&self) -> u32 {
        if self.may_spin() { SPINS_BEFORE_SLEEP } else { 0 }
    }
}
