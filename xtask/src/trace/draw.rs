//! The page: one SVG in an HTML file, with a little script that zooms.

use svg::Document;
use svg::node::element::{Group, Rectangle, SVG, Text, Title};

use super::chart;
use super::read::{Lane, Timeline};
use super::thin::{Drawn, grain, thin};

/// Dots: of the page, and of the names at its left.
pub(super) const WIDTH: f64 = 1560.0;
pub(super) const LEFT: f64 = 200.0;
/// Where the first lane begins.
const TOP: f64 = 150.0;
/// So many slices are drawn at most; more are put together.
const SLICES_MAX: usize = 40_000;
/// So many goroutines have lanes: those that run most.
const GOROUTINES_MAX: usize = 40;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What lies below what, and how far down the page is.
pub(super) struct Page<'a> {
    pub(super) timeline: &'a Timeline,
    grain: u64,
    /// What moves when the page is zoomed.
    pub(super) time: Group,
    /// What stays: names, headings.
    pub(super) fixed: Group,
    y: f64,
}

/// The whole file.
pub(super) fn page(timeline: &Timeline, title: &str) -> String {
    let busiest = busiest(timeline);
    let lanes = timeline.ps.iter().chain(&timeline.ms).chain(busiest.iter().copied());
    let grain = grain(lanes, timeline.to - timeline.from, SLICES_MAX);
    let (time, fixed) = (Group::new(), Group::new().set("class", "fixed"));
    let mut page = Page { timeline, grain, time, fixed, y: TOP };
    page.section("Ps", "which goroutine runs", timeline.ps.iter(), 26.0, ps_colour);
    page.section("Ms", "which P the thread has", timeline.ms.iter(), 18.0, ms_colour);
    if !timeline.regions.is_empty() {
        page.section("regions", "marked by the program", timeline.regions.iter(), 18.0, any_colour);
    }
    let note = match timeline.goroutines.len() {
        many if many > busiest.len() => format!("the {} busiest of {many}", busiest.len()),
        _ => "what they do".to_owned(),
    };
    page.section("goroutines", &note, busiest.into_iter(), 16.0, state_colour);
    page.finish(title)
}

fn busiest(timeline: &Timeline) -> Vec<&Lane> {
    let mut lanes: Vec<&Lane> = timeline.goroutines.iter().collect();
    lanes.sort_by_key(|lane| std::cmp::Reverse(lane.busy_ns()));
    lanes.truncate(GOROUTINES_MAX);
    lanes
}

impl Page<'_> {
    /// Where a moment is drawn.
    pub(super) fn x(&self, at: u64) -> f64 {
        let (from, to) = (self.timeline.from, self.timeline.to);
        at.saturating_sub(from) as f64 / (to - from) as f64 * (WIDTH - LEFT)
    }

    fn section<'l>(
        &mut self,
        name: &str,
        note: &str,
        lanes: impl Iterator<Item = &'l Lane>,
        height: f64,
        colour: fn(&str) -> String,
    ) {
        self.y += 30.0;
        let heading = text("heading", 12.0, self.y, name);
        let note = text("note", LEFT, self.y, note);
        let fixed = std::mem::take(&mut self.fixed);
        self.fixed = fixed.add(heading).add(note);
        self.y += 8.0;
        for lane in lanes {
            self.lane(lane, height, colour);
        }
    }

    fn lane(&mut self, lane: &Lane, height: f64, colour: fn(&str) -> String) {
        let (y, inner) = (self.y, height - 3.0);
        let name = text("name", LEFT - 10.0, y + height * 0.5 + 3.0, &short(&lane.name));
        let name = name.add(Title::new(&lane.name));
        let ground = rectangle("ground", 0.0, y, WIDTH - LEFT, inner);
        let mut time = std::mem::take(&mut self.time).add(ground);
        let mut depth_until = 0;
        for drawn in thin(&lane.slices, self.grain) {
            let is_inside = drawn.from < depth_until;
            depth_until = depth_until.max(drawn.to);
            let (y, inner) = if is_inside { (y + 3.0, inner - 6.0) } else { (y, inner) };
            let (from, to) = (self.x(drawn.from), self.x(drawn.to));
            let slice = rectangle("slice", from, y, (to - from).max(0.01), inner)
                .set("fill", colour(&drawn.slice.name))
                .set("data-name", drawn.slice.name.as_str())
                .add(Title::new(told(&drawn, self.timeline.from)));
            time = time.add(slice);
        }
        for (at, mark) in &lane.marks {
            let from = self.x(*at);
            let title = format!("{mark}\nat {}", span(at.saturating_sub(self.timeline.from)));
            let mark = rectangle("mark", from, y - 1.0, 1.5, inner + 2.0).add(Title::new(title));
            time = time.add(mark);
        }
        self.time = time;
        self.fixed = std::mem::take(&mut self.fixed).add(name);
        self.y += height;
    }

    fn finish(mut self, title: &str) -> String {
        let height = self.y + 20.0;
        let stops = chart::world(&self, height);
        let chart = chart::census(&self);
        let heads = chart::heads(&self, title);
        let inner = SVG::new()
            .set("id", "time")
            .set("x", LEFT)
            .set("y", 0)
            .set("width", WIDTH - LEFT)
            .set("height", height)
            .set("viewBox", (0, 0, WIDTH - LEFT, height))
            .set("preserveAspectRatio", "none")
            .add(chart)
            .add(std::mem::take(&mut self.time))
            .add(stops);
        let whole = (self.timeline.to - self.timeline.from).to_string();
        let document = Document::new()
            .set("id", "page")
            .set("width", WIDTH + 20.0)
            .set("height", height)
            .set("data-ns", whole)
            .set("data-left", LEFT)
            .add(inner)
            .add(std::mem::take(&mut self.fixed))
            .add(heads)
            .add(Group::new().set("id", "axis"))
            .add(Group::new().set("id", "labels"));
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>execution trace</title>\n<style>\n{STYLE}</style></head>\n<body>\n{document}\n\
             <script>\n{SCRIPT}</script>\n</body></html>\n"
        )
    }
}

