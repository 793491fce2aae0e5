//! The execution trace, of bare and of std programs (tests/bodies/traced.rs).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::outcome::Outcome;
use tests::run::Program;

/// Processes of the form; see rt-sched's `trace/perfetto.rs`.
const PS: u64 = 1;
const MS: u64 = 2;
const GS: u64 = 3;
const REGIONS: u64 = 4;

/// A slice or another event, in ns.
#[derive(Clone, Debug)]
struct Event {
    ph: String,
    track: (u64, u64),
    from: u64,
    to: u64,
    name: String,
    value: Value,
}

/// A trace that was read.
#[derive(Debug)]
struct Read {
    events: Vec<Event>,
    lost: u64,
    duration: u64,
    whole_since: u64,
    /// The numbers that the program has printed: created, ended, taken; then created and taken by
    /// the runtime's own counting.
    counts: Vec<u64>,
}

/// ns of a time in µs, which has three digits behind its point.
fn ns(value: &Value) -> u64 {
    (value.as_f64().expect("a time") * 1000.0).round() as u64
}

fn read(outcome: &Outcome) -> Read {
    let text = &outcome.stdout;
    let json: Value = serde_json::from_str(text).unwrap_or_else(|error| {
        panic!("{error}: {:.2000}", outcome.show());
    });
    let events = json["traceEvents"].as_array().expect("events").iter().map(|value| {
        let from = value.get("ts").map_or(0, ns);
        Event {
            ph: value["ph"].as_str().expect("a phase").to_owned(),
            track: (value["pid"].as_u64().expect("a pid"), value["tid"].as_u64().unwrap_or(0)),
            from,
            to: from + value.get("dur").map_or(0, ns),
            name: value["name"].as_str().expect("a name").to_owned(),
            value: value.clone(),
        }
    });
    let other = |name: &str| json["otherData"][name].as_u64().expect("a number");
    let counts = outcome.stderr.split_whitespace().map(|n| n.parse().expect("a number"));
    Read {
        events: events.collect(),
        lost: other("lost"),
        duration: other("duration_ns"),
        whole_since: other("whole_since_ns"),
        counts: counts.collect(),
    }
}

impl Read {
    fn slices(&self, pid: u64) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.ph == "X" && event.track.0 == pid)
    }

    fn slices_named<'a>(&'a self, pid: u64, name: &'a str) -> impl Iterator<Item = &'a Event> {
        self.slices(pid).filter(move |slice| slice.name == name)
    }

    /// What must hold for every trace.
    fn check(&self) {
        let mut tracks: BTreeMap<(u64, u64), Vec<&Event>> = BTreeMap::new();
        for event in &self.events {
            assert!(["M", "X", "i", "s", "f", "C"].contains(&&*event.ph), "{event:?}");
            if event.ph == "M" {
                continue;
            }
            let is_within = self.whole_since <= event.from && event.to <= self.duration + 1;
            assert!(is_within, "{event:?} of {}", self.duration);
            if event.ph == "X" {
                tracks.entry(event.track).or_default().push(event);
            }
        }
        let names = self.events.iter().filter(|event| event.name == "thread_name");
        let named: BTreeSet<_> = names.map(|event| event.track).collect();
        for ((pid, tid), slices) in &mut tracks {
            slices.sort_by_key(|slice| (slice.from, slice.to));
            if *pid == REGIONS || *pid == MS {
                check_nesting(slices);
            } else {
                let is_after = |pair: &[&Event]| pair[0].to <= pair[1].from;
                assert!(slices.windows(2).all(is_after), "{pid} {tid} is in two places");
            }
            assert!(named.contains(&(*pid, *tid)), "{pid} {tid} has no name");
        }
        self.check_goroutines(&tracks);
        self.check_arrows();
    }

    /// A goroutine runs on one P at a time, and its own track says on which.
    fn check_goroutines(&self, tracks: &BTreeMap<(u64, u64), Vec<&Event>>) {
        let mut runs: BTreeMap<u64, Vec<(u64, u64, u64)>> = BTreeMap::new();
        for slice in self.slices(PS).filter(|slice| slice.track.1 != 0) {
            let goid = slice.value["args"]["goroutine"].as_u64().expect("a number");
            runs.entry(goid).or_default().push((slice.from, slice.to, slice.track.1 - 1));
        }
        for (goid, runs) in &mut runs {
            runs.sort_unstable();
            assert!(runs.windows(2).all(|pair| pair[0].1 <= pair[1].0), "G{goid} runs twice");
            let Some(own) = tracks.get(&(GS, *goid)) else { continue };
            let is_running = |slice: &&&Event| slice.name == "running";
            let on = |slice: &&Event| {
                let on = slice.value["args"]["on"].as_str().expect("a P")[1..].parse();
                (slice.from, slice.to, on.expect("a number"))
            };
            let own: Vec<_> = own.iter().filter(is_running).map(on).collect();
            assert_eq!(&own, runs, "G{goid}");
        }
    }

    /// Each arrow goes from a run, forward in time, to the beginning of another.
    fn check_arrows(&self) {
        let at = |ph: &str| {
            let arrows = self.events.iter().filter(move |event| event.ph == ph);
            let by_id = |event: &Event| (event.value["id"].as_u64().expect("an id"), event.clone());
            arrows.map(by_id).collect::<BTreeMap<_, _>>()
        };
        let (begin, end) = (at("s"), at("f"));
        assert!(begin.keys().eq(end.keys()));
        let mut slices: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
        for slice in self.slices(PS) {
            slices.entry(slice.track.1).or_default().push((slice.from, slice.to));
        }
        slices.values_mut().for_each(|slices| slices.sort_unstable());
        let covers = |event: &Event| {
            let slices = &slices[&event.track.1];
            let behind = slices.partition_point(|slice| slice.0 <= event.from);
            slices[..behind].iter().rev().take(3).any(|slice| event.from <= slice.1)
        };
        for (id, from) in &begin {
            let to = &end[id];
            assert!(from.from <= to.from && covers(from) && covers(to), "{from:?} {to:?}");
        }
    }
}

