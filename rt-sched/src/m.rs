//! The thread. Go: `m`.
//!
//! Fields are the thread's own, except where they say otherwise. An M is never freed: when its
//! thread ends it waits in `sched.freem` for the next one.

use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use rt_os::random::CheapRand;
use rt_os::sys::signal::SigSet;
use rt_os::sys::thread::set_slice_ns;
use rt_stack::bounds::{Guards, Stack};
use rt_stack::system::MStacks;
use rt_wait::note::Note;
use rt_wait::rank::Held;

use crate::g::G;
use crate::handoff::Handoff;
use crate::handoff::heavy::are_fences_needed;
use crate::p::P;
use crate::sched::Sched;
use crate::shown::{Flag, Link, Number};

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
    pub(crate) curg: Link<G>,
    /// May its P be taken? See [`crate::handoff`].
    pub(crate) handoff: Handoff,
    /// The P it has; null while it has none. What it says of a P that was taken meanwhile is old,
    /// until the thread has come to know. Go: `m.p`.
    pub(crate) p: Link<P>,
    /// The P that was taken from it last. Go: `m.oldp`.
    pub(crate) oldp: Cell<*mut P>,
    /// Its goroutine has said that it blocks. The thread writes, sysmon looks.
    is_blocking: AtomicBool,
    /// sysmon has taken its P because it computes. sysmon and the thread change it, by swaps.
    pub(crate) computes_alone: AtomicBool,
    pub(crate) stall: crate::stall::Memory,
    /// Which stay of a goroutine last lost a P. See there who writes.
    pub(crate) stay: crate::stall::Stay,
    /// How long a slice it has asked the kernel for, in ns; 0: it has not. See [`crate::retake`].
    slice_ns: AtomicU64,
    /// The P it shall take when it wakes. Written by the waker before the note. Go: `m.nextp`.
    pub(crate) nextp: Cell<*mut P>,
    /// The scheduler it serves.
    pub(crate) sched: Cell<*const Sched>,
    /// Out of work and searching; counted in `nmspinning`. Written by the waker before the note.
    pub(crate) spinning: Flag,
    /// The goroutine locked to it. Go: `m.lockedg`.
    pub(crate) lockedg: Link<G>,
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
    pub(crate) id: Number,
    /// The next in `allm`. Under sched.lock. Go: `m.alllink`.
    pub(crate) alllink: Cell<*mut M>,
    /// Its neighbours in the list of idle Ms. Under sched.lock; before its thread is started the
    /// template thread's inbox has the first. Go: `m.schedlink`.
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
    /// The kernel's name for the thread; 0 before it runs, and when it ends. Go: `m.procid`.
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
            curg: Link::none(),
            handoff: Handoff::new(are_fences_needed()),
            p: Link::none(),
            oldp: Cell::new(null_mut()),
            is_blocking: AtomicBool::new(false),
            computes_alone: AtomicBool::new(false),
            stall: crate::stall::Memory::new(),
            stay: crate::stall::Stay::new(),
            slice_ns: AtomicU64::new(0),
            nextp: Cell::new(null_mut()),
            sched: Cell::new(core::ptr::null()),
            spinning: Flag::no(),
            lockedg: Link::none(),
            locked_ext: Cell::new(0),
            locked_int: Cell::new(false),
            exit_wanted: Cell::new(false),
            startfn: Cell::new(None),
            rand: Cell::new(CheapRand::new(0)),
            id: Number::zero(),
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
        crate::newm::wire(self, g0);
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

    /// Has its goroutine said that it blocks? A hint.
    pub(crate) fn is_blocking(&self) -> bool {
        self.is_blocking.load(Ordering::Relaxed)
    }

    pub(crate) fn set_blocking(&self, blocks: bool) {
        self.is_blocking.store(blocks, Ordering::Relaxed);
    }

    /// A thread begins to serve it: what was asked of the kernel for the last one is forgotten.
    pub(crate) fn new_thread(&self) {
        self.slice_ns.store(0, Ordering::Relaxed);
        self.is_punctual.set(false);
    }

    /// Asks the kernel for slices of this length. By its own thread, or by sysmon.
    pub(crate) fn run_in_slices(&self, slice_ns: u64) {
        let tid = self.procid();
        if tid != 0 && self.slice_ns.swap(slice_ns, Ordering::Relaxed) != slice_ns {
            let _old_kernel = set_slice_ns(tid, slice_ns);
        }
    }

    /// Has it asked for slices, or has no thread yet to ask for?
    pub(crate) fn has_slices(&self) -> bool {
        self.slice_ns.load(Ordering::Relaxed) != 0 || self.procid() == 0
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

mod raw {
    //! # Safety
    //! - **g0**: set before the M's thread starts, and there as long as the M.
    //! - **unstarted**: an M in an inbox has no thread, idles nowhere, and lives for ever.
    #![allow(unsafe_code, reason = "**g0**: a raw pointer to a G that stays")]

    use core::ptr::{NonNull, null_mut};

    use super::{G, M};
    use crate::runq::Linked;

    // SAFETY: one cell, which the inbox has for itself: **unstarted**.
    unsafe impl Linked for M {
        unsafe fn next(this: NonNull<M>) -> Option<NonNull<M>> {
            // SAFETY: **unstarted**.
            NonNull::new(unsafe { this.as_ref() }.idle_next.get())
        }

        unsafe fn set_next(this: NonNull<M>, next: Option<NonNull<M>>) {
            let next = next.map_or_else(null_mut, NonNull::as_ptr);
            // SAFETY: **unstarted**.
            unsafe { this.as_ref() }.idle_next.set(next);
        }
    }

    impl M {
        pub(crate) fn with_g0<R>(&self, f: impl FnOnce(&G) -> R) -> R {
            // SAFETY: **g0**.
            f(unsafe { &*self.g0.get() })
        }
    }
}

mod mine {
    //! # Safety
    //! - **mine**: the running M, inside, with its P; the scheduler lives for ever.
    #![allow(unsafe_code, reason = "**mine**: a raw pointer to the M's P")]

    use super::{M, P, Sched};

    impl M {
        /// Its P.
        ///
        /// # Safety
        /// **mine**: it is inside and has one, and the reference does not live longer than that.
        #[inline(always)]
        pub(crate) unsafe fn pp<'a>(&self) -> &'a P {
            debug_assert!(self.handoff.is_inside(), "a P is touched from outside the runtime");
            // SAFETY: the caller's.
            unsafe { &*self.p.get() }
        }

        /// The scheduler it serves.
        #[inline(always)]
        pub(crate) fn sched<'a>(&self) -> &'a Sched {
            // SAFETY: **mine**; set before the M's thread starts.
            unsafe { &*self.sched.get() }
        }
    }
}

impl Default for M {
    fn default() -> M {
        M::new()
    }
}
