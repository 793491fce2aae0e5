//! Files below the root.

use alloc::vec;
use alloc::vec::Vec;

use rt_http::listing::{self, Entry, NAMES_MAX};
use rt_http::path::Path;
use rt_http::status::Status;
use rt_main::fs::{self, Errno, Fd, Kind, Stat};

/// Bytes for names that are read at once.
const NAMES_BUFFER: usize = 32 << 10;

/// An open file, closed when it is dropped.
pub(super) struct File(pub(super) Fd);

impl Drop for File {
    fn drop(&mut self) {
        fs::close(self.0);
    }
}

/// What a path leads to.
pub(super) enum Found {
    /// A file to be sent, which the path or the index of its folder names.
    File(File, Stat, Option<Path>),
    /// A folder whose path has no slash at its end.
    NoSlash,
    /// A folder to be listed.
    Folder(File),
}

/// Looks for a path.
pub(super) fn find(root: Fd, path: &Path) -> Result<Found, Status> {
    if path.is_folder() {
        let index = path.join(c"index.html");
        match open(root, &index) {
            Ok((file, stat)) if stat.kind == Kind::Regular => {
                return Ok(Found::File(file, stat, Some(index)));
            }
            Ok(_) | Err(Status::NOT_FOUND) => {}
            Err(status) => return Err(status),
        }
    }
    let (file, stat) = open(root, path)?;
    match stat.kind {
        Kind::Regular if !path.is_folder() => Ok(Found::File(file, stat, None)),
        Kind::Directory if !path.is_folder() => Ok(Found::NoSlash),
        Kind::Directory => Ok(Found::Folder(file)),
        Kind::Regular | Kind::Other => Err(Status::NOT_FOUND),
    }
}

fn open(root: Fd, path: &Path) -> Result<(File, Stat), Status> {
    let file = File(fs::open_below(root, path.as_c_str()).map_err(status_of)?);
    let stat = fs::fstat(file.0).map_err(status_of)?;
    Ok((file, stat))
}

fn status_of(error: Errno) -> Status {
    match error {
        Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::ENAMETOOLONG => Status::NOT_FOUND,
        // A socket, a device without a driver.
        Errno::ENXIO | Errno::ENODEV => Status::NOT_FOUND,
        Errno::EACCES | Errno::EPERM => Status::FORBIDDEN,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN => {
            Status::SERVICE_UNAVAILABLE
        }
        _ => Status::INTERNAL_SERVER_ERROR,
    }
}

/// The page of a folder.
pub(super) fn list(folder: &File, path: &Path) -> Result<Vec<u8>, Status> {
    let mut entries = Vec::new();
    let mut buffer = vec![0; NAMES_BUFFER];
    while entries.len() <= NAMES_MAX {
        let len = fs::read_entries(folder.0, &mut buffer).map_err(status_of)?;
        if len == 0 {
            break;
        }
        entries.extend(
            fs::Entries::of(&buffer[..len])
                .map(|entry| Entry { name: entry.name.to_vec(), is_folder: entry.is_folder }),
        );
    }
    let is_cut = entries.len() > NAMES_MAX;
    entries.truncate(NAMES_MAX);
    Ok(listing::page(path, &mut entries, is_cut))
}
