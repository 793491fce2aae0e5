//! Where events go: the running P's ring, or the one that all without a P share.
//!
//! # Safety
//! - **recording**: a P's `ring` is null, or leads to a ring that `start` or a resize made for it
//!   and `stop` takes away, both in a stopped world. So for who has the P it stays, and is its own.
#![allow(unsafe_code, reason = "**recording**: rings are reached through Ps")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;

use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

use super::event::{Event, Kind, NO_M, m_number};
use super::ring::Ring;
use super::snapshot::Snapshot;
use crate::allp::NoMemory;
use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Shared};

/// The lock around what is recorded without a P. Nothing is locked, allocated or freed below it.
#[derive(Debug)]
pub(crate) struct Tracer(Mutex<Option<Recording>>);

type GiveRings = fn(&Shared, u32, usize, Vec<Ring>, u64) -> Result<(), NoMemory>;

/// A trace that is on.
#[derive(Debug)]
pub(super) struct Recording {
    /// Events of threads without a P.
    elsewhere: Ring,
    /// How many slots a ring has.
    slots: usize,
    /// [`give_rings`]: a word, so that programs that do not trace do not contain it.
    give_rings: GiveRings,
    /// Ticks and ns when it began.
    pub(super) began: (u64, u64),
    /// What there was then.
    pub(super) at_start: Snapshot,
}

impl Tracer {
    pub(crate) fn new() -> Tracer {
        Tracer(Mutex::new(Rank::Leaf, None))
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.lock().is_some()
    }

    /// Turns on: every P has its ring. In a stopped world. `spare` are rings of `slots` slots, one
    /// at least; if they do not do, more are made.
    pub(super) fn install(
        &self,
        sched: &Sched,
        slots: usize,
        mut spare: Vec<Ring>,
        began: (u64, u64),
        at_start: Snapshot,
    ) -> Result<(), NoMemory> {
        let elsewhere = spare.pop().ok_or(NoMemory)?;
        elsewhere.set_base(began.0);
        let recording = Recording { elsewhere, slots, give_rings, began, at_start };
        let shared = &sched.shared;
        if let Err(error) = give_rings(shared, shared.gomaxprocs(), slots, spare, began.0) {
            sched.shared.allp.iter_all().for_each(|pp| drop(take_ring(pp)));
            return Err(error);
        }
        *self.0.lock() = Some(recording);
        for pp in sched.shared.allp.iter_all() {
            pp.look_at_next();
        }
        sched.shared.attention.set_traced(true);
        Ok(())
    }

    /// Turns off. In a stopped world; what others still record without a P comes too late.
    pub(super) fn uninstall(&self, sched: &Sched) -> Option<Recording> {
        sched.shared.attention.set_traced(false);
        self.0.lock().take()
    }

    /// In a stopped world the number of Ps will change, and they exist: each has a ring then, if it
    /// must.
    pub(crate) fn make_room(&self, shared: &Shared, procs: u32) -> Result<(), NoMemory> {
        if !shared.attention.is_traced() {
            return Ok(());
        }
        let wanted = self.0.lock().as_ref().map(|on| (on.give_rings, on.slots, on.began.0));
        wanted.map_or(Ok(()), |(give, slots, base)| give(shared, procs, slots, Vec::new(), base))
    }

    /// Records an event of the M `mp`, which has no P, or of a thread of nobody's.
    #[cold]
    pub(super) fn put_elsewhere(&self, mp: Option<&M>, put: &dyn Fn(&Ring)) {
        if let Some(on) = &*self.0.lock() {
            let m = mp.map_or(NO_M, |mp| m_number(mp.id()));
            on.elsewhere.put(Event { m, ..Event::new(Kind::By, 0) });
            put(&on.elsewhere);
        }
    }
}

impl Recording {
    pub(super) fn into_parts(self) -> (Ring, (u64, u64), Snapshot) {
        (self.elsewhere, self.began, self.at_start)
    }
}

/// Gives each of the first `procs` Ps a ring, if it has none.
fn give_rings(
    shared: &Shared,
    procs: u32,
    slots: usize,
    mut spare: Vec<Ring>,
    base: u64,
) -> Result<(), NoMemory> {
    for pp in shared.allp.iter_all().filter(|pp| pp.id() < procs) {
        if pp.ring.get().is_null() {
            let ring = spare.pop().map_or_else(|| Ring::new(slots), Ok)?;
            ring.set_base(base);
            pp.ring.set(Box::into_raw(Box::new(ring)));
        }
    }
    Ok(())
}

/// Takes a P's ring away. In a stopped world.
pub(super) fn take_ring(pp: &P) -> Option<Box<Ring>> {
    let ring = pp.ring.replace(null_mut());
    // SAFETY: **recording**: made by `Box::into_raw`, and taken once.
    (!ring.is_null()).then(|| unsafe { Box::from_raw(ring) })
}

impl P {
    /// Where its events are recorded, if they are. Owner.
    #[inline(always)]
    pub(crate) fn ring(&self) -> Option<&Ring> {
        // SAFETY: **recording**.
        unsafe { self.ring.get().as_ref() }
    }
}
