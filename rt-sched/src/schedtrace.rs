//! `GODEBUG=schedtrace=MS,scheddetail=1`: how the scheduler stands, printed every so often by
//! sysmon. Go: `schedtrace`. The lines have Go's form, so that what reads those can read these.
//!
//! What is not here in Go's sense: `needspinning` is always 0 (every M that gives its P up looks
//! again), `mallocing`, `throwing` and `dying` too, `preemptoff` is empty. `runqsize` counts the
//! `next` slot. `syscalltick` counts how often the P was taken from a thread in user code.
//!
//! # Safety
//! - **for ever**: Ms and Ps are never freed; what is read of them, and of Gs, are words that
//!   anyone may look at.
#![allow(unsafe_code, reason = "**for ever**: raw pointers to Ms and Ps")]

use core::fmt::{self, Display, Formatter};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use rt_os::eprint;
use rt_os::parse::Debug;
use rt_wait::park::WaitReason;

use crate::g::{G, Status};
use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Synced};

/// What the environment asks for. Written at boot.
#[derive(Debug)]
pub(crate) struct TraceWish {
    every_ms: AtomicU32,
    in_detail: AtomicBool,
    /// When the program began, in ns.
    start_ns: AtomicU64,
}

impl TraceWish {
    pub(crate) fn new() -> TraceWish {
        TraceWish {
            every_ms: AtomicU32::new(0),
            in_detail: AtomicBool::new(false),
            start_ns: AtomicU64::new(0),
        }
    }

    pub(crate) fn configure(&self, debug: &Debug, now_ns: u64) {
        self.every_ms.store(debug.schedtrace_ms, Ordering::Relaxed);
        self.in_detail.store(debug.scheddetail, Ordering::Relaxed);
        self.start_ns.store(now_ns, Ordering::Relaxed);
    }

    pub(crate) fn is_wished(&self) -> bool {
        self.every_ms.load(Ordering::Relaxed) != 0
    }
}

/// sysmon's part.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    next_ns: u64,
}

impl Printer {
    /// Prints if it is time to.
    pub(crate) fn look(&mut self, sched: &Sched, now_ns: u64) {
        let wish = &sched.shared.schedtrace;
        let every_ms = wish.every_ms.load(Ordering::Relaxed);
        if every_ms == 0 || now_ns < self.next_ns {
            return;
        }
        self.next_ns = now_ns + u64::from(every_ms) * 1_000_000;
        let ms = (now_ns - wish.start_ns.load(Ordering::Relaxed)) / 1_000_000;
        print(sched, ms, wish.in_detail.load(Ordering::Relaxed));
    }
}

fn print(sched: &Sched, ms: u64, in_detail: bool) {
    let synced = sched.lock();
    let head = Head { sched, synced: &synced, ms };
    if !in_detail {
        let sizes = Numbers(sched, |pp| pp.runq_len() as u64);
        let ticks = Numbers(sched, |pp| u64::from(pp.schedtick()));
        return eprint!("{head} {sizes} schedticks={ticks}\n");
    }
    let shared = &sched.shared;
    eprint!(
        "{head} gcwaiting={} nmidlelocked={} stopwait={} sysmonwait={}\n",
        shared.is_stopping(),
        synced.nmidlelocked,
        synced.stopwait,
        shared.watch.is_asleep()
    );
    for pp in shared.allp.iter() {
        print_p(pp);
    }
    for mp in synced.allm_iter() {
        print_m(mp);
    }
    sched.for_each_g(&mut print_g);
}

/// What both forms begin with.
struct Head<'a> {
    sched: &'a Sched,
    synced: &'a Synced,
    ms: u64,
}

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shared = &self.sched.shared;
        write!(
            f,
            "SCHED {}ms: gomaxprocs={} idleprocs={} threads={} spinningthreads={} needspinning=0 \
             idlethreads={} runqueue={}",
            self.ms,
            shared.gomaxprocs(),
            shared.idle.npidle(),
            self.synced.mcount(),
            shared.idle.nmspinning(),
            self.synced.nmidle(),
            self.synced.runq.len()
        )
    }
}

/// A number of each P.
struct Numbers<'a>(&'a Sched, fn(&P) -> u64);

impl Display for Numbers<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("[ ")?;
        for pp in self.0.shared.allp.iter() {
            write!(f, "{} ", (self.1)(pp))?;
        }
        f.write_str("]")
    }
}

/// A number, or that there is none.
struct OrNil(Option<u64>);

impl Display for OrNil {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, "{number}"),
            None => f.write_str("nil"),
        }
    }
}

fn id_of_m(mp: *mut M) -> OrNil {
    // SAFETY: **for ever**; null or an M.
    OrNil(unsafe { mp.as_ref() }.map(M::id))
}

fn id_of_g(gp: *mut G) -> OrNil {
    // SAFETY: **for ever**: null or the top of a stack, which stays mapped.
    OrNil(unsafe { gp.as_ref() }.map(G::goid))
}

fn print_p(pp: &P) {
    eprint!(
        "  P{}: status={} schedtick={} syscalltick={} m={} runqsize={} gfreecnt={} timerslen={}\n",
        pp.id(),
        pp.status() as u32,
        pp.schedtick(),
        pp.syscalltick.get(),
        id_of_m(pp.m.get()),
        pp.runq_len(),
        pp.gfree_len.get(),
        pp.timers.len()
    );
}

fn print_m(mp: &M) {
    // SAFETY: **for ever**; null or a P.
    let pp = unsafe { mp.p.get().as_ref() }.filter(|_| !mp.handoff.is_taken());
    let curg = mp.curg.get();
    eprint!(
        "  M{}: p={} curg={} mallocing=0 throwing=0 preemptoff= locks={} dying=0 spinning={} \
         blocked={} lockedg={}\n",
        mp.id(),
        OrNil(pp.map(|pp| u64::from(pp.id()))),
        id_of_g(curg),
        mp.held.depth(),
        mp.spinning.get(),
        pp.is_none() && curg.is_null(),
        id_of_g(mp.lockedg.get())
    );
}

fn print_g(g: &G) {
    let status = g.status();
    if matches!(status, Status::Idle | Status::Dead) {
        return;
    }
    let reason = if status == Status::Waiting { g.wait_reason.get() } else { WaitReason::None };
    let m = if status == Status::Running { g.m.get() } else { core::ptr::null_mut() };
    eprint!(
        "  G{}: status={}({}) m={} lockedm={}\n",
        g.goid(),
        status as u32,
        reason.as_str(),
        id_of_m(m),
        id_of_m(g.lockedm.get())
    );
}
