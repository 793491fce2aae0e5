//! Boots the scheduler: schedinit, and what each M gets at its start. Go: `schedinit`,
//! `mcommoninit`, `mpreinit`, `stackinit`, `randinit`, `goargs`, `goenvs`, `parsedebugvars`.
//!
//! The order is the seed's. That nothing is called too early is in the types: schedinit takes the
//! [`Os`] that osinit made, and gives the [`World`] that newproc and mstart need.
//!
//! # Safety
//! - **boot**: schedinit runs on m0's thread, alone, once for a scheduler.
#![allow(unsafe_code, reason = "**boot**: procresize wants a stopped world")]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use rt_os::init::Os;
use rt_os::parse::{Debug, gomaxprocs, parse_godebug, parse_gotraceback};
use rt_os::random::{CheapRand, mix};
use rt_os::sys::clock::nanotime_by_syscall;
use rt_os::sys::signal::{self, SigSet};
use rt_os::throw::throw;
use rt_wait::rank;

use crate::g::G;
use crate::m::M;
use crate::newm::{reserve_id, wire};
use crate::procresize::procresize;
use crate::sched::{Sched, Synced};
use crate::schedule::current_g;
use crate::spawn::SpawnError;
use crate::thread::mstart;

/// Not zero, so that what the boot writes lies together in the few pages of initialised data.
const UNSET: u64 = u64::MAX;
/// The process's random seed. Written by schedinit, read by each new M. Go: `fastrandseed`.
static SEED: [AtomicU64; 2] = [const { AtomicU64::new(UNSET) }; 2];
/// The signal mask that the process started with: every M starts with it, and not with its
/// creator's. Go: `initSigmask`.
static INIT_SIGMASK: AtomicU64 = AtomicU64::new(UNSET);

/// A scheduler that is ready to run goroutines. Made by [`schedinit`] only.
#[derive(Debug)]
pub struct World {
    sched: &'static Sched,
    m0: NonNull<M>,
    os: Os,
    debug: Debug,
}

/// Makes the scheduler ready: m0 with its g0, the Ps, the seeds, the environment's wishes.
///
/// `g0` is m0's, on the stack that m0 runs on.
///
/// # Panics
/// Fatal, with Go's texts: "unknown runnable goroutine during bootstrap", out of memory.
pub fn schedinit(os: Os, sched: &'static Sched, m0: &'static M, g0: &'static G) -> World {
    // m0 <-> g0 stands already in a bare program, where settls needed it.
    if m0.g0.get().is_null() {
        wire(m0, g0);
    }
    m0.sched.set(sched);
    rank::install(held_ranks);
    // maxmcount stands in the record since it was made. stackinit: the pool of `sched` is ready as
    // it is. mallocinit: the ground's allocator needs nothing before its first use.
    for (word, seed) in SEED.iter().zip(rt_os::random::seed(os.args.auxv())) {
        word.store(seed, Ordering::Relaxed);
    }
    INIT_SIGMASK.store(signal::mask().0, Ordering::Relaxed);
    let id = reserve_id(&mut sched.lock());
    mcommoninit(sched, m0, Some(id));
    // goargs, goenvs: `os.args` reads them where the kernel put them.
    let debug = parse_godebug(os.args.getenv(b"GODEBUG").unwrap_or(b""));
    let gotraceback = os.args.getenv(b"GOTRACEBACK").unwrap_or(b"");
    let auxv = os.args.auxv();
    crate::traceback::configure(parse_gotraceback(gotraceback, auxv.secure), auxv);
    sched.set_ncpu(os.ncpu);
    let now = nanotime_by_syscall(); // looking up the vDSO would cost a short program three pages
    let mut choice = gomaxprocs(os.args.getenv(b"GOMAXPROCS"), os.ncpu);
    sched.shared.following.configure(&debug, choice.custom);
    sched.shared.schedtrace.configure(&debug, now);
    let ms = match sched.config.stall_report_ms {
        0 => debug.stallreport_ms,
        ms => ms,
    };
    sched.shared.stalls.configure(ms);
    if !choice.custom {
        choice.procs = sched.shared.following.default_procs(os.ncpu);
    }
    sched.shared.poller.opened(now);
    let mut synced = sched.lock();
    // SAFETY: **boot**: there is no other M.
    let result =
        unsafe { procresize(&sched.shared, &mut synced, sched.port, m0, choice.procs, now) };
    drop(synced);
    match result {
        Ok(runnable) if runnable.is_empty() => {}
        Ok(_) => throw("unknown runnable goroutine during bootstrap"),
        Err(_) => throw("runtime: out of memory"),
    }
    World { sched, m0: NonNull::from(m0), os, debug }
}

