//! From the JSON to lanes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What the page shows. Times are ns since the trace began.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) events: u64,
    pub(super) lost: u64,
    pub(super) ps: Vec<Lane>,
    pub(super) ms: Vec<Lane>,
    pub(super) goroutines: Vec<Lane>,
    pub(super) regions: Vec<Lane>,
    /// When the world was being stopped, or stood.
    pub(super) world: Vec<Slice>,
    /// Running and runnable goroutines, from when on.
    pub(super) census: Vec<(u64, u64, u64)>,
}

/// What happened on one of them.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) slices: Vec<Slice>,
    pub(super) marks: Vec<(u64, String)>,
}

/// From when to when it was what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) name: String,
    /// What the form says beside.
    pub(super) details: String,
}

impl Lane {
    /// How long there was something of this name, in ns.
    fn ns_of(&self, is_it: impl Fn(&Slice) -> bool) -> u64 {
        self.slices.iter().filter(|slice| is_it(slice)).map(|slice| slice.to - slice.from).sum()
    }

    /// How long it ran, in ns, for a goroutine.
    pub(super) fn busy_ns(&self) -> u64 {
        self.ns_of(|slice| slice.name.starts_with("running"))
    }
}

type Track = (u64, u64);

/// Reads a whole trace.
pub(super) fn timeline(text: &str) -> Result<Timeline> {
    let json: Value = serde_json::from_str(text).context("not JSON")?;
    let events = json["traceEvents"].as_array().context("no traceEvents: not a trace")?;
    let mut processes: BTreeMap<u64, String> = BTreeMap::new();
    let mut lanes: BTreeMap<Track, Lane> = BTreeMap::new();
    let mut timeline = Timeline::default();
    for event in events {
        let track = (event["pid"].as_u64().unwrap_or(0), event["tid"].as_u64().unwrap_or(0));
        let name = event["name"].as_str().unwrap_or("");
        match event["ph"].as_str().context("an event without ph")? {
            "M" if name == "process_name" => drop(processes.insert(track.0, named(event))),
            "M" if name == "thread_name" => lanes.entry(track).or_default().name = named(event),
            "X" => {
                let from = ns(&event["ts"])?;
                let to = from + ns(&event["dur"])?;
                timeline.to = timeline.to.max(to);
                let (name, details) = (name.to_owned(), details(&event["args"]));
                lanes.entry(track).or_default().slices.push(Slice { from, to, name, details });
            }
            "i" => {
                let mark = (ns(&event["ts"])?, name.to_owned());
                lanes.entry(track).or_default().marks.push(mark);
            }
            "C" if name == "goroutines" => {
                let number = |name: &str| event["args"][name].as_u64().unwrap_or(0);
                let at = ns(&event["ts"])?;
                timeline.census.push((at, number("running"), number("runnable")));
            }
            _ => {}
        }
    }
    let number = |name: &str| json["otherData"][name].as_u64();
    timeline.from = number("whole_since_ns").unwrap_or(0);
    timeline.to = timeline.to.max(number("duration_ns").unwrap_or(0));
    timeline.lost = number("lost").unwrap_or(0);
    timeline.events = number("events").unwrap_or(events.len() as u64);
    ensure!(timeline.to > timeline.from, "nothing happens in this trace");
    for ((pid, _), mut lane) in lanes {
        lane.slices.sort_by_key(|slice| slice.from);
        match processes.get(&pid).map(String::as_str) {
            Some("Ps") if lane.name == "world" => timeline.world = lane.slices,
            Some("Ps") => timeline.ps.push(lane),
            Some("Ms") => timeline.ms.push(lane),
            Some("goroutines") => timeline.goroutines.push(lane),
            Some("regions") => timeline.regions.push(lane),
            _ => {}
        }
    }
    Ok(timeline)
}

fn named(event: &Value) -> String {
    event["args"]["name"].as_str().unwrap_or("").to_owned()
}

/// ns of a time in µs.
fn ns(value: &Value) -> Result<u64> {
    let us = value.as_f64().filter(|us| *us >= 0.0).context("an event without a time")?;
    Ok((us * 1000.0).round() as u64)
}

/// What the form says beside, in words.
fn details(args: &Value) -> String {
    let Some(args) = args.as_object() else { return String::new() };
    let words = args.iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}: {text}"),
        None => format!("{name}: {value}"),
    });
    words.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"otherData":{"lost":3,"events":9,"duration_ns":9000},"traceEvents":[
        {"ph":"M","pid":1,"name":"process_name","args":{"name":"Ps"}},
        {"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"P0"}},
        {"ph":"X","pid":1,"tid":1,"ts":1.5,"dur":0.25,"name":"G7","args":{"then":"end"}},
        {"ph":"X","pid":1,"tid":1,"ts":0.001,"dur":1,"name":"G1"},
        {"ph":"i","pid":1,"tid":1,"ts":2,"name":"a mark"},
        {"ph":"C","pid":1,"ts":1,"name":"goroutines","args":{"running":1,"runnable":2}}]}"#;

    #[test]
    fn lanes_are_read() {
        let timeline = timeline(SMALL).unwrap();
        let [lane] = &timeline.ps[..] else { panic!("{timeline:?}") };
        let slices: Vec<_> = lane.slices.iter().map(|s| (s.from, s.to, &*s.name)).collect();
        assert_eq!(slices, [(1, 1001, "G1"), (1500, 1750, "G7")]);
        assert_eq!((&*lane.slices[1].details, &*lane.name), ("then: end", "P0"));
        assert_eq!(lane.marks, [(2000, "a mark".to_owned())]);
        assert_eq!((timeline.census, timeline.lost, timeline.to), (vec![(1000, 1, 2)], 3, 9000));
    }

    #[test]
    fn what_is_no_trace_is_an_error() {
        for (text, error) in [
            ("{", "not JSON"),
            ("{}", "no traceEvents: not a trace"),
            (r#"{"traceEvents":[]}"#, "nothing happens in this trace"),
            (r#"{"traceEvents":[{"ph":"X"}]}"#, "an event without a time"),
        ] {
            assert_eq!(timeline(text).unwrap_err().to_string(), error);
        }
    }
}
