//! The thread. Go: `m`.
//!
//! Fields are the thread's own, except where they say otherwise. An M is never freed: when its
//! thread ends it waits in `sched.freem` for the next one.

use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

use rt_os::random::CheapRand;
use rt_os::sys::signal::SigSet;
use rt_stack::bounds::{Guards, Stack};
use rt_stack::system::MStacks;
use rt_wait::note::Note;
use rt_wait::rank::Held;

use crate::g::G;
use crate::p::P;
use crate::sched::Sched;

/// Words of thread-local storage of a bare M; the first is the g slot. Go: `tlsSlots`.
pub const TLS_SLOTS: usize = 6;

/// An M.
#[derive(Debug)]
#[repr(C)]
pub struct M {
    /// FS of a bare thread points behind the first word. Go: `m.tls`.
    pub(crate) tls: [Cell<usize>; TLS_SLOTS],
    /// The goroutine whose stack the scheduler runs on. Go: `m.g0`.
    pub(crate) g0: Cell<*mut G>,
    /// The goroutine it runs; null while on g0. Go: `m.curg`.
    pub(crate) curg: Cell<*mut G>,
    /// The P it has; null while it has none. Go: `m.p`.
    pub(crate) p: Cell<*mut P>,
    /// The P it shall take when it wakes. Written by the waker before the note. Go: `m.nextp`.
    pub(crate) nextp: Cell<*mut P>,
    /// The scheduler it serves.
    pub(crate) sched: Cell<*const Sched>,
    /// Out of work and searching; counted in `nmspinning`. Written by the waker before the note.
    pub(crate) spinning: Cell<bool>,
    /// The goroutine locked to it. Go: `m.lockedg`.
    pub(crate) lockedg: Cell<*mut G>,
    /// How often its goroutine has locked it. Go: `m.lockedExt`.
    pub(crate) locked_ext: Cell<u32>,
    /// Its goroutine is pinned. Owner. Go: `m.lockedInt`.
    pub(crate) locked_int: Cell<bool>,
    /// Its goroutine ended while locked to it: the thread ends too.
    pub(crate) exit_wanted: Cell<bool>,
    /// What it runs instead of the scheduler: sysmon. Go: `m.mstartfn`.
    pub(crate) startfn: Cell<Option<fn(&M)>>,
    pub(crate) rand: Cell<CheapRand>,
    /// Its number. Written once, under sched.lock. Go: `m.id`.
    pub(crate) id: Cell<u64>,
    /// The next in `allm`. Under sched.lock. Go: `m.alllink`.
    pub(crate) alllink: Cell<*mut M>,
    /// Its neighbours in the list of idle Ms. Under sched.lock. Go: `m.schedlink`.
    pub(crate) idle_next: Cell<*mut M>,
    pub(crate) idle_prev: Cell<*mut M>,
    pub(crate) is_idle: Cell<bool>,
    /// What it sleeps on. Go: `m.park`.
    pub(crate) park: Note,
    /// The stack of its signal handlers. Go: `m.gsignal`.
    pub(crate) gsignal: Cell<Option<Stack>>,
    /// g0's stack guards, both. Go: `g.stackguard0`, `g.stackguard1`.
    pub(crate) guards: Cell<Guards>,
    /// The signal mask that its thread starts with. Go: `m.sigmask`.
    pub(crate) sigmask: Cell<SigSet>,
    /// The kernel's name for the thread; 0 before it runs. Go: `m.procid`.
    pub(crate) procid: AtomicU32,
    /// Not 0 while the kernel's thread uses the stacks: the kernel clears it at the thread's end.
    pub(crate) alive: AtomicU32,
    /// The mapping of g0 and gsignal; none for m0 and for hosted threads.
    pub(crate) stacks: Cell<Option<MStacks>>,
    /// The kernel wakes it without delay: its timer slack has been set.
    pub(crate) is_punctual: Cell<bool>,
    /// The runtime locks it holds. Debug builds.
    pub(crate) held: Held,
}

