//! The least that the kernel can run: a static ELF of one segment that leaves at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where the file is mapped.
const BASE: u64 = 0x40_0000;
/// The size of the file header and of the one program header.
const HEADERS: u64 = 64 + 56;

/// `exit(0)`: `mov eax, 60; xor edi, edi; syscall`.
pub(super) const EXIT: &[u8] = &[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];

/// Writes the program into `folder` and returns its path.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    write_program(&folder.join("minimal"), EXIT)
}

/// Writes a program with this code.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_program(path: &Path, code: &[u8]) -> Result<PathBuf> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, program(code)).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(path.to_owned())
}

/// An ELF file that is entered at the first byte of `code`.
fn program(code: &[u8]) -> Vec<u8> {
    let size = HEADERS + code.len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    // ET_EXEC for x86-64, version 1; entry, program headers, no section headers.
    bytes.extend([2u16, 62].into_iter().flat_map(u16::to_le_bytes));
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([BASE + HEADERS, 64, 0].into_iter().flat_map(u64::to_le_bytes));
    bytes.extend(0u32.to_le_bytes());
    bytes.extend([64u16, 56, 1, 64, 0, 0].into_iter().flat_map(u16::to_le_bytes));
    // PT_LOAD, readable and executable: the whole file.
    bytes.extend([1u32, 5].into_iter().flat_map(u32::to_le_bytes));
    bytes.extend([0, BASE, BASE, size, size, 0x1000].into_iter().flat_map(u64::to_le_bytes));
    bytes.extend(code);
    bytes
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn it_runs_and_leaves() {
        let status = |code: &[u8]| {
            let scratch = Scratch::new();
            Command::new(scratch.program(code)).status().unwrap().code()
        };
        assert_eq!(status(EXIT), Some(0));
        let mut seven = EXIT.to_vec();
        seven.splice(5..7, [0xbf, 7, 0, 0, 0]); // mov edi, 7
        assert_eq!(status(&seven), Some(7));
    }
}
