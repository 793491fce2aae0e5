//! Stops the world and starts it again; changes the number of Ps while goroutines run. Go:
//! `stopTheWorld`, `startTheWorld`, `GOMAXPROCS`.
//!
//! A stopped world has every P but the caller's in `GcStop`, and no M that takes one. An M in the
//! runtime comes to it by itself; from one in user code the P is taken. That one runs on, and waits
//! for a P when it comes into the runtime to leave its goroutine.
//!
//! # Safety
//! - **mine**: the caller's goroutine has a P, or gets one when the world stands; it is inside.
//! - **alive**: Ps and Ms are never freed; a world waiter's stack stays while it waits.
#![allow(unsafe_code, reason = "**mine**: the running M through the g slot")]

use core::pin::pin;
use core::ptr::{NonNull, null_mut};

use rt_os::init::getproccount;
use rt_os::sys::clock::nanotime;
use rt_wait::park::{Spot, WaitReason};

use crate::allp::NoMemory;
use crate::follow::Following;
use crate::inside::enter_to_leave;
use crate::m::M;
use crate::newm::Start;
use crate::p::{P, PStatus};
use crate::procresize::{RunnablePs, acquirep, procresize};
use crate::sched::{Sched, Shared, WorldWaiter};
use crate::schedule::{current_g, current_m};
use crate::thread::startm;
use crate::trace::record::{self, World};
use crate::wake::wake_for_work;

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

/// Sets the number of Ps and returns what it was. Stops the world for a moment. From then on the
/// number does not follow the machine. Go: `runtime.GOMAXPROCS(n)`.
///
/// # Errors
/// [`SetProcsError`]; the number is then what it was.
pub fn set_procs(nprocs: u32) -> Result<u32, SetProcsError> {
    if nprocs == 0 {
        return Err(SetProcsError::Zero);
    }
    change_procs(|following| {
        following.set(false);
        Some(nprocs)
    })
}

/// Sets the number of Ps to what the machine gives, and has it follow that again. Go:
/// `runtime.SetDefaultGOMAXPROCS`.
///
/// # Errors
/// [`SetProcsError`].
pub fn set_default_procs() -> Result<u32, SetProcsError> {
    change_procs(|following| {
        following.set(true);
        Some(following.default_procs(getproccount()))
    })
}

/// Sets the number of Ps unless it does not follow the machine any more.
pub(crate) fn follow_to(nprocs: u32) -> Result<u32, SetProcsError> {
    change_procs(|following| following.is_on().then_some(nprocs))
}

/// Changes the number of Ps to what `choose` says, called with the world taken; `None` keeps it.
fn change_procs(choose: impl FnOnce(&Following) -> Option<u32>) -> Result<u32, SetProcsError> {
    let Some(sched) = crate::park::current_sched().filter(|_| is_goroutine()) else {
        return Err(SetProcsError::NotAGoroutine);
    };
    if sched.is_pinned() {
        return Err(SetProcsError::Pinned);
    }
    let turn = Turn::take(sched);
    let old = sched.shared.gomaxprocs();
    match choose(&sched.shared.following).filter(|nprocs| *nprocs != old) {
        None => Ok(old),
        Some(nprocs) => match StoppedWorld::stop_in(turn).start_with(nprocs) {
            Ok(()) => Ok(old),
            Err(NoMemory) => Err(SetProcsError::NoMemory),
        },
    }
}

/// Does the caller run as a goroutine, and not in a blocking call?
pub(crate) fn is_goroutine() -> bool {
    // SAFETY: a G in the slot is alive.
    unsafe { current_g().as_ref() }.is_some_and(|g| g.park.ops.is_some())
}

/// How many Ps there are. 0 on a thread without a scheduler.
#[must_use]
pub fn procs() -> u32 {
    crate::park::current_sched().map_or(0, |sched| sched.shared.gomaxprocs())
}

/// The world stands still, but for the caller. Dropping it starts the world again.
#[derive(Debug)]
pub struct StoppedWorld {
    is_started: bool,
    /// When somebody wished it.
    since_ns: u64,
    turn: Turn,
}

impl StoppedWorld {
    /// Waits for others who have stopped the world, then stops it. The caller must not park until
    /// it has started the world again. Go: `stopTheWorld`.
    ///
    /// # Panics
    /// On a thread that runs no goroutine.
    #[must_use]
    pub fn stop(sched: &'static Sched) -> StoppedWorld {
        assert!(is_goroutine(), "stop the world: not a goroutine");
        StoppedWorld::stop_in(Turn::take(sched))
    }

