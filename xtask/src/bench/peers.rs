//! The programs: which there are, and how they are built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::shell;

/// A runtime under measurement.
#[derive(Debug, PartialEq)]
pub(super) struct Peer {
    /// How tables name it.
    pub(super) name: &'static str,
    /// The file name of its program.
    program: &'static str,
    /// What its program is told besides the workload.
    pub(super) words: &'static [&'static str],
    /// The package that it is, for the version.
    package: Option<&'static str>,
}

/// All peers, ours first.
pub(super) const ALL: &[Peer] = &[
    Peer { name: OURS, program: "bench-rt", words: &[], package: None },
    Peer { name: "go", program: "bench-go", words: &[], package: None },
    Peer { name: "tokio", program: "bench-tokio", words: &[], package: Some("tokio") },
    Peer { name: "tokio-ct", program: "bench-tokio", words: &["ct=1"], package: None },
    Peer { name: "smol", program: "bench-smol", words: &[], package: Some("smol") },
    Peer { name: "may", program: "bench-may", words: &[], package: Some("may") },
    Peer {
        name: "thread",
        program: "bench-thread",
        words: &[],
        package: Some("crossbeam-channel"),
    },
    Peer { name: "epoll", program: CLIENT, words: &[], package: None },
];

/// The client of servers; also the least server.
const CLIENT: &str = "bench-load";

/// The peer that the others are compared with.
pub(super) const OURS: &str = "rt";

/// The programs that were built.
pub(super) struct Programs {
    folder: PathBuf,
    /// What was measured, with versions.
    pub(super) versions: Vec<String>,
}

impl Programs {
    /// Builds all of them. Go's is left out, with a line that says so, when there is no Go: neither
    /// in the variable `GO` nor on the path.
    ///
    /// # Errors
    /// When a build fails.
    pub(super) fn build() -> Result<Programs> {
        let target = shell::target_dir()?.join("bench");
        let sources = shell::root().join("bench");
        let mut cargo = shell::cargo(["build", "--release", "--quiet", "--manifest-path"]);
        cargo.arg(sources.join("Cargo.toml")).arg("--target-dir").arg(&target);
        shell::run(&mut cargo, Duration::from_secs(20 * 60))?;

        let folder = target.join("release");
        let lock = fs::read_to_string(sources.join("Cargo.lock")).context("bench/Cargo.lock")?;
        let mut versions = locked(&lock);
        match go() {
            Some((program, version)) => {
                build_go(&program, &sources.join("go"), &folder.join("bench-go"))?;
                versions.insert(0, version);
            }
            None => println!("no Go (`go` on the path, or the variable GO): left out"),
        }
        Ok(Programs { folder, versions })
    }

    /// The client of servers.
    pub(super) fn client(&self) -> PathBuf {
        self.folder.join(CLIENT)
    }

    /// The program of `peer`, if it was built.
    pub(super) fn path(&self, peer: &Peer) -> Option<PathBuf> {
        let path = self.folder.join(peer.program);
        path.is_file().then_some(path)
    }
}

/// The Go compiler and what it calls itself (`Go 1.27.3`).
fn go() -> Option<(PathBuf, String)> {
    let program = std::env::var_os("GO").map_or_else(|| PathBuf::from("go"), PathBuf::from);
    let output = Command::new(&program).arg("version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split(' ').find_map(|word| word.strip_prefix("go1"))?;
    Some((program, format!("Go 1{version}")))
}

fn build_go(go: &Path, sources: &Path, program: &Path) -> Result<()> {
    let mut command = Command::new(go);
    command.current_dir(sources).args(["build", "-trimpath", "-o"]).arg(program).arg(".");
    command.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
    shell::run(&mut command, Duration::from_secs(10 * 60))
}

/// The peers' packages with the versions that a Cargo.lock has for them.
fn locked(lock: &str) -> Vec<String> {
    let wanted: Vec<&str> = ALL.iter().filter_map(|peer| peer.package).collect();
    let field = |line: &str, name: &str| {
        line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"').map(str::to_owned)
    };
    let mut found = Vec::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = field(line, "name")
            && let Some(version) = lines.next().and_then(|line| field(line, "version"))
            && wanted.contains(&name.as_str())
        {
            found.push(format!("{name} {version}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock() {
        let lock = "[[package]]\nname = \"tokio\"\nversion = \"1.2.3\"\n\n[[package]]\n\
                    name = \"other\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"may\"\n\
                    version = \"0.3.9\"\n";
        assert_eq!(locked(lock), ["tokio 1.2.3", "may 0.3.9"]);
    }

    #[test]
    fn each_package_is_in_our_lock() {
        let lock = fs::read_to_string(shell::root().join("bench/Cargo.lock")).unwrap();
        let packages = ALL.iter().filter(|peer| peer.package.is_some());
        assert_eq!(locked(&lock).len(), packages.count());
    }
}
