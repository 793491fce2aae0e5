//! The scheduler's record: what all Ms share. Go: `schedt`.
//!
//! A program has one; a test makes thousands. What is read without the lock is in [`Shared`], what
//! the lock guards is in [`Synced`]: the type says which is which.

use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use rt_stack::pool::Pool;
use rt_wait::mutex::{Guard, Mutex};
use rt_wait::note::Note;
use rt_wait::park::Waiter;
use rt_wait::rank::Rank;

use crate::allp::{AllP, FirstPs, PMask};
use crate::attention::Attention;
use crate::detached::Detached;
use crate::follow::Following;
use crate::g::G;
use crate::idle::IdleWords;
use crate::m::M;
use crate::metrics::Counts;
use crate::netpoll::Netpoll;
use crate::p::P;
use crate::pinned::Pinned;
use crate::poller::Poller;
use crate::port::Port;
use crate::retake::Tickets;
use crate::runq::{Chain, GlobalQueue};
use crate::schedtrace::TraceWish;
use crate::stacks::Stacks;
use crate::stall::StallWish;
use crate::steal_order::StealOrder;
use crate::template::Template;
use crate::trace::tracer::Tracer;
use crate::watch::Watch;

/// The order in which procresize leaves the idle Ps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdleOrder {
    /// Today's Go: the highest number goes first.
    #[default]
    HighestFirst,
    /// The seed's: the lowest number goes first.
    LowestFirst,
}

/// Choices that are made once.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Which idle P is woken first.
    pub idle_order: IdleOrder,
    /// How many threads there may be. Go: `sched.maxmcount`, 10000.
    pub max_threads: u32,
    /// Every goroutine keeps its P, and every P its thread: [`crate::pinned::PINNED`].
    pub pinned: Option<&'static Pinned>,
    /// Room for the first Ps; the heap's where there is none. One scheduler's only.
    pub first_ps: Option<&'static FirstPs>,
    /// A goroutine that has not left its thread for so many ms is printed; 0: as GODEBUG says.
    pub stall_report_ms: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            idle_order: IdleOrder::HighestFirst,
            max_threads: 10_000,
            pinned: None,
            first_ps: None,
            stall_report_ms: 0,
        }
    }
}

/// What anyone may read at any time.
#[derive(Debug)]
pub struct Shared {
    /// Ps that idle and Ms that search.
    pub idle: IdleWords,
    /// All Ps.
    pub allp: AllP,
    /// Which Ps idle. Written under the lock. Go: `idlepMask`.
    pub idle_mask: PMask,
    gomaxprocs: AtomicU32,
    pub(crate) attention: Attention,
    /// Length of the global queue. Written under the lock.
    pub(crate) global_len: AtomicU32,
    /// Who waits for what time brings.
    pub(crate) poller: Poller,
    /// What waits for descriptors.
    pub(crate) netpoll: Netpoll,
    /// Goroutines that were started by threads without a P.
    pub(crate) created_elsewhere: AtomicU64,
    /// Goroutines that ended on threads without a P.
    pub(crate) ended_elsewhere: AtomicU64,
    /// Goroutines that run on without a P.
    pub(crate) detached: Detached,
    pub(crate) tickets: Tickets,
    pub(crate) following: Following,
    pub(crate) schedtrace: TraceWish,
    pub(crate) stalls: StallWish,
    pub(crate) tracer: Tracer,
    pub(crate) counts: Counts,
    /// The last goroutine number handed out. Go: `goidgen`.
    pub(crate) goid_gen: AtomicU64,
    /// The main goroutine runs: new work may start threads. Go: `mainStarted`.
    pub(crate) main_started: AtomicBool,
    /// Is sysmon asleep?
    pub(crate) watch: Watch,
    pub(crate) sysmon_note: Note,
    /// sysmon has been started.
    pub(crate) sysmon_started: AtomicBool,
    pub(crate) template: Template,
    /// Strides over the Ps: changed with the world stopped, read by who has a P.
    pub(crate) steal_order: WorldStopped<StealOrder>,
}

