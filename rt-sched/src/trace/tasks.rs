//! The goroutines of a play: what each does, and since when.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::event::how;
use super::sink::{Census, Sink};

/// What a goroutine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// On this P; `None`: without one.
    Running(Option<u32>),
    Runnable,
    /// For this reason.
    Waiting(u8),
}

/// A goroutine.
#[derive(Debug)]
struct Task {
    state: Option<State>,
    since: u64,
    /// It was readied before it slept.
    is_woken: bool,
    /// Where it was readied or made, and when.
    origin: Option<(u32, u64)>,
    regions: Vec<(Box<str>, u64)>,
}

/// All that live.
#[derive(Debug)]
pub(super) struct Tasks {
    all: BTreeMap<u64, Task>,
    census: Census,
    visible: u64,
}

impl Tasks {
    pub(super) fn new(visible: u64) -> Tasks {
        Tasks { all: BTreeMap::new(), census: Census::default(), visible }
    }

    pub(super) fn census(&self) -> Census {
        self.census
    }

    /// It does this from the beginning.
    pub(super) fn put(&mut self, g: u64, state: State) {
        *self.number_of(state) += 1;
        self.task(g).state = Some(state);
    }

    fn task(&mut self, g: u64) -> &mut Task {
        self.all.entry(g).or_insert_with(|| Task {
            state: None,
            since: 0,
            is_woken: false,
            origin: None,
            regions: Vec::new(),
        })
    }

    fn number_of(&mut self, state: State) -> &mut u64 {
        match state {
            State::Running(Some(_)) => &mut self.census.running,
            State::Running(None) => &mut self.census.without_p,
            State::Runnable => &mut self.census.runnable,
            State::Waiting(_) => &mut self.census.waiting,
        }
    }

    /// Where it runs, if it does: on a P, or without one.
    pub(super) fn running(&self, g: u64) -> Option<Option<u32>> {
        match self.all.get(&g)?.state? {
            State::Running(p) => Some(p),
            _ => None,
        }
    }

    /// It does something else from now on.
    pub(super) fn enter(
        &mut self,
        sink: &mut dyn Sink,
        g: u64,
        state: State,
        now: u64,
    ) -> fmt::Result {
        self.leave(sink, g, now)?;
        *self.number_of(state) += 1;
        let task = self.task(g);
        (task.state, task.since) = (Some(state), now);
        Ok(())
    }

    fn leave(&mut self, sink: &mut dyn Sink, g: u64, now: u64) -> fmt::Result {
        let visible = self.visible;
        let task = self.task(g);
        let Some(state) = task.state.take() else { return Ok(()) };
        let since = task.since.max(visible);
        let number = self.number_of(state);
        *number = number.saturating_sub(1);
        if now < visible { Ok(()) } else { sink.was(g, state, since, now) }
    }

    /// It stops running. See [`super::event::how`].
    pub(super) fn stop(&mut self, sink: &mut dyn Sink, g: u64, how: u8, now: u64) -> fmt::Result {
        let is_woken = core::mem::replace(&mut self.task(g).is_woken, false);
        match how {
            how::ENDS => {
                self.leave(sink, g, now)?;
                while !self.task(g).regions.is_empty() {
                    self.region_ends(sink, Some(g), now)?;
                }
                self.all.remove(&g);
                Ok(())
            }
            how::RUNNABLE => self.enter(sink, g, State::Runnable, now),
            _ if is_woken => self.enter(sink, g, State::Runnable, now),
            reason => self.enter(sink, g, State::Waiting(reason), now),
        }
    }

    /// It is made.
    pub(super) fn created(&mut self, sink: &mut dyn Sink, g: u64, now: u64) -> fmt::Result {
        match self.task(g).state {
            None => self.enter(sink, g, State::Runnable, now),
            Some(_) => Ok(()), // it was quicker
        }
    }

    /// It is readied.
    pub(super) fn ready(&mut self, sink: &mut dyn Sink, g: u64, now: u64) -> fmt::Result {
        let task = self.task(g);
        match task.state {
            Some(State::Running(_)) => {
                task.is_woken = true;
                Ok(())
            }
            Some(State::Runnable) => Ok(()),
            Some(State::Waiting(_)) | None => self.enter(sink, g, State::Runnable, now),
        }
    }

    /// Who readied or made it stands on this P.
    pub(super) fn origin(&mut self, g: u64, p: Option<u32>, now: u64) {
        self.task(g).origin = p.map(|p| (p, now));
    }

    pub(super) fn take_origin(&mut self, g: u64) -> Option<(u32, u64)> {
        self.task(g).origin.take()
    }

    pub(super) fn region_begins(&mut self, g: Option<u64>, name: &str, now: u64) {
        if let Some(g) = g {
            self.task(g).regions.push((name.into(), now));
        }
    }

    pub(super) fn region_ends(
        &mut self,
        sink: &mut dyn Sink,
        g: Option<u64>,
        now: u64,
    ) -> fmt::Result {
        let Some(g) = g else { return Ok(()) };
        match self.task(g).regions.pop() {
            Some((name, from)) if now >= self.visible => {
                sink.region(g, &name, from.max(self.visible), now)
            }
            _ => Ok(()),
        }
    }

    /// The trace ends.
    pub(super) fn end(&mut self, sink: &mut dyn Sink, now: u64) -> fmt::Result {
        let all: Vec<u64> = self.all.keys().copied().collect();
        for g in all {
            self.leave(sink, g, now)?;
            while !self.task(g).regions.is_empty() {
                self.region_ends(sink, Some(g), now)?;
            }
        }
        Ok(())
    }
}
