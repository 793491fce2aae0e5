//! Stops the world and starts it again; changes the number of Ps while goroutines run. Go:
//! `stopTheWorld`, `startTheWorld`, `GOMAXPROCS`.
//!
//! A stopped world has every P but the caller's in `GcStop`, and no M that takes one. Ms come to it
//! by themselves, at their next scheduling; one that never schedules delays it.
//!
//! # Safety
//! - **mine**: the caller's goroutine has a P, which is the one that stays.
//! - **alive**: Ps and Ms are never freed; a world waiter's stack stays while it waits.
#![allow(unsafe_code, reason = "**mine**: the running M through the g slot")]

use core::pin::pin;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rt_os::sys::clock::nanotime;
use rt_wait::park::{Spot, WaitReason};

use crate::allp::NoMemory;
use crate::m::M;
use crate::p::PStatus;
use crate::procresize::{RunnablePs, procresize};
use crate::sched::{Sched, WorldWaiter};
use crate::schedule::{current_m, wake_for_work};
use crate::thread::{Start, startm};

/// How long to wait for the last P before asking again, in ns.
const ASK_AGAIN_NS: u64 = 100_000;

/// Why the number of Ps was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetProcsError {
    /// There must be at least one.
    Zero,
    /// No memory for that many; the old number stands.
    NoMemory,
    /// The caller is not a goroutine.
    NotAGoroutine,
    /// Goroutines keep their Ps in this scheduler, so there are as many as at the start.
    Pinned,
}

impl core::fmt::Display for SetProcsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SetProcsError::Zero => "set_procs: the number of Ps must be at least 1",
            SetProcsError::NoMemory => "set_procs: no memory for so many Ps",
            SetProcsError::NotAGoroutine => "set_procs: the caller is not a goroutine",
            SetProcsError::Pinned => "set_procs: goroutines keep their Ps in this scheduler",
        })
    }
}

/// Sets the number of Ps and returns what it was. Stops the world for a moment. Go:
/// `runtime.GOMAXPROCS(n)`.
///
/// # Errors
/// [`SetProcsError`]; the number is then what it was.
pub fn set_procs(nprocs: u32) -> Result<u32, SetProcsError> {
    if nprocs == 0 {
        return Err(SetProcsError::Zero);
    }
    let sched = crate::park::current_sched();
    let has_p = crate::park::with_current_p(|pp| pp.is_some()); // not so in a blocking call
    let Some(sched) = sched.filter(|_| has_p) else {
        return Err(SetProcsError::NotAGoroutine);
    };
    if sched.is_pinned() {
        return Err(SetProcsError::Pinned);
    }
    let stopped = StoppedWorld::stop(sched);
    let old = sched.shared.gomaxprocs();
    if nprocs == old {
        drop(stopped);
        return Ok(old);
    }
    match stopped.start_with(nprocs) {
        Ok(()) => Ok(old),
        Err(NoMemory) => Err(SetProcsError::NoMemory),
    }
}

/// How many Ps there are. 0 on a thread without a scheduler.
#[must_use]
pub fn procs() -> u32 {
    crate::park::current_sched().map_or(0, |sched| sched.shared.gomaxprocs())
}

/// The world stands still, but for the caller. Dropping it starts the world again.
#[derive(Debug)]
pub struct StoppedWorld {
    sched: &'static Sched,
}

impl StoppedWorld {
    /// Waits for others who have stopped the world, then stops it. On a goroutine. Go:
    /// `stopTheWorld`, `stopTheWorldWithSema`.
    pub(crate) fn stop(sched: &'static Sched) -> StoppedWorld {
        take_world(sched);
        let shared = &sched.shared;
        // SAFETY: **mine**; it is asked anew, since taking the world may have moved us.
        let mp = unsafe { current_m() };
        let mut synced = sched.lock();
        sched.stop_note.clear();
        synced.stopwait = shared.gomaxprocs();
        shared.stopping.store(true, Ordering::SeqCst);
        // SAFETY: **mine**.
        unsafe { mp.pp() }.set_status(PStatus::GcStop);
        synced.stopwait -= 1;
        while let Some(pp) = synced.pidleget(shared) {
            // SAFETY: **alive**.
            unsafe { pp.as_ref() }.set_status(PStatus::GcStop);
            synced.stopwait -= 1;
        }
        let wait = synced.stopwait > 0;
        drop(synced);
        if wait {
            while !sched.stop_note.sleep_timeout(ASK_AGAIN_NS) {}
        }
        debug_assert!(shared.allp.iter().all(|pp| pp.status() == PStatus::GcStop));
        StoppedWorld { sched }
    }

