//! `cargo xtask trace FILE`: a timeline of Ps, Ms and goroutines, as one HTML file that needs
//! nothing else. It reads what `Trace::write_perfetto` writes.

mod chart;
mod draw;
mod read;
mod thin;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Reads the trace in `file` and writes the page to `out`, or beside the file.
///
/// # Errors
/// When the file is no such trace, or the page cannot be written.
pub(crate) fn run(file: &Path, out: Option<PathBuf>) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let timeline = read::timeline(&text).with_context(|| file.display().to_string())?;
    let title = file.file_name().unwrap_or_default().to_string_lossy();
    let out = out.unwrap_or_else(|| file.with_extension("html"));
    std::fs::write(&out, draw::page(&timeline, &title))
        .with_context(|| out.display().to_string())?;
    println!("{}", out.display());
    Ok(())
}
