//! Tables of medians, in markdown that is readable as it is.

use super::results::{Results, Row};

/// A table for each number of workers: a row per metric, a column per peer, then `ours` in times of
/// the best other peer, and the widest spread. Failures are listed below.
#[must_use]
pub(super) fn tables(results: &Results, peers: &[&str], ours: &str) -> String {
    let mut numbers: Vec<usize> = results.rows.iter().map(|row| row.workers).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut text = String::new();
    for workers in numbers {
        let plural = if workers == 1 { "" } else { "s" };
        text.push_str(&format!("### {workers} worker{plural}\n\n"));
        let mut cells = vec![heading(peers, ours)];
        let rows = results.rows.iter().filter(|row| row.workers == workers);
        cells.extend(rows.map(|row| line(results, row, peers, ours)));
        text.push_str(&align(&cells));
        text.push('\n');
    }
    for (workload, workers, peer, reason) in &results.failures {
        text.push_str(&format!("- {peer} fails `{workload}` with w={workers}: {reason}\n"));
    }
    text.trim_end().to_owned() + "\n"
}

fn heading(peers: &[&str], ours: &str) -> Vec<String> {
    let mut cells = vec!["workload".to_owned(), "figure".to_owned(), "unit".to_owned()];
    cells.extend(peers.iter().map(|peer| (*peer).to_owned()));
    cells.extend([format!("{ours} / best"), "spread".to_owned()]);
    cells
}

fn line(results: &Results, row: &Row, peers: &[&str], ours: &str) -> Vec<String> {
    let mut cells = vec![row.workload.clone(), row.metric.clone(), row.unit.clone()];
    cells.extend(peers.iter().map(|peer| match row.median(peer) {
        Some(value) => number(value),
        None if results.failure(&row.workload, row.workers, peer).is_some() => "fails".to_owned(),
        None => "–".to_owned(),
    }));
    cells.push(row.ratio(ours).map_or("–".to_owned(), |ratio| format!("{ratio:.2}")));
    cells.push(row.spread().map_or("–".to_owned(), |spread| format!("{:.0} %", spread * 100.0)));
    cells
}

/// Three digits, or all of those before the point.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Cells as a markdown table, padded. The first row is the heading; the first three columns are
/// words, the others numbers.
fn align(rows: &[Vec<String>]) -> String {
    const WORDS: usize = 3;
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0).max(3)).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            text.push_str(&match column < WORDS {
                true => format!("| {cell:<width$} "),
                false => format!("| {cell:>width$} "),
            });
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width);
                text.push_str(&match column < WORDS {
                    true => format!("|{dashes}--"),
                    false => format!("|{dashes}-:"),
                });
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::program::Outcome;
    use super::super::results::tests::figures;
    use super::*;

    #[test]
    fn a_table_has_all_that_was_measured() {
        let mut results = Results::default();
        for (peer, value) in [("rt", 50.0), ("rt", 60.0), ("go", 110.0), ("tokio", 1234.5)] {
            results.add("pingpong", 1, peer, figures("roundtrip", value));
        }
        results.add("pingpong", 1, "may", Outcome::Failed("no memory".to_owned()));
        results.add("pingpong", 2, "go", figures("roundtrip", 7.125));
        let expected = "\
### 1 worker

| workload | figure    | unit |   rt |  go | tokio |   may | rt / best | spread |
|----------|-----------|------|-----:|----:|------:|------:|----------:|-------:|
| pingpong | roundtrip | ns   | 55.0 | 110 |  1234 | fails |      0.50 |   18 % |

### 2 workers

| workload | figure    | unit |  rt |   go | tokio | may | rt / best | spread |
|----------|-----------|------|----:|-----:|------:|----:|----------:|-------:|
| pingpong | roundtrip | ns   |   – | 7.12 |     – |   – |         – |    0 % |

- may fails `pingpong` with w=1: no memory
";
        assert_eq!(tables(&results, &["rt", "go", "tokio", "may"], "rt"), expected);
    }

    #[test]
    fn numbers_have_three_digits() {
        let cases = [(0.123, "0.12"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(-1234.6), "-1235");
    }
}