    /// Starts the world with another number of Ps.
    ///
    /// # Errors
    /// [`NoMemory`]: the world goes on with the old number.
    pub(crate) fn start_with(self, nprocs: u32) -> Result<(), NoMemory> {
        let sched = self.sched;
        core::mem::forget(self);
        // SAFETY: **mine**: the world stands, so we are where we were.
        let mp = unsafe { current_m() };
        let result = start_the_world(sched, mp, nprocs);
        give_world(sched);
        result
    }
}

impl Drop for StoppedWorld {
    fn drop(&mut self) {
        // SAFETY: **mine**.
        let mp = unsafe { current_m() };
        let nprocs = self.sched.shared.gomaxprocs();
        // The same number needs no memory: it was there before.
        let _same = start_the_world(self.sched, mp, nprocs);
        give_world(self.sched);
    }
}

/// Go: `startTheWorldWithSema`.
fn start_the_world(sched: &Sched, mp: &M, nprocs: u32) -> Result<(), NoMemory> {
    let mut synced = sched.lock();
    let mut resize = |nprocs| {
        let now = nanotime();
        // SAFETY: the world is stopped: `stop` waited for every P.
        unsafe { procresize(&sched.shared, &mut synced, sched.port, mp, nprocs, now) }
    };
    let (runnable, result) = match resize(nprocs) {
        Ok(runnable) => (runnable, Ok(())),
        Err(NoMemory) => {
            // The old Ps exist, and all else has its size.
            let old = resize(sched.shared.gomaxprocs());
            (old.unwrap_or_else(|_| rt_os::throw::throw("runtime: out of memory")), Err(NoMemory))
        }
    };
    sched.shared.stopping.store(false, Ordering::SeqCst);
    drop(synced);
    run_all(sched, runnable);
    // There may be work that nobody was told of while the world stood.
    wake_for_work(sched);
    result
}

/// Gives each P of the chain to its M, or to another.
fn run_all(sched: &Sched, runnable: RunnablePs) {
    for pp in runnable {
        // SAFETY: **alive**; it is ours until an M has it.
        let p = unsafe { pp.as_ref() };
        match NonNull::new(p.m.replace(null_mut())) {
            Some(mp) => {
                // SAFETY: **alive**; procresize took it out of the idle list for this P.
                let mp = unsafe { mp.as_ref() };
                assert!(mp.nextp.get().is_null(), "startTheWorld: inconsistent mp->nextp");
                mp.nextp.set(pp.as_ptr());
                mp.park.wakeup();
            }
            None => startm(sched, sched.lock(), Start::Schedule { pp, spinning: false }),
        }
    }
}

/// One at a time; the others park. Go: `semacquire(&worldsema)`.
fn take_world(sched: &Sched) {
    let mut synced = sched.lock();
    if !synced.world_taken {
        synced.world_taken = true;
        return;
    }
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    let mut node = WorldWaiter { waiter: spot.waiter(), next: synced.world_waiters };
    spot.prepare(WaitReason::StoppingTheWorld);
    synced.world_waiters = &raw mut node;
    drop(synced);
    spot.commit(); // the world is ours: `give_world` hands it over
}

fn give_world(sched: &Sched) {
    let mut synced = sched.lock();
    let Some(node) = NonNull::new(synced.world_waiters) else {
        synced.world_taken = false;
        return;
    };
    // SAFETY: **alive**; it is in the list, so it waits.
    let node = unsafe { node.as_ref() };
    synced.world_waiters = node.next;
    let waiter = node.waiter;
    drop(synced);
    // SAFETY: taken out of the list under the lock.
    unsafe { waiter.ready() };
}
