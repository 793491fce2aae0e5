//! What the programs print: one `metric value unit` per line.

use std::process::exit;
use std::time::Duration;

/// Prints one figure.
pub fn report(metric: &str, value: f64, unit: &str) {
    println!("{metric} {value:.3} {unit}");
}

/// Says that there is nothing to measure, and ends the process with status 3.
pub fn unsupported() -> ! {
    println!("unsupported 0 n/a");
    exit(3)
}

/// Nanoseconds for each of `count`.
pub fn per(took: Duration, count: usize) -> f64 {
    took.as_nanos() as f64 / count as f64
}

/// In milliseconds.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// Prints the middle one, the one that a hundredth of them exceeds, the longest.
pub fn report_delays(name: &str, delays: &[Duration]) {
    let mut sorted = delays.to_vec();
    sorted.sort();
    let Some(last) = sorted.len().checked_sub(1) else { return };
    for (quantile, at) in [("p50", last / 2), ("p99", last * 99 / 100), ("max", last)] {
        report(&format!("{name}_{quantile}"), sorted[at].as_secs_f64() * 1e6, "us");
    }
}