/// Gives an M its number, its seeds and its place among all Ms. Go: `mcommoninit`.
///
/// `id` was reserved by [`reserve_id`], which is also where the thread limit is checked.
pub(crate) fn mcommoninit(sched: &Sched, mp: &M, id: Option<u64>) {
    let mut synced = sched.lock();
    let id = id.unwrap_or_else(|| reserve_id(&mut synced));
    mp.id.set(id);
    // One seed from the number, one from the moment: neither both zero nor the same twice.
    let [first, second] = [0, 1].map(|i: usize| SEED[i].load(Ordering::Relaxed));
    mp.rand.set(CheapRand::new(mix(id, first) ^ mix(rt_asm::cpu::ticks(), !second)));
    mp.sigmask.set(SigSet(INIT_SIGMASK.load(Ordering::Relaxed)));
    publish(&mut synced, mp);
}

/// Puts an M at the head of allm. Go: `atomicstorep(&allm, mp)`; here both sides hold the lock.
fn publish(synced: &mut Synced, mp: &M) {
    mp.alllink.set(synced.allm);
    synced.allm = core::ptr::from_ref(mp).cast_mut();
}

/// The lock ranks that the calling thread holds, for the checker of the lock order.
fn held_ranks() -> Option<&'static rank::Held> {
    let gp = NonNull::new(current_g())?;
    // SAFETY: a G in the slot has an M, once the boot has tied them; Ms live for ever.
    let mp = unsafe { gp.as_ref().m.get().as_ref() }?;
    Some(&mp.held)
}

impl World {
    /// Makes the main goroutine: number 1, next to run on m0's P. Go: `newproc(&mainPC)`.
    ///
    /// # Errors
    /// There is no stack for it.
    pub fn newproc(&self, main: impl FnOnce() + Send + 'static) -> Result<(), SpawnError> {
        let sched = self.sched;
        let started = move || {
            sched.shared.main_started.store(true, Ordering::Relaxed);
            if sched.shared.schedtrace.is_wished() || sched.shared.stalls.is_wished() {
                crate::sysmon::ensure_started(sched); // it prints them
            }
            main();
        };
        if let Some(pinned) = sched.config.pinned {
            (pinned.start)(sched);
        }
        // SAFETY: the world exists, so this is m0 with a P.
        unsafe { crate::spawn::go(started) }
    }

    /// Has whatever a second thread needs made ready now, since threads that are no Ms may start
    /// goroutines. Otherwise it is done when the first thread is started.
    pub fn expect_other_threads(&self) {
        crate::handoff::heavy::prepare();
    }

    /// Starts this M: runs goroutines for ever. Go: `mstart`.
    pub fn mstart(self) -> ! {
        // SAFETY: m0's own thread, at boot.
        unsafe { mstart(self.m0) }
    }

    /// What was found out about the machine and the command line.
    #[must_use]
    pub fn os(&self) -> &Os {
        &self.os
    }

    /// What GODEBUG asks for.
    #[must_use]
    pub fn debug(&self) -> &Debug {
        &self.debug
    }

    /// The scheduler.
    #[must_use]
    pub fn sched(&self) -> &'static Sched {
        self.sched
    }
}