pub(super) fn text(class: &str, x: f64, y: f64, content: &str) -> Text {
    Text::new(content).set("class", class).set("x", x).set("y", y)
}

pub(super) fn rectangle(class: &str, x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    let round = |number: f64| (number * 1000.0).round() / 1000.0;
    Rectangle::new()
        .set("class", class)
        .set("x", round(x))
        .set("y", y)
        .set("width", round(width))
        .set("height", height)
}

/// What is told when the pointer rests on it.
fn told(drawn: &Drawn<'_>, began: u64) -> String {
    let (from, long) = (span(drawn.from - began.min(drawn.from)), span(drawn.to - drawn.from));
    let slice = drawn.slice;
    match drawn.many {
        1 => format!("{}\nat {from}, for {long}\n{}", slice.name, slice.details),
        many => format!("{many} short ones\nat {from}, for {long}\nthe longest: {}", slice.name),
    }
}

/// A length of time, as people write it.
pub(super) fn span(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.3} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.3} ms", ns as f64 / 1e6),
        _ => format!("{:.3} s", ns as f64 / 1e9),
    }
}

/// A name that fits at the left.
fn short(name: &str) -> String {
    const MOST: usize = 28;
    let count = name.chars().count();
    if count <= MOST {
        return name.to_owned();
    }
    let (head, tail) = name.split_once(' ').unwrap_or(("", name));
    let keep = MOST.saturating_sub(head.chars().count() + 2);
    let skip = tail.chars().count().saturating_sub(keep);
    format!("{head} …{}", tail.chars().skip(skip).collect::<String>())
}

/// By the goroutine's number: neighbours in number are far apart in colour.
fn ps_colour(name: &str) -> String {
    let digits: String = name.chars().filter(char::is_ascii_digit).take(12).collect();
    let number: u64 = digits.parse().unwrap_or(0);
    let hue = (number as f64 * 137.508) % 360.0;
    let light = [58, 66, 50][(number % 3) as usize];
    format!("hsl({hue:.0} 52% {light}%)")
}

fn ms_colour(name: &str) -> String {
    if name.starts_with('P') { any_colour(name) } else { ALONE.to_owned() }
}

fn any_colour(name: &str) -> String {
    let sum = name.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("hsl({} 38% 72%)", (sum.wrapping_mul(47)) % 360)
}

pub(super) const RUNNING: &str = "#3f9c64";
pub(super) const ALONE: &str = "#8a63c9";
pub(super) const RUNNABLE: &str = "#e9a83b";
pub(super) const WAITING: &str = "#d3dbe6";

fn state_colour(name: &str) -> String {
    let colour = match name {
        "running" => RUNNING,
        "running without a P" => ALONE,
        "runnable" => RUNNABLE,
        _ => WAITING,
    };
    colour.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::read::Slice;
    use super::*;

    #[test]
    fn the_page_is_whole_and_escapes() {
        let slice =
            |name: &str| Slice { from: 5, to: 900, name: name.into(), details: "<&>".into() };
        let lane = |name: &str, slice| Lane {
            name: name.into(),
            slices: vec![slice],
            marks: vec![(50, "\"</script>".into())],
        };
        let timeline = Timeline {
            to: 1000,
            ps: vec![lane("P0", slice("G7 <closure>"))],
            goroutines: vec![lane("G7 a::b<T>", slice("running"))],
            world: vec![slice("stopped")],
            census: vec![(10, 1, 3), (500, 2, 0)],
            ..Timeline::default()
        };
        let page = page(&timeline, "a<b>.json");
        assert!(page.contains("G7 &lt;closure&gt;") && page.contains("a&lt;b&gt;.json"));
        assert_eq!(page.matches("</script>").count(), 1);
        for open in ["<svg", "<g", "<text", "<rect", "<title"] {
            let close = open.replace('<', "</");
            let empty = page.matches("/>").count();
            assert!(page.matches(open).count() >= page.matches(&close).count(), "{open} {empty}");
        }
    }

    #[test]
    fn names_and_times_fit() {
        assert_eq!(short("G7 main"), "G7 main");
        let long = short("G123 a_crate::a_module::a_function::{{closure}}");
        assert!(long.starts_with("G123 …") && long.ends_with("{{closure}}"), "{long}");
        assert!(long.chars().count() <= 28);
        assert_eq!((span(7), span(1500)), ("7 ns".into(), "1.500 µs".into()));
        assert_eq!((span(2_000_000), span(3_000_000_000)), ("2.000 ms".into(), "3.000 s".into()));
    }
}
