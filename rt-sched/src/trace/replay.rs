//! Plays a recording: from events to who was where, from when to when.
//!
//! Clocks of several processors, and a ready that comes before the sleep it ends, put events a
//! little out of order. So nothing is taken for granted: a goroutine that begins to run somewhere
//! is no longer where it was before, and what does not fit is let go. What comes out is whole:
//! every goroutine, P and M is in one place at a time.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::Trace;
use super::event::{Event, Kind, NO_M, Taken, how};
use super::merge::Record;
use super::sink::{Census, Run, Sink, Then};
use super::snapshot::Does;
use super::tasks::{State, Tasks};

/// How often the numbers of goroutines are told, in ns.
const CENSUS_EVERY_NS: u64 = 10_000;

/// A P.
#[derive(Clone, Copy, Debug, Default)]
struct Proc {
    m: Option<u16>,
    m_since: u64,
    g: Option<u64>,
    g_since: u64,
}

/// An M.
#[derive(Clone, Copy, Debug, Default)]
struct Thread {
    p: Option<u32>,
    /// What it runs without a P.
    g: Option<u64>,
    g_since: u64,
}

/// The state of the play.
pub(super) struct Replay<'a> {
    trace: &'a Trace,
    sink: &'a mut dyn Sink,
    tasks: Tasks,
    procs: Vec<Proc>,
    threads: BTreeMap<u16, Thread>,
    gomaxprocs: u64,
    /// When the world's stop was wished, and when it stood.
    world: Option<(u64, Option<u64>)>,
    /// Before this nothing is told.
    visible: u64,
    now: u64,
    census_at: u64,
}

