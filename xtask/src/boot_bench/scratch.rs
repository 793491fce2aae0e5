//! A folder for a test's files, gone when the test is over.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::minimal::write_program;

/// The folder.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    /// A new and empty one.
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("xtask-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A program with this code. Another test's child may for a moment hold our handle on the file,
    /// which keeps it from being run; we wait until none does.
    pub(super) fn program(&self, code: &[u8]) -> PathBuf {
        let path = write_program(&self.0.join("program"), code).unwrap();
        for _ in 0..1000 {
            match Command::new(&path).status() {
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    thread::sleep(Duration::from_millis(1));
                }
                _ => break,
            }
        }
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: a leftover does no harm.
        drop(fs::remove_dir_all(&self.0));
    }
}