impl M {
    /// An M that no thread runs yet.
    #[must_use]
    pub fn new() -> M {
        M {
            tls: [const { Cell::new(0) }; TLS_SLOTS],
            g0: Cell::new(null_mut()),
            curg: Cell::new(null_mut()),
            p: Cell::new(null_mut()),
            nextp: Cell::new(null_mut()),
            sched: Cell::new(core::ptr::null()),
            spinning: Cell::new(false),
            lockedg: Cell::new(null_mut()),
            locked_ext: Cell::new(0),
            locked_int: Cell::new(false),
            exit_wanted: Cell::new(false),
            startfn: Cell::new(None),
            rand: Cell::new(CheapRand::new(0)),
            id: Cell::new(0),
            alllink: Cell::new(null_mut()),
            idle_next: Cell::new(null_mut()),
            idle_prev: Cell::new(null_mut()),
            is_idle: Cell::new(false),
            park: Note::new(),
            gsignal: Cell::new(None),
            guards: Cell::new(Guards::default()),
            sigmask: Cell::new(SigSet::default()),
            procid: AtomicU32::new(0),
            alive: AtomicU32::new(0),
            stacks: Cell::new(None),
            is_punctual: Cell::new(false),
            held: Held::new(),
        }
    }

    /// Its number. m0 is 0.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.get()
    }

    /// The kernel's thread id; 0 before the thread runs.
    #[must_use]
    pub fn procid(&self) -> u32 {
        self.procid.load(Ordering::Relaxed)
    }

    /// The words that `settls` makes the thread's own.
    #[must_use]
    pub fn tls(&self) -> *mut usize {
        self.tls[0].as_ptr()
    }

    /// Ties m0 and g0 to each other: `m0.g0 = g0`, `g0.m = m0`.
    ///
    /// # Panics
    /// When they are tied already.
    pub fn wire_m0(&self, g0: &G) {
        crate::thread::wire(self, g0);
    }

    /// Where g0's stack lies, on a thread that brought its own. By the thread itself, first.
    pub fn set_g0_stack(&self, stack: Stack) {
        self.with_g0(|g0| g0.stack.set(stack));
    }

    /// What the boot knows of m0's stacks.
    pub fn set_boot_stacks(&self, guards: Guards, gsignal: Stack) {
        self.guards.set(guards);
        self.gsignal.set(Some(gsignal));
    }

    /// The stack of its g0.
    #[must_use]
    pub fn g0_stack(&self) -> Stack {
        self.with_g0(|g0| g0.stack.get())
    }

    /// g0's guards.
    #[must_use]
    pub fn guards(&self) -> Guards {
        self.guards.get()
    }

    /// The stack of its signal handlers, if the runtime supplies it.
    #[must_use]
    pub fn gsignal_stack(&self) -> Option<Stack> {
        self.gsignal.get()
    }

    /// The word that must be 0 again before the M's stacks are used again. CLONE_CHILD_CLEARTID.
    #[must_use]
    pub fn alive_word(&self) -> &AtomicU32 {
        &self.alive
    }

    /// Notes the kernel's thread id.
    pub fn set_procid(&self, tid: u32) {
        self.procid.store(tid, Ordering::Relaxed);
    }

    /// The signal mask to start with: the process's first.
    #[must_use]
    pub fn start_mask(&self) -> SigSet {
        self.sigmask.get()
    }

    /// Asks the kernel to wake this thread when its time has come, and not up to 50 µs later.
    pub(crate) fn be_punctual(&self) {
        if !self.is_punctual.replace(true) {
            rt_os::sys::thread::set_timer_slack(1);
        }
    }

    /// A random number, the thread's own. Go: `cheaprand`.
    pub(crate) fn cheaprand(&self) -> u32 {
        let mut rand = self.rand.get();
        let number = rand.next_u32();
        self.rand.set(rand);
        number
    }
}

mod g0 {
    //! # Safety
    //! - **g0**: set before the M's thread starts, and there as long as the M.
    #![allow(unsafe_code, reason = "**g0**: a raw pointer to a G that stays")]

    use super::{G, M};

    impl M {
        pub(crate) fn with_g0<R>(&self, f: impl FnOnce(&G) -> R) -> R {
            // SAFETY: **g0**.
            f(unsafe { &*self.g0.get() })
        }
    }
}

impl Default for M {
    fn default() -> M {
        M::new()
    }
}