impl<'a> Replay<'a> {
    pub(super) fn new(trace: &'a Trace, sink: &'a mut dyn Sink) -> Replay<'a> {
        let visible = trace.whole_since_ns();
        Replay {
            trace,
            sink,
            tasks: Tasks::new(visible),
            procs: Vec::new(),
            threads: BTreeMap::new(),
            gomaxprocs: u64::from(trace.at_start.procs),
            world: Some((0, Some(0))),
            visible,
            now: 0,
            census_at: 0,
        }
    }

    /// Plays all of it.
    pub(super) fn run(mut self, records: &[Record]) -> fmt::Result {
        self.begin(records);
        for record in records {
            let now = self.trace.ns(record.at).clamp(self.now, self.trace.duration_ns());
            self.count(now)?;
            self.now = now;
            self.step(record)?;
        }
        self.end()
    }

    /// What there was. If events are missing, only of those is it known that nothing happens to.
    fn begin(&mut self, records: &[Record]) {
        let is_whole = self.visible == 0;
        let from = if is_whole { &self.trace.at_start } else { &self.trace.at_end };
        let caller = from.caller.filter(|_| is_whole);
        if let Some((m, p)) = caller {
            self.threads.entry(m).or_default().p = Some(p);
            self.proc(p).m = Some(m);
        }
        for known in &from.goroutines {
            let is_named = |r: &Record| r.event.names_goroutine() && r.event.number == known.goid;
            match known.does {
                _ if !is_whole && records.iter().any(is_named) => {}
                Does::Queue => self.tasks.put(known.goid, State::Runnable),
                Does::Wait(reason) => self.tasks.put(known.goid, State::Waiting(reason)),
                Does::Run(m) => match caller {
                    Some((its, p)) if its == m => {
                        self.tasks.put(known.goid, State::Running(Some(p)));
                        self.proc(p).g = Some(known.goid);
                    }
                    _ if is_whole => {
                        self.tasks.put(known.goid, State::Running(None));
                        self.threads.entry(m).or_default().g = Some(known.goid);
                    }
                    _ => {}
                },
            }
        }
    }

    fn step(&mut self, record: &Record) -> fmt::Result {
        let Event { kind, how, m, number } = record.event;
        let (p, by) = (record.p, record.by);
        match kind {
            Kind::Start => self.starts(p, m, number),
            Kind::Switch => {
                self.stops(p, m, how)?;
                self.starts(p, m, number)
            }
            Kind::Stop => match p {
                Some(_) => self.stops(p, m, how),
                None => self.stops_without_p(m, how),
            },
            Kind::Ready => self.ready(p, number),
            Kind::Create => self.created(p, number),
            Kind::Mark | Kind::ThreadStart | Kind::ThreadEnd if self.now < self.visible => Ok(()),
            Kind::Mark => self.sink.mark(self.who(p, by), p, self.now, record.text()),
            Kind::RegionBegin => {
                let who = self.who(p, by);
                self.tasks.region_begins(who, record.text(), self.now);
                Ok(())
            }
            Kind::RegionEnd => {
                let who = self.who(p, by);
                self.tasks.region_ends(&mut *self.sink, who, self.now)
            }
            Kind::ProcStart => p.map_or(Ok(()), |p| self.takes_p(p, m)),
            Kind::ProcStop => p.map_or(Ok(()), |p| self.gives_p(p)),
            Kind::ProcTaken => self.loses_p(number as u32, m, Some(Taken::of(how))),
            Kind::Back => match self.threads.get(&m).and_then(|thread| thread.p) {
                Some(p) => self.loses_p(p, m, None),
                None => Ok(()),
            },
            Kind::Stopping | Kind::Stopped | Kind::Going => self.world_moves(kind, number),
            Kind::ThreadStart => self.sink.thread(number, true, self.now),
            Kind::ThreadEnd => self.sink.thread(number, false, self.now),
            Kind::Name | Kind::Text | Kind::Address | Kind::By => Ok(()),
        }
    }

    fn proc(&mut self, p: u32) -> &mut Proc {
        let at = p as usize;
        if self.procs.len() <= at {
            self.procs.resize(at + 1, Proc::default());
        }
        &mut self.procs[at]
    }

    fn runs_on(&self, p: u32) -> bool {
        self.procs.get(p as usize).is_some_and(|proc| proc.g.is_some())
    }

    /// The goroutine that runs there.
    fn who(&self, p: Option<u32>, by: Option<u16>) -> Option<u64> {
        match p {
            Some(p) => self.procs.get(p as usize)?.g,
            None => self.threads.get(&by?)?.g,
        }
    }

    /// A goroutine runs on a P from now on.
    fn starts(&mut self, p: Option<u32>, m: u16, g: u64) -> fmt::Result {
        let Some(p) = p else { return Ok(()) };
        self.takes_p(p, m)?;
        self.leave_p(p, Then::Unknown, None)?;
        match self.tasks.running(g) {
            Some(Some(other)) => self.leave_p(other, Then::Unknown, None)?,
            Some(None) => {
                let its = |thread: &Thread| thread.g == Some(g);
                let m = self.threads.iter().find(|(_, thread)| its(thread)).map(|(m, _)| *m);
                m.map_or(Ok(()), |m| self.leave_m(m, Then::Unknown, None))?;
            }
            None => {}
        }
        if let Some(from) = self.tasks.take_origin(g).filter(|(_, at)| *at >= self.visible) {
            self.sink.arrow(from, (p, self.now))?;
        }
        self.runs(p, g)
    }

    fn runs(&mut self, p: u32, g: u64) -> fmt::Result {
        let now = self.now;
        self.tasks.enter(&mut *self.sink, g, State::Running(Some(p)), now)?;
        let proc = self.proc(p);
        (proc.g, proc.g_since) = (Some(g), now);
        Ok(())
    }

    /// The goroutine on a P stops for a reason.
    fn stops(&mut self, p: Option<u32>, m: u16, how: u8) -> fmt::Result {
        let Some(p) = p else { return Ok(()) };
        self.takes_p(p, m)?;
        self.leave_p(p, Then::Stops(how), Some(how))
    }

    fn stops_without_p(&mut self, m: u16, how: u8) -> fmt::Result {
        if let Some(p) = self.threads.get(&m).and_then(|thread| thread.p) {
            self.loses_p(p, m, None)?;
        }
        self.leave_m(m, Then::Stops(how), Some(how))
    }

    /// Ends the run on a P. `how`: what the goroutine does then; `None`: it is runnable.
    fn leave_p(&mut self, p: u32, then: Then, how: Option<u8>) -> fmt::Result {
        let proc = *self.proc(p);
        let Some(g) = proc.g else { return Ok(()) };
        self.proc(p).g = None;
        self.tell_run(Run { g, p: Some(p), m: proc.m, from: proc.g_since, to: self.now, then })?;
        self.tasks.stop(&mut *self.sink, g, how.unwrap_or(how::RUNNABLE), self.now)
    }

    /// As [`Replay::leave_p`], for a run without a P.
    fn leave_m(&mut self, m: u16, then: Then, how: Option<u8>) -> fmt::Result {
        let Some(g) = self.end_run_without_p(m, then)? else { return Ok(()) };
        self.tasks.stop(&mut *self.sink, g, how.unwrap_or(how::RUNNABLE), self.now)
    }

    fn end_run_without_p(&mut self, m: u16, then: Then) -> Result<Option<u64>, fmt::Error> {
        let Some(thread) = self.threads.get_mut(&m) else { return Ok(None) };
        let Some(g) = thread.g.take() else { return Ok(None) };
        let from = thread.g_since;
        self.tell_run(Run { g, p: None, m: Some(m), from, to: self.now, then })?;
        Ok(Some(g))
    }

    fn tell_run(&mut self, run: Run) -> fmt::Result {
        if run.to < self.visible {
            return Ok(());
        }
        self.sink.ran(Run { from: run.from.max(self.visible), ..run })
    }

    /// An M takes a P, and takes the goroutine along that it runs.
    fn takes_p(&mut self, p: u32, m: u16) -> fmt::Result {
        if m == NO_M || self.proc(p).m == Some(m) {
            return Ok(());
        }
        self.gives_p(p)?;
        let thread = *self.threads.entry(m).or_default();
        let carried = match thread.p {
            Some(old) => {
                let g = self.procs[old as usize].g;
                self.loses_p(old, m, None)?;
                g.and(self.end_run_without_p(m, Then::TakesP)?)
            }
            None => self.end_run_without_p(m, Then::TakesP)?,
        };
        self.threads.entry(m).or_default().p = Some(p);
        let now = self.now;
        let proc = self.proc(p);
        (proc.m, proc.m_since) = (Some(m), now);
        carried.map_or(Ok(()), |g| self.runs(p, g))
    }

    /// A P is without an M from now on.
    fn gives_p(&mut self, p: u32) -> fmt::Result {
        self.leave_p(p, Then::Unknown, None)?;
        let proc = *self.proc(p);
        let Some(m) = proc.m else { return Ok(()) };
        self.proc(p).m = None;
        self.threads.entry(m).or_default().p = None;
        if self.now < self.visible {
            return Ok(());
        }
        self.sink.held(m, p, proc.m_since.max(self.visible), self.now)
    }

    /// A P is taken from an M, which runs on with its goroutine.
    fn loses_p(&mut self, p: u32, m: u16, why: Option<Taken>) -> fmt::Result {
        let proc = *self.proc(p);
        if proc.m != Some(m) {
            return Ok(()); // it was told before
        }
        if let Some(g) = proc.g {
            self.proc(p).g = None;
            let (from, to) = (proc.g_since, self.now);
            let then = Then::LosesP(why);
            self.tell_run(Run { g, p: Some(p), m: proc.m, from, to, then })?;
            self.tasks.enter(&mut *self.sink, g, State::Running(None), to)?;
            let thread = self.threads.entry(m).or_default();
            (thread.g, thread.g_since) = (Some(g), to);
        }
        self.gives_p(p)
    }

    fn created(&mut self, p: Option<u32>, g: u64) -> fmt::Result {
        self.tasks.created(&mut *self.sink, g, self.now)?;
        self.tasks.origin(g, p.filter(|p| self.runs_on(*p)), self.now);
        Ok(())
    }

    fn ready(&mut self, p: Option<u32>, g: u64) -> fmt::Result {
        self.tasks.ready(&mut *self.sink, g, self.now)?;
        self.tasks.origin(g, p.filter(|p| self.runs_on(*p)), self.now);
        Ok(())
    }

    fn world_moves(&mut self, kind: Kind, number: u64) -> fmt::Result {
        match (kind, self.world) {
            (Kind::Stopping, _) => self.world = Some((self.now, None)),
            (Kind::Stopped, Some((from, _))) => self.world = Some((from, Some(self.now))),
            (Kind::Going, world) => {
                self.gomaxprocs = number;
                self.world = None;
                return world.map_or(Ok(()), |world| self.tell_world(world));
            }
            _ => {}
        }
        Ok(())
    }

    fn tell_world(&mut self, (from, stood): (u64, Option<u64>)) -> fmt::Result {
        if self.now < self.visible {
            return Ok(());
        }
        let from = from.max(self.visible);
        self.sink.world(from, stood.unwrap_or(self.now).max(from), self.now)
    }

    /// Tells how many there were, if nothing has changed until `next`, or for long.
    fn count(&mut self, next: u64) -> fmt::Result {
        if self.now < self.visible || next < self.census_at {
            return Ok(());
        }
        self.census_at = self.now + CENSUS_EVERY_NS;
        let with_m = self.procs.iter().filter(|proc| proc.m.is_some()).count() as u64;
        let idle_ps = self.gomaxprocs.saturating_sub(with_m);
        self.sink.census(self.now, Census { idle_ps, ..self.tasks.census() })
    }

    /// Whatever goes on goes on to the end.
    fn end(mut self) -> fmt::Result {
        let end = self.trace.duration_ns();
        self.count(end.max(self.census_at))?;
        self.now = end;
        for p in 0..self.procs.len() as u32 {
            let proc = *self.proc(p);
            if let Some(g) = proc.g {
                let (from, to) = (proc.g_since, self.now);
                let (p, m, then) = (Some(p), proc.m, Then::Unknown);
                self.tell_run(Run { g, p, m, from, to, then })?;
            }
            if let Some(m) = proc.m {
                self.sink.held(m, p, proc.m_since.max(self.visible), self.now)?;
            }
        }
        let ms: Vec<u16> = self.threads.keys().copied().collect();
        for m in ms {
            let _no_more = self.end_run_without_p(m, Then::Unknown)?;
        }
        if let Some(world) = self.world.take() {
            self.tell_world(world)?;
        }
        self.tasks.end(&mut *self.sink, self.now)
    }
}
