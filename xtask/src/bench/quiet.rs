//! Waits until others leave the machine alone.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The part of the CPUs' time that others may use.
const BUSY: f64 = 0.15;
/// How long one look takes.
const LOOK: Duration = Duration::from_millis(100);
/// How long one round waits, and all of them together.
const ROUND: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(10 * 60);

/// Keeps count of the waiting.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    waited: Duration,
    rounds: u32,
    /// Rounds that began although others were at work.
    busy: u32,
}

impl Quiet {
    /// Waits for a quiet moment, but not for ever.
    pub(super) fn wait(&mut self) {
        let start = Instant::now();
        self.rounds += 1;
        while busy_now().is_some_and(|busy| busy > BUSY) {
            if start.elapsed() > ROUND || self.waited + start.elapsed() > ALL {
                self.busy += 1;
                break;
            }
            sleep(LOOK * 4);
        }
        self.waited += start.elapsed();
    }

    /// What is worth knowing about the figures; nothing for a quiet machine.
    pub(super) fn remark(&self) -> Option<String> {
        let Quiet { rounds, busy, .. } = self;
        (*busy > 0).then(|| format!("{busy} of {rounds} rounds began beside others' work"))
    }
}

/// The part of the CPUs' time that is in use now, unless the kernel does not say.
fn busy_now() -> Option<f64> {
    let before = times()?;
    sleep(LOOK);
    Some(busy(before, times()?))
}

/// All time and idle time of the CPUs so far, in ticks.
fn times() -> Option<(u64, u64)> {
    parse(&fs::read_to_string("/proc/stat").ok()?)
}

/// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal.
fn parse(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Option<Vec<u64>> =
        line.split_whitespace().take(8).map(|word| word.parse().ok()).collect();
    let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
    Some((ticks.iter().sum(), ticks[3] + ticks[4]))
}

/// The part that was in use between two readings.
fn busy(before: (u64, u64), after: (u64, u64)) -> f64 {
    let all = after.0.saturating_sub(before.0);
    let idle = after.1.saturating_sub(before.1);
    if all == 0 { 0.0 } else { 1.0 - idle as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read() {
        let stat = "cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(parse(stat), Some((531, 450)));
        assert_eq!(parse("cpu0 1 2 3 4 5 6 7 8\n"), None);
        assert_eq!(parse("cpu  1 2 3\n"), None);
        assert!(times().is_some_and(|(all, idle)| all >= idle));
    }

    #[test]
    fn the_rest_of_the_time_is_in_use() {
        assert_eq!(busy((100, 80), (200, 155)), 0.25);
        assert_eq!(busy((100, 80), (100, 80)), 0.0);
    }

    #[test]
    fn only_busy_rounds_are_worth_a_remark() {
        let mut quiet = Quiet { rounds: 3, ..Quiet::default() };
        assert_eq!(quiet.remark(), None);
        quiet.busy = 2;
        let remark = "2 of 3 rounds began beside others' work";
        assert_eq!(quiet.remark().as_deref(), Some(remark));
    }
}
