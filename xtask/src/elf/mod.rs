//! `cargo xtask elf`: the bare program is a static ELF that owes nothing to libc.

mod checks;
mod image;
#[cfg(test)]
mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::report::{self, Finding};
use crate::shell;
use image::Image;

/// The most bytes of a stripped program: 96 KiB for the boot, `wc` and `tree`, 16 for channels,
/// select and the commands that use them, 48 for taking Ps, resizing, control groups,
/// schedtrace, metrics and reports, 72 for the frames in them: reading and naming them, 13 for
/// signals, stall reports and the places where a trace looks in, and 131 for `serve`: sockets,
/// their poller and deadlines, HTTP.
const STRIPPED_MAX: u64 = (96 + 16 + 48 + 72 + 13 + 131) * 1024;

/// Checks the program at `path`, or rt-main built for release.
///
/// # Errors
/// Names each check that failed.
pub(crate) fn run(path: Option<PathBuf>) -> Result<()> {
    let path = match path {
        Some(path) => path,
        None => shell::build_bare("rt-main", "rt-main")?,
    };
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let image = Image::parse(&bytes)?;
    let mut findings = checks::all(&image);
    findings.push(size(&path, &image));
    println!("{}", path.display());
    report::print(&findings)
}

/// The size without symbols and debug information: as `strip` leaves it, else what is loaded.
fn size(path: &Path, image: &Image<'_>) -> Finding {
    let (size, how) = match stripped(path) {
        Some(size) => (size, "stripped"),
        None => (image.loaded_bytes(), "loaded; no strip here"),
    };
    let detail =
        format!("{:.1} KiB {how}, at most {} KiB", size as f64 / 1024.0, STRIPPED_MAX / 1024);
    Finding::new("size", size <= STRIPPED_MAX, detail)
}

/// The size of a stripped copy, if binutils are here.
fn stripped(path: &Path) -> Option<u64> {
    let copy = std::env::temp_dir().join(format!("xtask-stripped-{}", std::process::id()));
    let mut command = Command::new("strip");
    let done = command.arg("-s").arg("-o").arg(&copy).arg(path).status();
    let size = fs::metadata(&copy).map(|metadata| metadata.len());
    // Best effort: the copy may not be there.
    drop(fs::remove_file(&copy));
    if done.ok()?.success() { size.ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_std_is_not_bare() {
        // Not /proc/self/exe, which to `strip` is strip.
        let path = std::env::current_exe().unwrap();
        let error = run(Some(path)).unwrap_err().to_string();
        for name in ["type", "entry", "interpreter", "dynamic", "undefined", "size"] {
            assert!(error.contains(name), "{name}: {error}");
        }
        assert!(!error.contains("machine"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_program_is_refused() {
        let error = run(Some(shell::root().join("Cargo.toml"))).unwrap_err().to_string();
        assert!(error.contains("64-bit ELF"), "{error}");
    }
}
