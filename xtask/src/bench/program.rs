//! One run of one program.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// A line of output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) metric: String,
    pub(super) value: f64,
    pub(super) unit: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Figures(Vec<Figure>),
    /// The peer has nothing for this workload.
    Unsupported,
    /// Why there are no figures.
    Failed(String),
}

/// The status of a program that has nothing for the workload.
const UNSUPPORTED: i32 = 3;

/// Runs `command` for at most `limit`.
///
/// # Errors
/// When it cannot be started or read from. What it does itself is in the outcome.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Outcome> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the program")?;
    let mut output = child.stdout.take().context("no output")?;
    let mut errors = child.stderr.take().context("no errors")?;
    thread::scope(|scope| {
        let output = scope.spawn(move || read(&mut output));
        let errors = scope.spawn(move || read(&mut errors));
        let status = wait(&mut child, limit)?;
        let text = |reader: thread::ScopedJoinHandle<String>| reader.join().unwrap_or_default();
        let (output, errors) = (text(output), text(errors));
        Ok(match status {
            Some(status) => judge(status, &output, &errors),
            None => Outcome::Failed(format!("not done after {} s", limit.as_secs())),
        })
    })
}

fn read(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    // What came before an error is as good as nothing: it will not parse.
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the end of `child`. `None`: it took too long, and was killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// What a status and an output mean.
#[must_use]
fn judge(status: ExitStatus, output: &str, errors: &str) -> Outcome {
    if status.code() == Some(UNSUPPORTED) {
        return Outcome::Unsupported;
    }
    if !status.success() {
        return Outcome::Failed(format!("{status}: {}", complaint(errors)));
    }
    let figures: Option<Vec<Figure>> = output.lines().map(figure).collect();
    match figures {
        Some(figures) if !figures.is_empty() => Outcome::Figures(figures),
        _ => Outcome::Failed("no figures in its output".to_owned()),
    }
}

/// The line that says what went wrong: the first one, or a panic's message, which comes after the
/// line that says where.
fn complaint(errors: &str) -> &str {
    let mut lines = errors.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.next() {
        Some(first) if first.contains(" panicked at ") => lines.next().unwrap_or("panicked"),
        Some(first) => first,
        None => "said nothing",
    }
}

/// Reads `metric value unit`.
fn figure(line: &str) -> Option<Figure> {
    let mut words = line.split(' ');
    let metric = words.next()?.to_owned();
    let value = words.next()?.parse().ok().filter(|value: &f64| value.is_finite())?;
    let unit = words.next()?.to_owned();
    words.next().is_none().then_some(Figure { metric, value, unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Outcome {
        run(Command::new("sh").args(["-c", script]), Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn figures_are_read() {
        let expected =
            [("total", 12.5, "ms"), ("peak", 3.0, "MiB")].map(|(metric, value, unit)| Figure {
                metric: metric.to_owned(),
                value,
                unit: unit.to_owned(),
            });
        let outcome = shell("echo total 12.500 ms; echo peak 3 MiB");
        assert_eq!(outcome, Outcome::Figures(expected.into()));
    }

    #[test]
    fn other_ends_are_told_apart() {
        assert_eq!(shell("echo unsupported 0 n/a; exit 3"), Outcome::Unsupported);
        let failed = |text: &str| Outcome::Failed(text.to_owned());
        assert_eq!(shell("echo; echo bad >&2; exit 1"), failed("exit status: 1: bad"));
        assert_eq!(shell("true"), failed("no figures in its output"));
        assert_eq!(shell("echo total many ms"), failed("no figures in its output"));
        assert_eq!(shell("echo total 1 ms more"), failed("no figures in its output"));
    }

    #[test]
    fn complaints_are_found() {
        assert_eq!(complaint(""), "said nothing");
        assert_eq!(complaint("\n one\ntwo\n"), "one");
        let panic = "\nthread 'main' (7) panicked at a/b.rs:5:1:\nno memory\nnote: more\n";
        assert_eq!(complaint(panic), "no memory");
        assert_eq!(complaint("thread 'main' (7) panicked at a/b.rs:5:1:\n"), "panicked");
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let start = Instant::now();
        let outcome = run(Command::new("sleep").arg("60"), Duration::from_millis(50)).unwrap();
        assert_eq!(outcome, Outcome::Failed("not done after 0 s".to_owned()));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
