//! `GODEBUG=stallreport=MS`: a goroutine that has not left its thread for so long is printed, once,
//! with its stack; it goes on. Go has nothing like it: there a goroutine is preempted.
//!
//! It shows itself by its P: that was taken from it, after a time slice at the latest. As long as
//! it has none the goroutine has not come to wait, to yield or to end; if it takes one in its
//! midst, to allocate, and loses that before anything else ran there, it has stayed ([`Stay`]). So
//! it costs a goroutine nothing to be watched.
//!
//! It must have used the CPU for half of the time, or sleep in the kernel: not every one that the
//! kernel lets wait has stalled. Not shown: who has said that it blocks ([`crate::blocking`]), and
//! who keeps its P, where no thread can be had for that (`retake.rs`).
//!
//! # Safety
//! - **alive**: Ms and Ps are never freed.
#![allow(unsafe_code, reason = "**alive**: an M is kept over the lock")]

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use rt_os::sys::clock::{nanotime, thread_cpu_ns};
use rt_os::sys::thread::is_sleeping;

use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Shared};
use crate::shown::{Link, Number};
use crate::traceback::halt::Halt;
use crate::traceback::print_halted;

/// From look to look, at least, in ns.
const LOOK_EVERY_NS: u64 = 1_000_000;
const NS_PER_MS: u64 = 1_000_000;

/// For how long a goroutine may stay, in ms; 0: nobody asks. Written at boot, and by sysmon when it
/// cannot be seen.
#[derive(Debug)]
pub(crate) struct StallWish(AtomicU32);

impl StallWish {
    pub(crate) fn new() -> StallWish {
        StallWish(AtomicU32::new(0))
    }

    pub(crate) fn configure(&self, ms: u32) {
        self.0.store(ms, Ordering::Relaxed);
    }

    fn limit_ns(&self) -> u64 {
        u64::from(self.0.load(Ordering::Relaxed)) * NS_PER_MS
    }

    pub(crate) fn is_wished(&self) -> bool {
        self.limit_ns() != 0
    }
}

/// How often the M has lost a P in another stay of a goroutine than the last time. Each word is
/// Relaxed and pairs with none: the handoff's request orders them.
#[derive(Debug)]
pub(crate) struct Stay {
    number: Number,
    /// The P of the stay, and what that has run until then.
    p: Link<P>,
    runs: Number,
}

impl Stay {
    pub(crate) const fn new() -> Stay {
        Stay { number: Number::zero(), p: Link::none(), runs: Number::zero() }
    }

    /// The P is about to be taken. By who takes it, while the thread is outside.
    pub(crate) fn loses(&self, pp: &P) {
        if !core::ptr::eq(self.p.get(), pp) || self.runs.get() != u64::from(pp.runs()) {
            self.number.set(self.number.get() + 1);
            self.regains(pp);
        }
    }

    /// The P was not taken after all.
    pub(crate) fn keeps(&self) {
        self.p.set(core::ptr::null_mut());
    }

    /// Does the goroutine go on with this P, which it has taken? A glimpse.
    fn is_with(&self, pp: *mut P) -> bool {
        // SAFETY: **alive**; null or a P.
        let runs = unsafe { pp.as_ref() }.map(P::runs);
        core::ptr::eq(self.p.get(), pp) && runs.map(u64::from) == Some(self.runs.get())
    }

    /// The goroutine goes on with another P. By its thread, inside.
    pub(crate) fn regains(&self, pp: &P) {
        self.p.set(core::ptr::from_ref(pp).cast_mut());
        self.runs.set(pp.runs().into());
    }
}

/// What is remembered of an M from look to look. sysmon's own.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The stay that it is about; 0: none yet.
    stay: Cell<u64>,
    since_ns: Cell<u64>,
    cpu_ns: Cell<u64>,
    is_told: Cell<bool>,
}

/// What the kernel knows of a thread. Asked when it matters only.
trait Kernel {
    /// How long it has used a CPU, in ns.
    fn cpu_ns(&self) -> u64;
    fn is_sleeping(&self) -> bool;
}

/// By its number.
struct Tid(u32);

impl Kernel for Tid {
    fn cpu_ns(&self) -> u64 {
        thread_cpu_ns(self.0).unwrap_or(0)
    }

    fn is_sleeping(&self) -> bool {
        is_sleeping(self.0)
    }
}

impl Memory {
    pub(crate) const fn new() -> Memory {
        Memory {
            stay: Cell::new(0),
            since_ns: Cell::new(0),
            cpu_ns: Cell::new(0),
            is_told: Cell::new(false),
        }
    }

    /// Must its goroutine be told of now? For each stay true once. `stay`: that which goes on
    /// without a P.
    fn is_due(&self, stay: Option<u64>, now_ns: u64, limit_ns: u64, thread: &impl Kernel) -> bool {
        let Some(stay) = stay else { return false };
        if self.stay.replace(stay) != stay {
            self.begin(now_ns, thread);
        }
        if self.is_told.get() || now_ns - self.since_ns.get() < limit_ns {
            return false;
        }
        let worked_ns = thread.cpu_ns().saturating_sub(self.cpu_ns.get());
        let is_due = worked_ns >= limit_ns / 2 || thread.is_sleeping();
        self.is_told.set(is_due);
        is_due
    }

    /// Counts from now on.
    fn begin(&self, now_ns: u64, thread: &impl Kernel) {
        self.since_ns.set(now_ns);
        self.is_told.set(false);
        self.cpu_ns.set(thread.cpu_ns());
    }
}

