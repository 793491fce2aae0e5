//! Threads: starting, stopping and ending Ms. Go: `mstart`, `newm`, `startm`, `stopm`, `wakep`,
//! `handoffp`, `mexit`, `gcstopm`, `mReserveID`, `checkmcount`. Only this file puts Ms to sleep.
//!
//! # Safety
//! - **alive**: Ms and Ps are never freed; an M without a thread waits in `freem`.
//! - **on g0**: what sleeps or ends a thread runs on its g0, or on a thread's own stack.
#![allow(unsafe_code, reason = "**alive**: Ms are reached through raw pointers")]

use alloc::alloc::{Layout, alloc};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rt_asm::tls::setg;
use rt_os::errno::Errno;
use rt_os::throw::{throw, throw_with};

use crate::dead::checkdead;
use crate::g::{G, Status};
use crate::m::M;
use crate::p::{P, PStatus};
use crate::procresize::{acquirep, releasep};
use crate::sched::{Sched, Synced};
use crate::schedule::schedule;

/// Looks at a note so often before it sleeps on it: a wake-up that comes now costs a cache miss,
/// one that comes after costs a system call on both sides.
const SPINS_BEFORE_SLEEP: u32 = 300;

/// What an M that is made shall do first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// Run goroutines with this P, searching for work if told so.
    Schedule { pp: NonNull<P>, spinning: bool },
    /// Call a function that never returns, without a P.
    Call(fn(&M)),
}

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
    if let Some(call) = mp.startfn.get() {
        call(mp);
    }
    if let Some(pp) = NonNull::new(mp.nextp.replace(null_mut())) {
        // SAFETY: **alive**.
        acquirep(mp, unsafe { pp.as_ref() });
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
        drop(synced);
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

/// Makes an M and its thread. Go: `newm`, `allocm`, `newm1`.
///
/// Out of threads, memory or numbers is fatal, with Go's texts: the scheduler cannot go on with a P
/// that nobody runs.
#[cold]
fn newm(sched: &Sched, mut synced: rt_wait::mutex::Guard<'_, Synced>, start: Start) {
    let id = reserve_id(&mut synced);
    let reused = take_free(&mut synced);
    drop(synced);
    let mp = reused.unwrap_or_else(|| allocm(sched));
    // SAFETY: **alive**; nobody else knows it yet.
    let m = unsafe { mp.as_ref() };
    m.sched.set(sched);
    match start {
        Start::Schedule { pp, spinning } => {
            m.startfn.set(None);
            m.nextp.set(pp.as_ptr());
            m.spinning.set(spinning);
        }
        Start::Call(call) => {
            m.startfn.set(Some(call));
            m.nextp.set(null_mut());
        }
    }
    crate::init::mcommoninit(sched, m, Some(id));
    // SAFETY: it lives for ever, has no thread yet, and its g0 is set.
    if let Err(error) = unsafe { sched.port.start_thread(mp) } {
        no_thread(sched, error);
    }
}

fn no_thread(sched: &Sched, error: Errno) -> ! {
    let have = sched.lock().mcount();
    let hint = match error {
        Errno::EAGAIN => "runtime: may need to increase max user processes (ulimit -u)\n",
        Errno::ENOMEM => "runtime: no memory or address space for its stack (ulimit -v)\n",
        _ => "",
    };
    let errno = error.raw();
    throw_with(
        format_args!(
            "runtime: failed to create new OS thread (have {have} already; errno={errno})\n{hint}"
        ),
        "newosproc",
    )
}

/// Starts a thread that calls `call` and has no P. Go: `newm(fn, nil, -1)`.
pub(crate) fn start_system_thread(sched: &Sched, call: fn(&M)) {
    let mut synced = sched.lock();
    synced.nmsys += 1;
    newm(sched, synced, Start::Call(call));
}

/// The next number, and the check of the limit. From here on the M counts as running. Go:
/// `mReserveID`.
pub(crate) fn reserve_id(synced: &mut Synced) -> u64 {
    let id = synced.mnext;
    let Some(next) = id.checked_add(1) else { throw("runtime: thread ID overflow") };
    synced.mnext = next;
    checkmcount(synced);
    id
}

/// Ends the program when there are more threads than allowed. Go: `checkmcount`.
pub(crate) fn checkmcount(synced: &Synced) {
    if synced.mcount() > u64::from(synced.maxmcount) {
        let limit = synced.maxmcount;
        throw_with(
            format_args!("runtime: program exceeds {limit}-thread limit\n"),
            "thread exhaustion",
        );
    }
}

/// An M whose thread has ended and has left its stacks.
fn take_free(synced: &mut Synced) -> Option<NonNull<M>> {
    let mut link: *mut M = null_mut();
    let mut at = synced.freem;
    while let Some(mp) = NonNull::new(at) {
        // SAFETY: **alive**.
        let m = unsafe { mp.as_ref() };
        if m.alive.load(Ordering::Acquire) == 0 {
            match NonNull::new(link) {
                // SAFETY: **alive**.
                Some(prev) => unsafe { prev.as_ref() }.alllink.set(m.alllink.get()),
                None => synced.freem = m.alllink.get(),
            }
            m.park.clear();
            return Some(mp);
        }
        (link, at) = (at, m.alllink.get());
    }
    None
}

/// An M and the g0 that goes with it.
#[repr(C)]
struct MAndG0 {
    m: M,
    g0: G,
}

fn allocm(sched: &Sched) -> NonNull<M> {
    let stacks = match sched.port.stacks() {
        Ok(stacks) => stacks,
        Err(error) => no_thread(sched, error),
    };
    // SAFETY: the layout is not zero-sized.
    let pair = unsafe { alloc(Layout::new::<MAndG0>()) }.cast::<MAndG0>();
    let Some(pair) = NonNull::new(pair) else { throw("runtime: out of memory") };
    let g0_stack = stacks.as_ref().map_or_else(Default::default, |stacks| stacks.g0);
    // SAFETY: fresh memory of the right layout.
    unsafe { pair.write(MAndG0 { m: M::new(), g0: G::new(None, g0_stack) }) };
    // SAFETY: just written; it is never freed.
    let MAndG0 { m, g0 } = unsafe { pair.as_ref() };
    wire(m, g0);
    if let Some(stacks) = stacks {
        m.gsignal.set(Some(stacks.gsignal));
        m.stacks.set(Some(stacks));
    }
    NonNull::from(m)
}

/// `m.g0 = g0; g0.m = m`.
pub(crate) fn wire(m: &M, g0: &G) {
    m.g0.set(core::ptr::from_ref(g0).cast_mut());
    g0.m.set(core::ptr::from_ref(m).cast_mut());
    g0.status.change(Status::Dead, Status::Running);
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

/// Sleeps until the P comes that somebody gives this idle M.
pub(crate) fn wait_for_p(mp: &M, sched: &Sched) {
    sleep_until_woken(mp, sched);
    let pp = NonNull::new(mp.nextp.replace(null_mut())).expect("stopm: woken without a P");
    // SAFETY: **alive**; the waker gave it to us.
    acquirep(mp, unsafe { pp.as_ref() });
}

/// Sleeps on the M's note and clears it.
pub(crate) fn sleep_until_woken(mp: &M, sched: &Sched) {
    let spins = if sched.may_spin() { SPINS_BEFORE_SLEEP } else { 0 };
    if !mp.park.spin(spins) {
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
    synced.stopwait -= 1;
    if synced.stopwait == 0 {
        sched.stop_note.wakeup();
    }
    drop(synced);
    stopm(mp, sched);
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
        synced.stopwait -= 1;
        if synced.stopwait == 0 {
            sched.stop_note.wakeup();
        }
        return;
    }
    let has_work = !p.runq.is_empty() || !synced.runq.is_empty() || !p.timers.is_empty();
    if has_work {
        return startm(sched, synced, Start::Schedule { pp, spinning: false });
    }
    synced.pidleput(shared, p);
    drop(synced);
    // As every idler: what came in meanwhile may have seen no idle P.
    if shared.global_len() != 0 || shared.allp.iter().any(|pp| !pp.runq.ring_is_empty()) {
        crate::schedule::wake_for_work(sched);
    }
}

/// Ends the calling thread's part in the scheduler, and the thread. m0 sleeps for ever instead,
/// since its thread is the process. On g0. Go: `mexit`.
pub(crate) fn mexit(mp: &M) -> ! {
    let sched = mp.sched();
    handoffp(sched, releasep(mp));
    let mut synced = sched.lock();
    synced.nmfreed += 1;
    if mp.id() != 0 {
        unlink_allm(&mut synced, mp);
        mp.alllink.set(synced.freem);
        synced.freem = core::ptr::from_ref(mp).cast_mut();
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
}
