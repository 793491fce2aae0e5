//! What is recorded where. All of it is cold: the paths that goroutines take look at a word that
//! they look at anyway, and come here only while a trace is on.

use rt_asm::cpu::ticks;

use super::event::{Event, Kind, NO_M, Taken, how, m_number};
use super::ring::Ring;
use crate::g::{G, Status};
use crate::m::M;
use crate::p::P;
use crate::sched::{Sched, Shared};
use crate::traceback::current_m;

fn of_m(kind: Kind, mp: &M, number: u64) -> Event {
    Event { m: m_number(mp.id()), ..Event::new(kind, number) }
}

/// Why a goroutine leaves its thread.
fn how_it_leaves(g: &G) -> u8 {
    match g.status() {
        Status::Dead => how::ENDS,
        Status::Waiting => g.wait_reason.get() as u8,
        _ => how::RUNNABLE,
    }
}

/// `me` leaves the M, for `next` if that is known already.
#[inline(always)]
pub(crate) fn leaves(mp: &M, pp: &P, me: &G, next: Option<&G>) {
    let Some(ring) = pp.ring() else { return };
    let kind = if next.is_some() { Kind::Switch } else { Kind::Stop };
    let event = of_m(kind, mp, next.map_or(0, G::goid));
    ring.put(Event { how: how_it_leaves(me), ..event });
}

/// `me` leaves the M, which has no P.
#[cold]
pub(crate) fn leaves_without_p(mp: &M, me: &G) {
    let shared = &mp.sched().shared;
    if shared.attention.is_traced() {
        let event = Event { how: how_it_leaves(me), ..of_m(Kind::Stop, mp, 0) };
        shared.tracer.put_elsewhere(Some(mp), &|ring| ring.put(event));
    }
}

/// g0 goes to a goroutine.
#[cold]
pub(crate) fn starts(ring: &Ring, mp: &M, g: &G) {
    ring.put(of_m(Kind::Start, mp, g.goid()));
}

/// A goroutine is readied on this P. Shall it be timed?
#[cold]
pub(crate) fn readies(ring: &Ring, g: &G) -> bool {
    ring.put(Event::new(Kind::Ready, g.goid()));
    ring.times_this_one()
}

/// A goroutine is readied by a thread without a P.
#[cold]
pub(crate) fn readies_without_p(shared: &Shared, g: &G) {
    let event = Event::new(Kind::Ready, g.goid());
    shared.tracer.put_elsewhere(current_m(), &|ring| ring.put(event));
}

/// A goroutine is made.
#[cold]
pub(crate) fn creates(shared: &Shared, pp: Option<&P>, goid: u64, gopc: usize) {
    let put = |ring: &Ring| ring.put_with_address(Event::new(Kind::Create, goid), gopc as u64);
    somewhere(shared, pp, &put);
}

/// It has a name.
#[cold]
pub(crate) fn names(shared: &Shared, pp: Option<&P>, goid: u64, name: &str) {
    somewhere(shared, pp, &|ring| ring.put_text(Event::new(Kind::Name, goid), name));
}

/// With the P, or without one.
pub(super) fn somewhere(shared: &Shared, pp: Option<&P>, put: &dyn Fn(&Ring)) {
    match pp.and_then(P::ring) {
        Some(ring) => put(ring),
        None => shared.tracer.put_elsewhere(current_m(), put),
    }
}

/// The M takes the P, or gives it up.
#[cold]
pub(crate) fn proc_moves(ring: &Ring, mp: &M, starts: bool) {
    let kind = if starts { Kind::ProcStart } else { Kind::ProcStop };
    ring.put(of_m(kind, mp, 0));
}

/// Takes a P by `take`, which says whether it could. The moment is that before: whatever the thread
/// does when it knows comes later.
#[inline]
pub(crate) fn taking(
    sched: &Sched,
    pp: &P,
    mp: &M,
    why: Taken,
    take: impl FnOnce() -> bool,
) -> bool {
    let since = if sched.shared.attention.is_traced() { ticks() } else { 0 };
    let taken = take();
    if taken && since != 0 {
        proc_taken(sched, pp, mp, why, since);
    }
    taken
}

#[cold]
fn proc_taken(sched: &Sched, pp: &P, mp: &M, why: Taken, since: u64) {
    let event = of_m(Kind::ProcTaken, mp, u64::from(pp.id()));
    let event = Event { how: why as u8, ..event };
    sched.shared.tracer.put_elsewhere(current_m(), &|ring| ring.put_at(since, event));
}

/// The M has come to know that it has no P.
#[cold]
pub(crate) fn comes_back(mp: &M) {
    let shared = &mp.sched().shared;
    if shared.attention.is_traced() {
        shared.tracer.put_elsewhere(Some(mp), &|ring| ring.put(of_m(Kind::Back, mp, 0)));
    }
}

/// The caller, who has a P, stops the world or has it go on.
#[cold]
pub(crate) fn world(pp: &P, at: World) {
    let event = match at {
        World::Stopping => Event::new(Kind::Stopping, 0),
        World::Stopped => Event::new(Kind::Stopped, 0),
        World::Going(procs) => Event::new(Kind::Going, u64::from(procs)),
    };
    if let Some(ring) = pp.ring() {
        ring.put(event);
    }
}

/// How the world is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum World {
    Stopping,
    Stopped,
    /// With so many Ps.
    Going(u32),
}

/// An M's thread begins or ends.
#[cold]
pub(crate) fn thread(sched: &Sched, mp: &M, starts: bool) {
    if sched.shared.attention.is_traced() {
        let kind = if starts { Kind::ThreadStart } else { Kind::ThreadEnd };
        let event = Event { m: NO_M, ..of_m(kind, mp, mp.id()) };
        sched.shared.tracer.put_elsewhere(Some(mp), &|ring| ring.put(event));
    }
}