/// Slices of one track lie in each other or behind each other.
fn check_nesting(slices: &mut [&Event]) {
    slices.sort_by_key(|slice| (slice.from, std::cmp::Reverse(slice.to)));
    let mut open: Vec<&Event> = Vec::new();
    for slice in slices {
        while open.last().is_some_and(|outer| outer.to <= slice.from) {
            open.pop();
        }
        assert!(open.last().is_none_or(|outer| slice.to <= outer.to), "{slice:?} in {open:?}");
        open.push(slice);
    }
}

/// Runs the program in both worlds, at so many Ps, and checks what must hold for every trace.
fn traces(name: &str, procs: u32) -> Vec<Read> {
    let both = [Program::bare("traced"), Program::hosted("traced")];
    let run = |program: Program| {
        let outcome = program.arg(name).procs(procs).run().expect_code(0);
        let read = read(&outcome);
        read.check();
        read
    };
    both.into_iter().map(run).collect()
}

#[test]
fn it_shows_who_runs_who_waits_and_why() {
    for read in [1, 2, 4].into_iter().flat_map(|procs| traces("talk", procs)) {
        let [created, ended, taken, really_created, really_taken] = read.counts[..] else {
            panic!("{:?}", read.counts)
        };
        assert_eq!((created, read.lost), (3, 0));
        // Between the numbers and the trace a P may be taken, too.
        assert!(created == really_created && taken <= really_taken, "{:?}", read.counts);
        // Who has joined the last may be quicker than its end.
        assert!((2..=4).contains(&ended), "{ended}");
        for reason in ["chan receive", "chan send", "sleep", "runnable", "running"] {
            assert!(read.slices_named(GS, reason).next().is_some(), "nobody: {reason}");
        }
        let sent: Vec<_> = read.events.iter().filter(|event| event.name == "sent").collect();
        assert_eq!(sent.len(), 3);
        // One waited from the beginning, until all was sent.
        let early = read.slices(GS).find(|slice| slice.from == 0 && slice.name == "chan receive");
        let early = early.expect("it waited");
        assert!(sent.iter().all(|event| event.from <= early.to), "{early:?} {sent:?}");
        assert_eq!(read.slices_named(REGIONS, "sends \"all\"\n").count(), 3);
        assert_eq!(read.slices_named(REGIONS, "receives").count(), 1);
        let starts = read.events.iter().filter(|event| event.ph == "f").count();
        assert!(starts >= 100, "{starts} goroutines began where another had readied them");
        let ends = read.slices(PS).filter(|slice| slice.value["args"]["then"] == "end").count();
        assert_eq!(ends as u64, ended);
    }
}

#[test]
fn it_shows_whose_p_was_taken() {
    for read in traces("hogs", 1) {
        let lost = |slice: &&Event| slice.value["args"]["then"] == "loses its P: computes on";
        assert!(read.slices(PS).filter(lost).count() >= 1);
        assert!(read.slices_named(GS, "running without a P").next().is_some());
        let alone = |slice: &&Event| slice.value["args"]["without"] == "P";
        assert!(read.slices(MS).filter(alone).count() >= 1);
        let (taken, really_taken) = (read.counts[2], read.counts[4]);
        assert!(taken >= 1 && taken <= really_taken, "{taken} of {really_taken}");
        assert_eq!(read.events.iter().filter(|event| event.name == "a hog is back").count(), 2);
    }
}

/// Go: TestTraceSTW, TestTraceManyStartStop.
#[test]
fn it_goes_on_while_the_number_of_ps_changes() {
    for read in traces("resizes", 2) {
        let [created, ended, taken, really_created, really_taken] = read.counts[..] else {
            panic!("{:?}", read.counts)
        };
        assert_eq!((created, read.lost), (really_created, 0));
        assert!(taken <= really_taken, "{taken} of {really_taken}");
        // One more had begun before; the last may be on its way out.
        assert!(ended.abs_diff(created) <= 2, "{ended} of {created}");
        let ps: BTreeSet<_> = read.slices(PS).map(|s| s.track.1).collect();
        assert!(ps.contains(&0) && ps.len() >= 3, "{ps:?}");
        // One stop for each new number, and the beginning and the end of the trace.
        assert!(read.slices_named(PS, "stopped").count() >= 50);
    }
}

#[test]
fn the_oldest_events_are_lost_and_counted() {
    for procs in [1, 2] {
        for read in traces("wraps", procs) {
            assert!(read.lost > 0 && read.whole_since > 0);
            assert!(read.slices(PS).count() > 50, "what was kept is shown");
            let waits = |slice: &&Event| slice.name == "chan receive" && slice.to >= read.duration;
            let waiter = read.slices(GS).filter(waits);
            assert!(waiter.count() >= 1, "one waits all the time");
        }
    }
}

/// Go: TestTraceStressStartStop, TestTraceDoubleStart.
#[test]
fn it_begins_and_ends_often_under_load() {
    traces("again", 1);
    traces("again", 4);
}

#[test]
fn wrong_calls_are_errors() {
    for read in traces("wrong", 2) {
        assert_eq!(read.slices(REGIONS).count(), 0);
    }
}
