//! Makes Ms and their threads. Go: `newm`, `allocm`, `newm1`, `mReserveID`, `checkmcount`.
//!
//! # Safety
//! - **alive**: Ms are never freed; one without a thread waits in `freem`.
#![allow(unsafe_code, reason = "**alive**: Ms are reached through raw pointers")]

use alloc::alloc::{Layout, alloc};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rt_os::errno::Errno;
use rt_os::sys::thread::usleep;
use rt_os::throw::{throw, throw_with};
use rt_wait::mutex::Guard;

use crate::g::{G, Status};
use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Synced};
use crate::schedule::current_g;
use crate::thread::{leave_allm, startm};

/// What an M that is made shall do first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// Run goroutines with this P, searching for work if told so.
    Schedule { pp: NonNull<P>, spinning: bool },
    /// Wait for a P.
    Idle,
    /// Call a function that never returns, without a P.
    Call(fn(&M)),
}

/// EAGAIN is retried so often, 1 ms longer each time. Go: `retryOnEAGAIN`.
const EAGAIN_TRIES: u64 = 20;

/// Makes an M and its thread. Go: `newm`, `allocm`, `newm1`.
///
/// Out of threads, memory or numbers is fatal, with Go's texts: the scheduler cannot go on with a P
/// that nobody runs. An M that has come to idle meanwhile will do, too.
#[cold]
pub(crate) fn newm(sched: &Sched, synced: Guard<'_, Synced>, start: Start) {
    let Err(error) = try_newm(sched, synced, start, EAGAIN_TRIES) else { return };
    let synced = sched.lock();
    if matches!(start, Start::Schedule { .. }) && synced.nmidle() != 0 {
        return startm(sched, synced, start);
    }
    drop(synced);
    no_thread(sched, error)
}

/// As [`newm`], but for the limit of threads an error leaves everything as it was.
fn try_newm(
    sched: &Sched,
    mut synced: Guard<'_, Synced>,
    start: Start,
    tries: u64,
) -> Result<(), Errno> {
    let id = reserve_id(&mut synced);
    let reused = take_free(&mut synced);
    drop(synced);
    crate::handoff::heavy::prepare();
    if matches!(start, Start::Schedule { .. }) {
        crate::sysmon::ensure_started(sched);
    }
    let mp = match reused.map_or_else(|| allocm(sched), Ok) {
        Ok(mp) => mp,
        Err(error) => {
            sched.lock().nmfreed += 1;
            return Err(error);
        }
    };
    // SAFETY: **alive**; nobody else knows it yet.
    let m = unsafe { mp.as_ref() };
    m.sched.set(sched);
    m.spinning.set(false); // one that is used again may have failed as a searcher
    match start {
        Start::Schedule { pp, spinning } => {
            m.startfn.set(None);
            m.nextp.set(pp.as_ptr());
            m.spinning.set(spinning);
        }
        Start::Idle => {
            m.startfn.set(None);
            m.nextp.set(null_mut());
        }
        Start::Call(call) => {
            m.startfn.set(Some(call));
            m.nextp.set(null_mut());
        }
    }
    crate::init::mcommoninit(sched, m, Some(id));
    if is_changed_thread(sched) {
        sched.shared.template.ask(mp);
        return Ok(());
    }
    let started = start_thread(sched, mp, tries);
    if started.is_err() {
        leave_allm(&mut sched.lock(), m);
    }
    started
}

/// Starts the thread of an M that is ready for it, and counts as running all the while. Go:
/// `newm1`.
fn start_thread(sched: &Sched, mp: NonNull<M>, tries: u64) -> Result<(), Errno> {
    let mut attempt = 1;
    loop {
        // SAFETY: **alive**; it has no thread yet, and its g0 is set.
        match unsafe { sched.port.start_thread(mp) } {
            Err(Errno::EAGAIN) if attempt < tries => usleep(1000 * attempt),
            result => return result,
        }
        attempt += 1;
    }
}

/// Starts the thread of an M for the thread that should have, on another. Errors are as for
/// [`newm`]: who tries before it asks is never tied.
pub(crate) fn start_or_end(sched: &Sched, mp: NonNull<M>) {
    if let Err(error) = start_thread(sched, mp, EAGAIN_TRIES) {
        no_thread(sched, error);
    }
}