/// What `Sched::lock` guards.
#[derive(Debug)]
pub struct Synced {
    /// The queue that all Ps share. Go: `sched.runq`.
    pub runq: GlobalQueue<G>,
    /// Idle Ps, the next to run first. Go: `sched.pidle`.
    pub(crate) pidle: Option<NonNull<P>>,
    /// Idle Ms, last in first out. Go: `sched.midle`.
    pub(crate) midle: *mut M,
    pub(crate) nmidle: u32,
    /// Ms that have been started in order to idle, and do not yet.
    pub(crate) nmcoming: u32,
    /// Ms that wait for the goroutine locked to them; -1 for a moment when that one is handed over
    /// before its M has come to wait. Go: `nmidlelocked`.
    pub(crate) nmidlelocked: i32,
    /// Ms that do not count as running user code: sysmon, the template thread. Go: `nmsys`.
    pub(crate) nmsys: u32,
    /// The next M's number; so many were made. Go: `mnext`.
    pub(crate) mnext: u64,
    /// Ms whose threads ended. Go: `nmfreed`.
    pub(crate) nmfreed: u64,
    pub(crate) maxmcount: u32,
    /// All Ms with a thread. Go: `allm`.
    pub(crate) allm: *mut M,
    /// Ms without a thread, to be used again. Go: `sched.freem`.
    pub(crate) freem: *mut M,
    /// Free goroutines that no P keeps. Go: `sched.gFree`.
    pub(crate) gfree: Chain<G>,
    /// Ps that still run while the world stops. Go: `stopwait`.
    pub(crate) stopwait: u32,
    /// Somebody stops the world, and who waits to be next. Go: `worldsema`.
    pub(crate) world_taken: bool,
    pub(crate) world_waiters: *mut WorldWaiter,
    /// When procresize last ran, and the integral of gomaxprocs over time until then, in ns.
    pub procresizetime: u64,
    /// See [`Synced::procresizetime`].
    pub totaltime: u64,
    pub(crate) idle_order: IdleOrder,
}

/// One who waits to stop the world; on its stack.
#[derive(Debug)]
pub(crate) struct WorldWaiter {
    pub(crate) waiter: Waiter,
    pub(crate) next: *mut WorldWaiter,
}

/// The scheduler.
#[derive(Debug)]
pub struct Sched {
    lock: Mutex<Synced>,
    /// What needs no lock.
    pub shared: Shared,
    /// The goroutines' stacks.
    pub stacks: Stacks,
    /// CPUs at start. Written once by schedinit. Go: `numCPUStartup`.
    ncpu: AtomicU32,
    /// Signalled when the last P has stopped. Go: `sched.stopnote`.
    pub(crate) stop_note: Note,
    pub(crate) port: &'static dyn Port,
    /// What was chosen.
    pub config: Config,
}

/// A value that changes only while the world is stopped, and is read by who has a P.
#[derive(Debug, Default)]
pub(crate) struct WorldStopped<T>(UnsafeCell<T>);

mod unchecked {
    //! # Safety
    //! - **world**: whoever has a P stops the world from standing still; whoever changes a
    //!   [`WorldStopped`] has stopped it, or is alone (boot, tests).
    //! - **lists**: raw pointers in [`Synced`] lead to Ms and waiters that live while they are in
    //!   the list; the lock guards them.
    #![allow(unsafe_code, reason = "**world**: a lock that is not an object")]

    use super::{Shared, Synced, WorldStopped};

    // SAFETY: **world**.
    unsafe impl<T: Sync> Sync for WorldStopped<T> {}
    // SAFETY: **lists**.
    unsafe impl Send for Synced {}
    // SAFETY: all words are atomic but for `steal_order`: **world**.
    unsafe impl Sync for Shared {}

    impl<T> WorldStopped<T> {
        pub(crate) fn new(value: T) -> WorldStopped<T> {
            WorldStopped(value.into())
        }

        /// # Safety
        /// **world**: the caller has a P, or has stopped the world.
        #[inline]
        pub(crate) unsafe fn get(&self) -> &T {
            // SAFETY: the caller's.
            unsafe { &*self.0.get() }
        }

        /// # Safety
        /// **world**: the caller has stopped the world.
        #[allow(clippy::mut_from_ref, reason = "the stopped world is the exclusive borrow")]
        pub(crate) unsafe fn get_mut(&self) -> &mut T {
            // SAFETY: the caller's.
            unsafe { &mut *self.0.get() }
        }
    }
}

