//! What was recorded.

use alloc::vec::Vec;
use core::fmt;

use super::event::{Kind, Taken, how};
use super::merge::{Record, merge, whole_since};
use super::names::Names;
use super::perfetto::Perfetto;
use super::replay::Replay;
use super::ring::Ring;
use super::snapshot::Snapshot;
use super::tracer::Recording;

/// A recording that has ended.
#[derive(Debug)]
pub struct Trace {
    rings: Vec<(u32, Ring)>,
    elsewhere: Ring,
    began: (u64, u64),
    ended: (u64, u64),
    pub(super) at_start: Snapshot,
    pub(super) at_end: Snapshot,
}

/// How often what has happened, of what was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Goroutines were made.
    pub created: u64,
    /// A goroutine began to run on a P.
    pub starts: u64,
    /// Goroutines have ended.
    pub ended: u64,
    /// Goroutines were readied.
    pub readied: u64,
    /// A P was taken from its thread, and not for a world that stops: as [`Metrics`] counts.
    ///
    /// [`Metrics`]: crate::metrics::Metrics
    pub taken: u64,
}

impl Trace {
    pub(super) fn new(
        on: Recording,
        ended: (u64, u64),
        at_end: Snapshot,
        rings: Vec<(u32, Ring)>,
    ) -> Trace {
        let (elsewhere, began, at_start) = on.into_parts();
        Trace { rings, elsewhere, began, ended, at_start, at_end }
    }

    /// How long it was on, in ns.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.ended.1.saturating_sub(self.began.1)
    }

    /// How many events were overwritten by later ones, since there was no more room for them.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.all_rings().map(Ring::lost).sum()
    }

    /// Counts what was kept.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for Record { event, .. } in self.records() {
            counts.starts += u64::from(matches!(event.kind, Kind::Start | Kind::Switch));
            let stops = matches!(event.kind, Kind::Stop | Kind::Switch);
            counts.ended += u64::from(stops && event.how == how::ENDS);
            match event.kind {
                Kind::Create => counts.created += 1,
                Kind::Ready => counts.readied += 1,
                Kind::ProcTaken if event.how != Taken::World as u8 => counts.taken += 1,
                _ => {}
            }
        }
        counts
    }

    /// Writes it in the JSON form that Perfetto (<https://ui.perfetto.dev>) and Chrome's
    /// about:tracing open.
    ///
    /// Functions are looked up in the program's own file; that may take some time.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_perfetto(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let records = self.records();
        let names = Names::new(&records, [&self.at_start, &self.at_end]);
        let mut sink = Perfetto::begin(out, self, &records, &names)?;
        Replay::new(self, &mut sink).run(&records)?;
        sink.end()
    }

    /// As [`Trace::write_perfetto`], to be displayed where it shall go.
    #[must_use]
    pub fn perfetto(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| self.write_perfetto(f))
    }

    /// All events in order.
    pub(super) fn records(&self) -> Vec<Record> {
        merge(&self.rings, &self.elsewhere)
    }

    fn all_rings(&self) -> impl Iterator<Item = &Ring> {
        self.rings.iter().map(|(_, ring)| ring).chain([&self.elsewhere])
    }

    /// ns since the beginning, of ticks since then.
    pub(super) fn ns(&self, ticks: u64) -> u64 {
        let whole = u128::from(self.ended.0.saturating_sub(self.began.0).max(1));
        (u128::from(ticks) * u128::from(self.duration_ns()) / whole) as u64
    }

    /// From here on nothing is missing, in ns since the beginning.
    pub(super) fn whole_since_ns(&self) -> u64 {
        self.ns(whole_since(&self.rings, &self.elsewhere))
    }
}
