//! Running other programs, cargo above all.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}

/// The folder that cargo builds into.
///
/// # Errors
/// When `cargo metadata` fails.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// A cargo command that runs in the workspace's folder.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    // Set by `cargo run` for xtask itself; they would rebuild what reads them.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME"] {
        command.env_remove(name);
    }
    command
}

/// Runs `command` to its end, its output going where ours goes.
///
/// # Errors
/// When it cannot start, fails, or is not done after `limit`; it is killed then, with its children.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<()> {
    let text = show(command);
    let mut child = command.spawn().with_context(|| format!("cannot start {text}"))?;
    finish(&text, &mut child, limit, |_| ())
}

/// Runs a program that shows its goroutines at SIGQUIT, as [`run`] does; so a hang tells where.
///
/// # Errors
/// As [`run`]; with the last line of its output.
pub(crate) fn run_watched(command: &mut Command, limit: Duration) -> Result<()> {
    let text = show(command);
    let mut output = tempfile::tempfile().context("no file for the output")?;
    command.stdout(output.try_clone()?);
    let mut child = command.spawn().with_context(|| format!("cannot start {text}"))?;
    finish(&text, &mut child, limit, ask).with_context(|| {
        let mut all = String::new();
        let read = output.rewind().and_then(|()| output.read_to_string(&mut all));
        let last = all.lines().next_back().filter(|_| read.is_ok()).unwrap_or("nothing");
        format!("the last that it printed: {last}")
    })
}

/// Has a program show its goroutines, and waits a while for it to end by that.
fn ask(child: &mut Child) {
    let Ok(id) = i32::try_from(child.id()) else { return };
    let _ = kill(Pid::from_raw(id), Signal::SIGQUIT);
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `command` as [`run`] does, with its output going to `out`, and returns what `count` makes
/// of the lines, added up.
///
/// # Errors
/// As [`run`], and when the output is not text.
pub(crate) fn run_counting(
    command: &mut Command,
    limit: Duration,
    out: &mut (impl Write + Send),
    count: fn(&str) -> u32,
) -> Result<u32> {
    let text = show(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {text}"))?;
    let output = child.stdout.take().context("no output to read")?;
    let copy = || -> Result<u32> {
        let mut sum = 0;
        for line in BufReader::new(output).lines() {
            let line = line?;
            sum += count(&line);
            writeln!(out, "{line}")?;
        }
        Ok(sum)
    };
    thread::scope(|scope| {
        let reader = scope.spawn(copy);
        let done = finish(&text, &mut child, limit, |_| ());
        let sum = reader.join().unwrap_or_else(|_| bail!("{text}: its output was lost"));
        done.and(sum)
    })
}

/// Builds one of the bare packages in an invocation of its own, so that nothing of a std program is
/// unified into it, and without features, and returns the path of its binary `bin`.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_bare(package: &str, bin: &str) -> Result<PathBuf> {
    let mut command = cargo(["build", "--release", "--quiet", "--no-default-features"]);
    command.args(["-p", package, "--bin", bin]);
    run(&mut command, Duration::from_secs(600))?;
    Ok(target_dir()?.join("release").join(bin))
}

/// The command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy();
    let mut text = name.into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// Waits until `child`, which is the command `text`, is done. After `limit`, `last_words` may ask
/// it; then it is killed.
fn finish(
    text: &str,
    child: &mut Child,
    limit: Duration,
    last_words: impl FnOnce(&mut Child),
) -> Result<()> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("{text}: {status}"),
            None if Instant::now() >= end => {
                last_words(child);
                if child.try_wait()?.is_none() {
                    kill_tree(child.id());
                    child.wait()?;
                }
                bail!("{text}: not done after {} s", limit.as_secs());
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Kills a process and all that it started. What is gone already is passed over.
fn kill_tree(process: u32) {
    let Ok(id) = i32::try_from(process) else { return };
    // Stopped first, so that it starts no more.
    let _ = kill(Pid::from_raw(id), Signal::SIGSTOP);
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    for thread in threads {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.split_whitespace().filter_map(|child| child.parse().ok()).for_each(kill_tree);
    }
    let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_of_a_command_is_reported() {
        let limit = Duration::from_secs(60);
        assert!(run(&mut Command::new("true"), limit).is_ok());
        let error = run(&mut Command::new("false"), limit).unwrap_err().to_string();
        assert!(error.starts_with("false: exit status: 1"), "{error}");
        let error = run(Command::new("sleep").arg("60"), Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), "sleep 60: not done after 0 s");
    }

    #[test]
    fn who_takes_too_long_is_asked_first() {
        // A shell cannot trap what it was told to ignore, as those in the background are.
        let mut command = Command::new("env");
        let script = "trap 'echo asked; exit' QUIT; echo begun; while :; do sleep 0.01; done";
        command.args(["--default-signal=QUIT", "sh", "-c", script]);
        let error = run_watched(&mut command, Duration::from_secs(2)).unwrap_err();
        assert_eq!(error.to_string(), "the last that it printed: asked");
        assert!(run_watched(Command::new("echo").arg("a"), Duration::from_secs(9)).is_ok());
    }

    #[test]
    fn what_takes_too_long_is_killed_with_its_children() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 61.625 & sleep 61.625 & wait"]);
        let mut out = Vec::new();
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        // The pipe to us is open for as long as any of them is alive.
        assert!(run_counting(&mut command, limit, &mut out, |_| 1).is_err());
        let sum =
            run_counting(Command::new("echo").arg("a\nb"), Duration::from_secs(9), &mut out, |_| 1);
        assert_eq!((sum.unwrap(), out.as_slice()), (2, b"a\nb\n".as_slice()));
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
