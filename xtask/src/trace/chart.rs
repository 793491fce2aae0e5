//! What stands above and across the lanes: the head, how many goroutines there are, and when the
//! world stood.

use svg::node::element::path::Data;
use svg::node::element::{Group, Path, Title};

use super::draw::{ALONE, LEFT, Page, RUNNABLE, RUNNING, WAITING, WIDTH, rectangle, span, text};

/// The chart's upper and lower edge.
const TOP: f64 = 78.0;
const BOTTOM: f64 = 138.0;

/// Title, numbers and legend.
pub(super) fn heads(page: &Page<'_>, title: &str) -> Group {
    let timeline = page.timeline;
    let numbers = format!(
        "{} · {} events{} · {} Ps · {} threads · {} goroutines with tracks",
        span(timeline.to - timeline.from),
        timeline.events,
        if timeline.lost == 0 { String::new() } else { format!(", {} lost", timeline.lost) },
        timeline.ps.len(),
        timeline.ms.len(),
        timeline.goroutines.len(),
    );
    let mut group = Group::new()
        .add(text("title", 12.0, 26.0, title))
        .add(text("note", 12.0, 46.0, &numbers))
        .add(text("note", WIDTH - 330.0, 26.0, "wheel: zoom · drag: move · double click: all"));
    let mut x = WIDTH - 600.0;
    for (name, colour) in [
        ("running", RUNNING),
        ("runnable", RUNNABLE),
        ("waiting", WAITING),
        ("without a P", ALONE),
        ("the world stops", "#d9534f"),
    ] {
        let swatch = rectangle("swatch", x, 37.0, 12.0, 11.0).set("fill", colour);
        group = group.add(swatch).add(text("legend", x + 17.0, 46.5, name));
        x += 40.0 + name.len() as f64 * 7.0;
    }
    let most = most(page);
    group
        .add(text("heading", 12.0, TOP + 12.0, "goroutines"))
        .add(text("name", LEFT - 10.0, TOP + 10.0, &most.to_string()))
        .add(text("name", LEFT - 10.0, BOTTOM, "0"))
}

fn most(page: &Page<'_>) -> u64 {
    page.timeline.census.iter().map(|(_, running, runnable)| running + runnable).max().unwrap_or(0)
}

/// How many run, and above them how many could.
pub(super) fn census(page: &Page<'_>) -> Group {
    let most = most(page).max(1) as f64;
    let y = |number: u64| BOTTOM - number as f64 / most * (BOTTOM - TOP);
    let area = |number: fn(&(u64, u64, u64)) -> u64, colour: &str, name: &str| {
        let mut data = Data::new().move_to((0.0, BOTTOM));
        let mut last = BOTTOM;
        for point in &page.timeline.census {
            let x = (page.x(point.0) * 100.0).round() / 100.0;
            data = data.line_to((x, last));
            last = (y(number(point)) * 10.0).round() / 10.0;
            data = data.line_to((x, last));
        }
        let data = data.line_to((WIDTH - LEFT, last)).line_to((WIDTH - LEFT, BOTTOM)).close();
        Path::new().set("d", data).set("fill", colour).add(Title::new(name))
    };
    Group::new()
        .add(rectangle("ground", 0.0, TOP, WIDTH - LEFT, BOTTOM - TOP))
        .add(area(|(_, running, runnable)| running + runnable, RUNNABLE, "runnable goroutines"))
        .add(area(|(_, running, _)| *running, RUNNING, "running goroutines"))
}

/// When the world was being stopped, and stood.
pub(super) fn world(page: &Page<'_>, height: f64) -> Group {
    let mut group = Group::new();
    for stop in &page.timeline.world {
        let (from, to) = (page.x(stop.from), page.x(stop.to));
        let title = format!("{}: {}", stop.name, span(stop.to - stop.from));
        let band = rectangle("world", from, TOP, (to - from).max(0.05), height - TOP - 12.0);
        group = group.add(band.add(Title::new(title)));
    }
    group
}
