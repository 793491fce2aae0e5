//! Time from exec to exit, of several programs in turns.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::wait::{WaitStatus, waitpid};

/// A program to be measured.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
}

/// What was measured of one program.
#[derive(Debug, PartialEq)]
pub(super) struct Times {
    /// The median of the rounds' medians, in microseconds.
    pub(super) median_us: f64,
    /// The median of the rounds' ratios to the first program.
    pub(super) ratio: f64,
}

impl Program {
    pub(super) fn new(name: &'static str, path: PathBuf) -> Self {
        Self { name, path }
    }
}

/// Runs each program `runs` times per round, all of them in turns, after a warm-up.
///
/// # Errors
/// When a program cannot be started or fails.
pub(super) fn measure(programs: &[Program], runs: u32, rounds: u32) -> Result<Vec<Times>> {
    let spawners = programs.iter().map(|p| Spawner::new(&p.path)).collect::<Result<Vec<_>>>()?;
    for _ in 0..runs.min(20) {
        for spawner in &spawners {
            spawner.time_us()?;
        }
    }
    let mut medians = vec![Vec::new(); programs.len()];
    for _ in 0..rounds {
        let mut samples = vec![Vec::new(); programs.len()];
        for _ in 0..runs {
            for (spawner, samples) in spawners.iter().zip(&mut samples) {
                samples.push(spawner.time_us()?);
            }
        }
        for (medians, samples) in medians.iter_mut().zip(samples) {
            medians.push(median(samples));
        }
    }
    Ok(summarize(&medians))
}

/// From each program's medians by round to its times.
fn summarize(medians: &[Vec<f64>]) -> Vec<Times> {
    let Some(first) = medians.first() else { return Vec::new() };
    let times = medians.iter().map(|own| Times {
        median_us: median(own.clone()),
        ratio: median(own.iter().zip(first).map(|(own, first)| own / first).collect()),
    });
    times.collect()
}

/// The middle value; of an even number the upper one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// All that is needed to start a program, made ready beforehand.
struct Spawner {
    path: CString,
    actions: PosixSpawnFileActions,
    attributes: PosixSpawnAttr,
    /// Open for as long as the actions name it.
    _null: File,
}

impl Spawner {
    fn new(path: &Path) -> Result<Self> {
        let mut actions = PosixSpawnFileActions::init()?;
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        actions.add_dup2(null.as_raw_fd(), 0)?;
        actions.add_dup2(null.as_raw_fd(), 1)?;
        let path = CString::new(path.as_os_str().as_bytes())?;
        Ok(Self { path, actions, attributes: PosixSpawnAttr::init()?, _null: null })
    }

    /// Runs the program once. The environment is empty but for the search path.
    fn time_us(&self) -> Result<f64> {
        let path = self.path.as_c_str();
        let start = Instant::now();
        let child = posix_spawn(path, &self.actions, &self.attributes, &[path], &[c"PATH=/bin"])
            .with_context(|| format!("cannot start {}", path.to_string_lossy()))?;
        let status = waitpid(child, None)?;
        let took = start.elapsed();
        if status != WaitStatus::Exited(child, 0) {
            bail!("{}: {status:?}", path.to_string_lossy());
        }
        Ok(took.as_nanos() as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The second program is twice as slow in each round, however the machine's speed wanders.
        let medians = [vec![100.0, 300.0, 10.0], vec![200.0, 600.0, 20.0]];
        let expected =
            [Times { median_us: 100.0, ratio: 1.0 }, Times { median_us: 200.0, ratio: 2.0 }];
        assert_eq!(summarize(&medians), expected);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn programs_are_run_and_failures_told() {
        let program = |path: &str| Program::new("a", PathBuf::from(path));
        let times = measure(&[program("/bin/true"), program("/bin/true")], 3, 1).unwrap();
        assert!(times.len() == 2 && times[0].median_us > 1.0);
        assert!(measure(&[program("/bin/false")], 1, 1).is_err());
        assert!(measure(&[program("/no/such/program")], 1, 1).is_err());
    }
}
