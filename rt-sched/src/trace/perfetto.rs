//! The JSON form of Perfetto and of Chrome's about:tracing: the Trace Event Format.
//!
//! | process | its tracks | on them |
//! |---|---|---|
//! | 1 | Ps, and the world | which goroutine runs, arrows from a ready to the run |
//! | 2 | Ms | which P it has, what it runs without one |
//! | 3 | goroutines | running, runnable, waiting and why; marks |
//! | 4 | goroutines with regions | the regions |
//!
//! Times are in µs with three digits behind the point.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter, Write};

use super::Trace;
use super::event::{Kind, Taken, reason};
use super::merge::Record;
use super::names::Names;
use super::sink::{Census, Run, Sink, Then};
use super::tasks::State;

const PS: u32 = 1;
const MS: u32 = 2;
const GS: u32 = 3;
const REGIONS: u32 = 4;
/// The world's track, beside the Ps: the first.
const WORLD: u64 = 0;
/// So many goroutines have tracks of their own: those with the most events.
const TRACKS_MAX: usize = 1000;

/// Writes the form.
pub(super) struct Perfetto<'a> {
    out: &'a mut dyn Write,
    names: &'a Names,
    /// The goroutines that have tracks.
    tracks: BTreeSet<u64>,
    /// What was used: process and track.
    used: BTreeSet<(u32, u64)>,
    arrows: u64,
}

impl<'a> Perfetto<'a> {
    /// Writes the head.
    pub(super) fn begin(
        out: &'a mut dyn Write,
        trace: &Trace,
        records: &[Record],
        names: &'a Names,
    ) -> Result<Perfetto<'a>, fmt::Error> {
        write!(
            out,
            "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"events\":{},\"lost\":{},\
             \"duration_ns\":{},\"whole_since_ns\":{}}},\n\"traceEvents\":[\n",
            records.len(),
            trace.lost(),
            trace.duration_ns(),
            trace.whole_since_ns()
        )?;
        let names_of_processes = [(PS, "Ps"), (MS, "Ms"), (GS, "goroutines"), (REGIONS, "regions")];
        for (i, (pid, name)) in names_of_processes.into_iter().enumerate() {
            let comma = if i == 0 { "" } else { ",\n" };
            write!(
                out,
                "{comma}{{\"ph\":\"M\",\"pid\":{pid},\"name\":\"process_name\",\
                 \"args\":{{\"name\":{}}}}},\n\
                 {{\"ph\":\"M\",\"pid\":{pid},\"name\":\"process_sort_index\",\
                 \"args\":{{\"sort_index\":{pid}}}}}",
                Quoted(&name)
            )?;
        }
        let (tracks, used) = (busiest(trace, records), BTreeSet::new());
        Ok(Perfetto { out, names, tracks, used, arrows: 0 })
    }

    /// Writes the names of the tracks, and the end.
    pub(super) fn end(self) -> fmt::Result {
        let Perfetto { out, names, used, .. } = self;
        for (pid, tid) in used {
            write!(
                out,
                ",\n{{\"ph\":\"M\",\"pid\":{pid},\"tid\":{tid},\"name\":\"thread_name\",\
                 \"args\":{{\"name\":"
            )?;
            match (pid, tid) {
                (PS, WORLD) => out.write_str("\"world\"")?,
                (PS, _) => write!(out, "\"P{}\"", tid - 1)?,
                (MS, _) => write!(out, "\"M{}\"", tid - 1)?,
                _ => write!(out, "{}", Quoted(&names.of(tid)))?,
            }
            write!(
                out,
                "}}}},\n{{\"ph\":\"M\",\"pid\":{pid},\"tid\":{tid},\
                 \"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{tid}}}}}"
            )?;
        }
        out.write_str("\n]}\n")
    }

    /// Begins an event on a track.
    fn event(&mut self, ph: &str, pid: u32, tid: u64, at: u64, name: &dyn Display) -> fmt::Result {
        self.used.insert((pid, tid));
        write!(
            self.out,
            ",\n{{\"ph\":\"{ph}\",\"pid\":{pid},\"tid\":{tid},\"ts\":{},\"name\":{}",
            Us(at),
            Quoted(name)
        )
    }

    /// Begins a slice.
    fn slice(&mut self, track: (u32, u64), from: u64, to: u64, name: &dyn Display) -> fmt::Result {
        self.event("X", track.0, track.1, from, name)?;
        write!(self.out, ",\"dur\":{}", Us(to - from))
    }
}

/// The goroutines with the most events.
fn busiest(trace: &Trace, records: &[Record]) -> BTreeSet<u64> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    let known = trace.at_start.goroutines.iter().chain(&trace.at_end.goroutines);
    for goid in known.map(|known| known.goid) {
        *counts.entry(goid).or_default() += 1;
    }
    let of_goroutines = [Kind::Start, Kind::Switch, Kind::Ready, Kind::Create];
    for record in records.iter().filter(|record| of_goroutines.contains(&record.event.kind)) {
        *counts.entry(record.event.number).or_default() += 1;
    }
    let mut all: Vec<(u64, u32)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| core::cmp::Reverse(*count)); // stable: the older ones first
    all.into_iter().take(TRACKS_MAX).map(|(goid, _)| goid).collect()
}

fn text_of(why: Option<Taken>) -> &'static str {
    match why {
        None => "",
        Some(Taken::Blocked) => ": blocked",
        Some(Taken::Busy) => ": computes on",
        Some(Taken::World) => ": the world stops",
    }
}

