//! What the programs print: one `metric value unit` per line.

use std::process::exit;
use std::time::Duration;

/// Prints one figure.
pub(crate) fn report(metric: &str, value: f64, unit: &str) {
    println!("{metric} {value:.3} {unit}");
}

/// Says that there is nothing to measure, and ends the process with status 3.
pub(crate) fn unsupported() -> ! {
    println!("unsupported 0 n/a");
    exit(3)
}

/// Nanoseconds for each of `count`.
pub(crate) fn per(took: Duration, count: usize) -> f64 {
    took.as_nanos() as f64 / count as f64
}

/// In milliseconds.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