/// May a goroutine have changed what the calling thread hands on to those that it starts? One that
/// is tied to it, or ended so; or it is a thread of the program's own, of which nothing is known.
/// False while nothing is tied anywhere: there is no other thread to ask.
fn is_changed_thread(sched: &Sched) -> bool {
    if !sched.shared.template.is_there() {
        return false;
    }
    // SAFETY: **alive**; the running M, if the slot has a G.
    let mp = unsafe { current_g().as_ref().and_then(|g| g.m.get().as_ref()) };
    mp.is_none_or(|mp| mp.locked_ext.get() != 0 || mp.locked_int.get() || mp.exit_wanted.get())
}

/// An M for a P that is taken from a thread which computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForP {
    /// It idles, beside those that the idle Ps will need.
    Idles,
    /// It has been started, and idles soon.
    Comes,
}

/// Finds an M to spare, or starts one. `None`: there is none. The last quarter of the threads that
/// may exist is for those who cannot do without.
pub(crate) fn spare_m(sched: &Sched, may_start: bool) -> Option<ForP> {
    let mut synced = sched.lock();
    if synced.nmidle() > sched.shared.idle.npidle() {
        return Some(ForP::Idles);
    }
    if synced.nmcoming != 0 {
        return Some(ForP::Comes); // one at a time
    }
    let limit = u64::from(synced.maxmcount);
    if !may_start || synced.mcount() >= limit - limit / 4 {
        return None;
    }
    synced.nmcoming += 1;
    if try_newm(sched, synced, Start::Idle, 1).is_err() {
        sched.lock().nmcoming -= 1;
        return None;
    }
    Some(ForP::Comes)
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

/// Starts a thread that calls `call`, which never returns, and has no P. It counts as running: a
/// program that waits for what it brings is not deadlocked.
///
/// Out of threads is fatal, with Go's texts.
pub fn start_thread_beside(sched: &Sched, call: fn(&M)) {
    newm(sched, sched.lock(), Start::Call(call));
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

fn allocm(sched: &Sched) -> Result<NonNull<M>, Errno> {
    let stacks = sched.port.stacks()?;
    // SAFETY: the layout is not zero-sized.
    let pair = unsafe { alloc(Layout::new::<MAndG0>()) }.cast::<MAndG0>();
    let pair = NonNull::new(pair).ok_or(Errno::ENOMEM)?;
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
    Ok(NonNull::from(m))
}

/// `m.g0 = g0; g0.m = m`.
pub(crate) fn wire(m: &M, g0: &G) {
    m.g0.set(core::ptr::from_ref(g0).cast_mut());
    g0.m.set(core::ptr::from_ref(m).cast_mut());
    g0.status.change(Status::Dead, Status::Running);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lab;

    #[test]
    fn an_m_without_a_thread_is_tried_again() {
        let mut lab = Lab::new(crate::sched::Config::default());
        lab.resize(2, 1).unwrap();
        let sched = lab.sched();
        let before = sched.lock().mcount();
        for _ in 0..3 {
            assert_eq!(spare_m(sched, true), None, "its ground has no threads");
            let synced = sched.lock();
            assert_eq!((synced.mcount(), synced.nmcoming), (before, 0));
            // SAFETY: **alive**.
            let free = unsafe { synced.freem.as_ref() }.expect("it was given back");
            assert!(free.alllink.get().is_null(), "there is one");
        }
    }

    #[test]
    fn an_m_that_should_have_searched_is_used_for_something_else() {
        let mut lab = Lab::new(crate::sched::Config::default());
        lab.resize(2, 1).unwrap();
        let sched = lab.sched();
        assert!(sched.shared.idle.claim_wake());
        let mut synced = sched.lock();
        let pp = synced.pidleget(&sched.shared).unwrap();
        assert!(try_newm(sched, synced, Start::Schedule { pp, spinning: true }, 1).is_err());
        let unused = sched.lock().freem;
        assert_eq!(spare_m(sched, true), None, "its ground has no threads");
        assert_eq!(sched.lock().freem, unused);
        // SAFETY: **alive**.
        assert!(!unsafe { unused.as_ref() }.expect("given back").spinning.get());
    }
}