    /// Stops the world. Who has lost its P does not queue for one, behind all that compute: it
    /// takes one of those that stand. Go: `stopTheWorldWithSema`.
    #[inline(never)]
    fn stop_in(turn: Turn) -> StoppedWorld {
        let sched = turn.0;
        let since_ns = nanotime();
        let shared = &sched.shared;
        // SAFETY: **mine**; it is not left before the world goes again.
        let mp = unsafe { current_m() };
        // SAFETY: **mine**: inside, if it still has it.
        let own = enter_to_leave(mp).then(|| unsafe { mp.pp() });
        let mut synced = sched.lock();
        sched.stop_note.clear();
        synced.stopwait = shared.gomaxprocs();
        shared.attention.set_stopping(true);
        if let Some(pp) = own {
            record::world(pp, World::Stopping);
            pp.set_status(PStatus::GcStop);
            synced.stopwait -= 1;
        }
        while let Some(pp) = synced.pidleget(shared) {
            // SAFETY: **alive**.
            unsafe { pp.as_ref() }.set_status(PStatus::GcStop);
            synced.stopwait -= 1;
        }
        let wait = synced.stopwait > 0;
        drop(synced);
        if wait {
            crate::retake::take_for_stop(sched);
            while !sched.stop_note.sleep_timeout(ASK_AGAIN_NS) {
                crate::retake::take_for_stop(sched);
            }
        }
        debug_assert!(shared.allp.iter().all(|pp| pp.status() == PStatus::GcStop));
        shared.counts.stopping.record(nanotime() - since_ns);
        record::world(own.unwrap_or_else(|| take_first(mp, shared)), World::Stopped);
        StoppedWorld { is_started: false, since_ns, turn }
    }

    /// Starts the world with another number of Ps.
    ///
    /// # Errors
    /// [`NoMemory`]: the world goes on with the old number.
    fn start_with(mut self, nprocs: u32) -> Result<(), NoMemory> {
        self.start(nprocs)
    }

    #[inline(never)]
    fn start(&mut self, nprocs: u32) -> Result<(), NoMemory> {
        self.is_started = true;
        // SAFETY: **mine**: the world stands, so we are where we were.
        let mp = unsafe { current_m() };
        let result = start_the_world(self.turn.0, mp, nprocs);
        mp.handoff.leave();
        self.turn.0.shared.counts.stopped.record(nanotime() - self.since_ns);
        result
    }
}

impl Drop for StoppedWorld {
    fn drop(&mut self) {
        if !self.is_started {
            // The same number needs no memory: it was there before.
            let _same = self.start(self.turn.0.shared.gomaxprocs());
        }
    }
}

/// The world stands, and its stopper has no P: it takes the first, which nobody has.
fn take_first<'a>(mp: &M, shared: &'a Shared) -> &'a P {
    let pp = shared.allp.get(0).expect("a scheduler has a P");
    pp.set_status(PStatus::Idle);
    acquirep(mp, pp);
    pp.count_run(false); // a time slice of its own
    pp.set_status(PStatus::GcStop);
    record::world(pp, World::Stopping);
    pp
}

/// Go: `startTheWorldWithSema`.
#[inline(never)]
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
    // SAFETY: **mine**: procresize leaves the caller with a P.
    record::world(unsafe { mp.pp() }, World::Going(sched.shared.gomaxprocs()));
    sched.shared.attention.set_stopping(false);
    drop(synced);
    run_all(sched, runnable);
    crate::sysmon::watch_running(&sched.shared);
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

/// The right to stop the world: one at a time has it, the others park. Go: `worldsema`.
#[derive(Debug)]
struct Turn(&'static Sched);

impl Turn {
    fn take(sched: &'static Sched) -> Turn {
        take_world(sched);
        Turn(sched)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        give_world(self.0);
    }
}

/// Go: `semacquire(&worldsema)`.
fn take_world(sched: &Sched) {
    let mut synced = sched.lock();
    if !synced.world_taken {
        synced.world_taken = true;
        return;
    }
    let spot = pin!(Spot::new());
    let spot = spot.into_ref();
    let mut node = WorldWaiter { waiter: spot.waiter(), next: null_mut() };
    spot.prepare(WaitReason::StoppingTheWorld);
    let mut end = &raw mut synced.world_waiters;
    // SAFETY: **alive**: who is in the list waits.
    while let Some(last) = unsafe { (*end).as_mut() } {
        end = &raw mut last.next;
    }
    // SAFETY: as above; the list is ours, by the lock.
    unsafe { *end = &raw mut node };
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
