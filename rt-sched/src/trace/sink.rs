//! What a play tells, and to whom.

use core::fmt;

use super::event::Taken;
use super::tasks::State;

/// A goroutine ran without a break.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) g: u64,
    /// `None`: it ran on without one.
    pub(super) p: Option<u32>,
    pub(super) m: Option<u16>,
    pub(super) from: u64,
    pub(super) to: u64,
    /// What ended it.
    pub(super) then: Then,
}

/// What came behind a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// See [`super::event::how`].
    Stops(u8),
    /// Its P was taken, if that is known for this reason.
    LosesP(Option<Taken>),
    /// It goes on with a P, or with another.
    TakesP,
    /// The trace ends, or does not know.
    Unknown,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    pub(super) running: u64,
    pub(super) runnable: u64,
    pub(super) waiting: u64,
    /// They run, and have no P.
    pub(super) without_p: u64,
    pub(super) idle_ps: u64,
}

/// Takes what comes out. Times are ns since the trace began; `from <= to`.
pub(super) trait Sink {
    fn ran(&mut self, run: Run) -> fmt::Result;
    /// A goroutine was in this state.
    fn was(&mut self, g: u64, state: State, from: u64, to: u64) -> fmt::Result;
    /// An M had a P.
    fn held(&mut self, m: u16, p: u32, from: u64, to: u64) -> fmt::Result;
    /// A goroutine that was readied or made on one P begins to run on another.
    fn arrow(&mut self, from: (u32, u64), to: (u32, u64)) -> fmt::Result;
    /// Somebody stopped the world, at `stood` it stood.
    fn world(&mut self, from: u64, stood: u64, to: u64) -> fmt::Result;
    fn mark(&mut self, g: Option<u64>, p: Option<u32>, at: u64, text: &str) -> fmt::Result;
    fn region(&mut self, g: u64, name: &str, from: u64, to: u64) -> fmt::Result;
    fn thread(&mut self, m: u64, starts: bool, at: u64) -> fmt::Result;
    fn census(&mut self, at: u64, census: Census) -> fmt::Result;
}
