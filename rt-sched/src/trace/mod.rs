//! The execution trace: what ran where and when, and why it waited. Go: package `runtime/trace`.
//!
//! A flight recorder: each P has a ring of events, which its owner writes; what threads do without
//! a P goes into a ring of its own. Memory is bounded, the oldest events are overwritten, and how
//! many is told. A trace begins and ends with the world stopped, so it begins with all goroutines
//! that there are, and no event is lost at its ends.
//!
//! ```text
//!   hot paths ---- one look ----> record: 16 bytes, a time stamp -----> rings
//!                                                                        |  stop
//!   snapshot of all goroutines ------------------------------------> [`Trace`]
//!                                                                        |  merge by time
//!                     perfetto: JSON  <---- tracks, slices, flows ---- replay
//! ```
//!
//! Without a trace the paths that goroutines take do nothing for it: they look at words that they
//! look at anyway (`attention`, a P's counts), and what follows is cold.

mod event;
mod merge;
mod names;
mod perfetto;
pub(crate) mod record;
mod recorded;
mod replay;
pub(crate) mod ring;
mod sink;
mod snapshot;
mod tasks;
pub(crate) mod tracer;
mod user;

use alloc::vec::Vec;

use rt_asm::cpu::ticks;
use rt_os::sys::clock::nanotime;

use crate::allp::NoMemory;
use crate::park::{current_sched, with_current_p};
use crate::sched::Sched;
use crate::world::{StoppedWorld, is_goroutine};
pub(crate) use event::Taken;
pub use recorded::{Counts, Trace};
use ring::Ring;
use snapshot::Snapshot;
pub use user::{Region, mark, region};

/// What a trace shall keep.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// So many events at least, of 16 bytes, for each P; a power of two is made of it. A switch
    /// from one goroutine to another is one event, a ready another.
    pub events_per_p: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { events_per_p: 1 << 16 }
    }
}

impl Options {
    /// So many events for each P.
    #[must_use]
    pub fn events_per_p(self, events_per_p: usize) -> Options {
        Options { events_per_p, ..self }
    }
}

/// Why a trace was not begun or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// One is on already.
    AlreadyOn,
    /// None is on.
    NotOn,
    /// No memory for the rings.
    NoMemory,
    /// The caller is not a goroutine.
    NotAGoroutine,
    /// Goroutines keep their Ps in this scheduler, so the world cannot be stopped.
    Pinned,
}

impl core::fmt::Display for TraceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            TraceError::AlreadyOn => "trace: one is on already",
            TraceError::NotOn => "trace: none is on",
            TraceError::NoMemory => "trace: no memory for the events",
            TraceError::NotAGoroutine => "trace: the caller is not a goroutine",
            TraceError::Pinned => "trace: goroutines keep their Ps in this scheduler",
        })
    }
}

impl core::error::Error for TraceError {}

impl From<NoMemory> for TraceError {
    fn from(_: NoMemory) -> TraceError {
        TraceError::NoMemory
    }
}

/// Begins to record what all goroutines do. Stops the world for a moment. Go: `trace.Start`.
///
/// # Errors
/// [`TraceError`]; nothing is recorded then.
pub fn start(options: Options) -> Result<(), TraceError> {
    let sched = stoppable()?;
    let rings = make_rings(sched, options)?;
    let world = StoppedWorld::stop(sched);
    let began = begin(sched, options, rings);
    drop(world);
    began
}

/// Ends the recording, and returns what there is of it. Stops the world for a moment. Go:
/// `trace.Stop`.
///
/// # Errors
/// [`TraceError`]; for want of memory it goes on.
pub fn stop() -> Result<Trace, TraceError> {
    let sched = stoppable()?;
    let world = StoppedWorld::stop(sched);
    let ended = end(sched);
    drop(world);
    ended
}

/// Is a trace on? A glimpse.
#[must_use]
pub fn is_on() -> bool {
    current_sched().is_some_and(Sched::is_traced)
}

impl Sched {
    /// Is a trace on? A glimpse.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.shared.attention.is_traced()
    }
}

/// The scheduler, if the caller may stop its world.
fn stoppable() -> Result<&'static Sched, TraceError> {
    let sched = current_sched().filter(|_| is_goroutine()).ok_or(TraceError::NotAGoroutine)?;
    if sched.is_pinned() { Err(TraceError::Pinned) } else { Ok(sched) }
}

fn look(sched: &Sched) -> Result<Snapshot, NoMemory> {
    let p = with_current_p(|pp| pp.map_or(0, crate::p::P::id));
    Snapshot::take(sched, p)
}

/// Rings for as many Ps as there are, and one more: before the world stops.
fn make_rings(sched: &Sched, options: Options) -> Result<Vec<Ring>, NoMemory> {
    let (mut rings, many) = (Vec::new(), sched.shared.gomaxprocs() as usize + 1);
    rings.try_reserve_exact(many).map_err(|_| NoMemory)?;
    for _ in 0..many {
        rings.push(Ring::new(options.events_per_p)?);
    }
    Ok(rings)
}

fn begin(sched: &Sched, options: Options, rings: Vec<Ring>) -> Result<(), TraceError> {
    if sched.shared.tracer.is_on() {
        return Err(TraceError::AlreadyOn);
    }
    let at_start = look(sched)?;
    let began = (ticks(), nanotime());
    Ok(sched.shared.tracer.install(sched, options.events_per_p, rings, began, at_start)?)
}

fn end(sched: &Sched) -> Result<Trace, TraceError> {
    if !sched.shared.tracer.is_on() {
        return Err(TraceError::NotOn);
    }
    let at_end = look(sched)?;
    let mut rings: Vec<(u32, Ring)> = Vec::new();
    rings.try_reserve(sched.shared.allp.iter_all().count()).map_err(|_| TraceError::NoMemory)?;
    let on = sched.shared.tracer.uninstall(sched).ok_or(TraceError::NotOn)?;
    for pp in sched.shared.allp.iter_all() {
        rings.extend(tracer::take_ring(pp).map(|ring| (pp.id(), *ring)));
    }
    let ended = (ticks(), nanotime());
    Ok(Trace::new(on, ended, at_end, rings))
}