/// The stay of the M's goroutine, if that goes on: without a P, or with one that it has taken in
/// its midst. None where it says that it blocks.
fn goes_on(mp: &M) -> Option<u64> {
    // An M that idles has no curg, though its last request may stand until it has a P again.
    let is_there = !mp.curg.get().is_null() && !mp.is_blocking();
    let has_stayed = || mp.handoff.is_taken() || mp.stay.is_with(mp.p.get());
    (is_there && has_stayed()).then(|| mp.stay.number.get())
}

/// sysmon's part.
#[derive(Debug, Default)]
pub(crate) struct Stalls {
    next_ns: u64,
    halt: Option<Halt>,
}

impl Stalls {
    /// May somebody have to be told of later? Then sysmon must not sleep.
    pub(crate) fn are_watched(shared: &Shared) -> bool {
        shared.stalls.is_wished() && shared.detached.count() != 0
    }

    /// Tells of those that have stayed for too long.
    pub(crate) fn look(&mut self, sched: &Sched, now_ns: u64) {
        let limit_ns = sched.shared.stalls.limit_ns();
        if limit_ns == 0 || now_ns < self.next_ns {
            return;
        }
        self.next_ns = now_ns + LOOK_EVERY_NS;
        if self.halt.is_none() {
            self.halt = Halt::begin();
        }
        let Some(halt) = &mut self.halt else { return sched.shared.stalls.configure(0) };
        while let Some(mp) = due(sched, now_ns, limit_ns) {
            // SAFETY: **alive**.
            let mp = unsafe { mp.as_ref() };
            let (stay, since_ns) = (mp.stall.stay.get(), mp.stall.since_ns.get());
            let ms = (nanotime() - since_ns) / NS_PER_MS;
            let still = || !mp.handoff.is_inside() && goes_on(mp) == Some(stay);
            if !print_halted(halt, mp, ms, &still) {
                mp.stall.is_told.set(false); // it comes, or allocates just now: the next look
                return;
            }
        }
    }
}

/// The next one. No lock is held over what is done with it: it may hold that lock.
fn due(sched: &Sched, now_ns: u64, limit_ns: u64) -> Option<NonNull<M>> {
    let synced = sched.lock();
    let is_due = |mp: &&M| {
        let thread = Tid(mp.procid());
        mp.stall.is_due(goes_on(mp), now_ns, limit_ns, &thread)
    };
    synced.allm_iter().find(is_due).map(NonNull::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    /// A thread that has worked for so long, and sleeps or not.
    struct Thread(u64, bool);

    impl Kernel for Thread {
        fn cpu_ns(&self) -> u64 {
            self.0
        }

        fn is_sleeping(&self) -> bool {
            self.1
        }
    }

    #[test]
    fn it_is_due_once_for_each_stay() {
        let memory = Memory::new();
        let is_due = |stay, now_ns, thread| memory.is_due(stay, now_ns, 100, &thread);
        let works = |now_ns| Thread(now_ns, false);
        assert!(!is_due(None, 0, works(0)));
        assert!(!is_due(None, 1000, works(1000)), "it has its P");
        assert!(!is_due(Some(1), 1000, works(1000)));
        assert!(!is_due(Some(1), 1099, works(1099)));
        assert!(is_due(Some(1), 1100, works(1100)));
        assert!(!is_due(Some(1), 9000, works(9000)), "once");
        assert!(!is_due(None, 9000, works(9000)));
        assert!(!is_due(Some(1), 9500, works(9500)), "it has stayed");
        assert!(!is_due(Some(2), 9550, works(9550)), "it was away in between");
        assert!(is_due(Some(2), 9650, works(9650)));
    }

    #[test]
    fn who_takes_a_p_in_its_midst_stays() {
        let mut lab = crate::testing::Lab::new(crate::sched::Config::default());
        lab.resize(2, 1).unwrap();
        let [first, other] = [0, 1].map(|id| lab.sched().shared.allp.get(id).unwrap());
        let stay = Stay::new();
        let loses = |pp| {
            stay.loses(pp);
            stay.number.get()
        };
        assert_eq!(loses(first), 1);
        assert_eq!(loses(first), 1, "two want it");
        stay.regains(other);
        assert_eq!(loses(other), 1);
        other.count_run(false);
        assert_eq!(loses(other), 2, "another has run there");
        assert_eq!(loses(first), 3);
    }

    #[test]
    fn who_only_waits_for_a_cpu_does_not_stall() {
        let memory = Memory::new();
        let is_due = |now_ns, thread| memory.is_due(Some(1), now_ns, 100, &thread);
        assert!(!is_due(1000, Thread(500, false)));
        assert!(!is_due(1100, Thread(549, false)));
        assert!(is_due(1101, Thread(550, false)));
        memory.begin(2000, &Thread(550, false));
        assert!(!is_due(2099, Thread(550, true)));
        assert!(is_due(2100, Thread(550, true)), "blocked in the kernel");
    }

    #[test]
    fn who_idles_or_says_that_it_blocks_does_not_stall() {
        let mp = M::new();
        let request = mp.handoff.ask(1).expect("it has a P");
        assert!(mp.handoff.take(request));
        assert_eq!(goes_on(&mp), None, "it runs nothing");
        mp.curg.set(NonNull::dangling().as_ptr());
        assert_eq!(goes_on(&mp), Some(0));
        mp.set_blocking(true);
        assert_eq!(goes_on(&mp), None);
    }
}