impl Sink for Perfetto<'_> {
    fn ran(&mut self, run: Run) -> fmt::Result {
        let names = self.names;
        let (track, name) = match (run.p, run.m) {
            (Some(p), _) => ((PS, u64::from(p) + 1), names.of(run.g)),
            (None, Some(m)) => ((MS, u64::from(m) + 1), names.of(run.g)),
            (None, None) => return Ok(()),
        };
        self.slice(track, run.from, run.to, &name)?;
        write!(self.out, ",\"args\":{{\"goroutine\":{}", run.g)?;
        if run.p.is_none() {
            self.out.write_str(",\"without\":\"P\"")?;
        }
        if let Some(m) = run.m {
            write!(self.out, ",\"thread\":\"M{m}\"")?;
        }
        match run.then {
            Then::Stops(how) => write!(self.out, ",\"then\":{}", Quoted(&reason(how)))?,
            Then::LosesP(why) => write!(self.out, ",\"then\":\"loses its P{}\"", text_of(why))?,
            Then::TakesP => self.out.write_str(",\"then\":\"takes a P\"")?,
            Then::Unknown => {}
        }
        if let Some(starter) = names.starter(run.g) {
            write!(self.out, ",\"started in\":{}", Quoted(&starter))?;
        }
        self.out.write_str("}}")
    }

    fn was(&mut self, g: u64, state: State, from: u64, to: u64) -> fmt::Result {
        if !self.tracks.contains(&g) {
            return Ok(());
        }
        let track = (GS, g);
        match state {
            State::Running(Some(p)) => {
                self.slice(track, from, to, &"running")?;
                write!(self.out, ",\"args\":{{\"on\":\"P{p}\"}}}}")
            }
            State::Running(None) => {
                self.slice(track, from, to, &"running without a P")?;
                self.out.write_char('}')
            }
            State::Runnable => {
                self.slice(track, from, to, &"runnable")?;
                self.out.write_char('}')
            }
            State::Waiting(how) => {
                self.slice(track, from, to, &reason(how))?;
                self.out.write_str(",\"args\":{\"state\":\"waiting\"}}")
            }
        }
    }

    fn held(&mut self, m: u16, p: u32, from: u64, to: u64) -> fmt::Result {
        self.slice((MS, u64::from(m) + 1), from, to, &format_args!("P{p}"))?;
        self.out.write_char('}')
    }

    fn arrow(&mut self, from: (u32, u64), to: (u32, u64)) -> fmt::Result {
        self.arrows += 1;
        let id = self.arrows;
        for (ph, (p, at), more) in [("s", from, ""), ("f", to, ",\"bp\":\"e\"")] {
            self.event(ph, PS, u64::from(p) + 1, at, &"ready")?;
            write!(self.out, ",\"cat\":\"ready\",\"id\":{id}{more}}}")?;
        }
        Ok(())
    }

    fn world(&mut self, from: u64, stood: u64, to: u64) -> fmt::Result {
        self.slice((PS, WORLD), from, stood, &"stopping the world")?;
        self.out.write_char('}')?;
        self.slice((PS, WORLD), stood, to, &"stopped")?;
        self.out.write_char('}')
    }

    fn mark(&mut self, g: Option<u64>, p: Option<u32>, at: u64, text: &str) -> fmt::Result {
        let track = match (g.filter(|g| self.tracks.contains(g)), p) {
            (Some(g), _) => (GS, g),
            (None, Some(p)) => (PS, u64::from(p) + 1),
            (None, None) => (PS, WORLD),
        };
        self.event("i", track.0, track.1, at, &text)?;
        self.out.write_str(",\"s\":\"t\",\"cat\":\"mark\"}")
    }

    fn region(&mut self, g: u64, name: &str, from: u64, to: u64) -> fmt::Result {
        self.slice((REGIONS, g), from, to, &name)?;
        self.out.write_char('}')
    }

    fn thread(&mut self, m: u64, starts: bool, at: u64) -> fmt::Result {
        let name = if starts { "thread starts" } else { "thread ends" };
        self.event("i", MS, m + 1, at, &name)?;
        self.out.write_str(",\"s\":\"t\",\"cat\":\"thread\"}")
    }

    fn census(&mut self, at: u64, census: Census) -> fmt::Result {
        let Census { running, runnable, without_p, idle_ps, .. } = census;
        write!(
            self.out,
            ",\n{{\"ph\":\"C\",\"pid\":{PS},\"ts\":{0},\"name\":\"goroutines\",\
             \"args\":{{\"running\":{running},\"runnable\":{runnable},\
             \"without a P\":{without_p}}}}},\n\
             {{\"ph\":\"C\",\"pid\":{PS},\"ts\":{0},\"name\":\"idle Ps\",\
             \"args\":{{\"idle\":{idle_ps}}}}}",
            Us(at)
        )
    }
}

/// ns, in µs.
struct Us(u64);

impl Display for Us {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A JSON string. RFC 8259, 7.
struct Quoted<'a>(&'a dyn Display);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write!(Escaping(f), "{}", self.0)?;
        f.write_char('"')
    }
}

struct Escaping<'a, 'f>(&'a mut Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(self.0, "\\{c}")?,
                '\0'..='\x1f' => write!(self.0, "\\u{:04x}", u32::from(c))?,
                _ => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::string::{String, ToString};

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is quoted is read as what it was.
        #[test]
        fn strings_come_back(text in any::<String>()) {
            let quoted = Quoted(&text).to_string();
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }
    }

    #[test]
    fn times_are_us_with_ns() {
        assert_eq!(Us(1_234_567).to_string(), "1234.567");
        assert_eq!(Us(7).to_string(), "0.007");
    }
}