impl Shared {
    fn new(room: Option<&'static FirstPs>) -> Shared {
        Shared {
            idle: IdleWords::new(),
            allp: AllP::new(room),
            idle_mask: PMask::new(),
            gomaxprocs: AtomicU32::new(0),
            attention: Attention::none(),
            global_len: AtomicU32::new(0),
            poller: Poller::new(),
            netpoll: Netpoll::new(),
            created_elsewhere: AtomicU64::new(0),
            ended_elsewhere: AtomicU64::new(0),
            detached: Detached::new(),
            tickets: Tickets::new(),
            following: Following::new(),
            schedtrace: TraceWish::new(),
            stalls: StallWish::new(),
            tracer: Tracer::new(),
            counts: Counts::new(),
            goid_gen: AtomicU64::new(0),
            main_started: AtomicBool::new(false),
            watch: Watch::new(),
            sysmon_note: Note::new(),
            sysmon_started: AtomicBool::new(false),
            template: Template::new(),
            steal_order: WorldStopped::new(StealOrder::new()),
        }
    }

    /// How many Ps there are. Go: `gomaxprocs`.
    #[inline]
    #[must_use]
    pub fn gomaxprocs(&self) -> u32 {
        self.gomaxprocs.load(Ordering::Relaxed)
    }

    pub(crate) fn set_gomaxprocs(&self, nprocs: u32) {
        self.gomaxprocs.store(nprocs, Ordering::Relaxed);
    }

    /// Must everyone come to the scheduler's slow path?
    #[inline(always)]
    pub(crate) fn is_stopping(&self) -> bool {
        self.attention.is_stopping()
    }

    /// How many goroutines wait in the global queue: a glimpse, in SeqCst order for idlers.
    #[inline(always)]
    #[must_use]
    pub fn global_len(&self) -> u32 {
        self.global_len.load(Ordering::SeqCst)
    }
}

impl Synced {
    fn new(config: &Config) -> Synced {
        Synced {
            runq: GlobalQueue::new(),
            pidle: None,
            midle: null_mut(),
            nmidle: 0,
            nmcoming: 0,
            nmidlelocked: 0,
            nmsys: 0,
            mnext: 0,
            nmfreed: 0,
            maxmcount: config.max_threads,
            allm: null_mut(),
            freem: null_mut(),
            gfree: Chain::new(),
            stopwait: 0,
            world_taken: false,
            world_waiters: null_mut(),
            procresizetime: 0,
            totaltime: 0,
            idle_order: config.idle_order,
        }
    }

    /// How many Ms have threads, or are about to. Go: `mcount`.
    #[must_use]
    pub fn mcount(&self) -> u64 {
        self.mnext - self.nmfreed
    }

    /// One more P has stopped for the world. Under the lock.
    pub(crate) fn one_stopped(&mut self, sched: &Sched) {
        self.stopwait -= 1;
        if self.stopwait == 0 {
            sched.stop_note.wakeup();
        }
    }

    /// How many Ms idle.
    #[must_use]
    pub fn nmidle(&self) -> u32 {
        self.nmidle
    }
}

impl Sched {
    /// A scheduler without Ps: `schedinit` makes them.
    #[must_use]
    pub fn new(config: Config, port: &'static dyn Port, stacks: &'static Pool) -> Sched {
        Sched {
            lock: Mutex::new(Rank::Sched, Synced::new(&config)),
            shared: Shared::new(config.first_ps),
            stacks: Stacks::new(stacks),
            ncpu: AtomicU32::new(1),
            stop_note: Note::new(),
            port,
            config,
        }
    }

    /// Does every goroutine keep its P?
    #[inline(always)]
    pub(crate) fn is_pinned(&self) -> bool {
        self.config.pinned.is_some()
    }

    /// How many CPUs the process could use when it started. Go: `runtime.NumCPU`.
    #[must_use]
    pub fn ncpu(&self) -> u32 {
        self.ncpu.load(Ordering::Relaxed)
    }

    /// Sets how many threads there may be and returns the old limit; checks it at once, with Go's
    /// fatal text. Go: `setMaxThreads`.
    pub fn set_max_threads(&self, limit: u32) -> u32 {
        let mut synced = self.lock();
        let old = core::mem::replace(&mut synced.maxmcount, limit);
        crate::newm::checkmcount(&synced);
        old
    }

    pub(crate) fn set_ncpu(&self, ncpu: u32) {
        self.ncpu.store(ncpu, Ordering::Relaxed);
    }

    /// Locks what is shared. Go: `lock(&sched.lock)`.
    pub fn lock(&self) -> Guard<'_, Synced> {
        self.lock.lock()
    }

    /// As [`Sched::lock`], if nobody has it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, Synced>> {
        self.lock.try_lock()
    }
}
