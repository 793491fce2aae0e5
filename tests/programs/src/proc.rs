//! What the kernel says about this process.

use core::ffi::CStr;
use core::fmt::Write;

use rt_main::fs;

/// What a figure file of the process may have, in bytes.
const STATUS_MAX: usize = 8 << 10;
/// The longest path here, its zero included.
const PATH_MAX: usize = 48;

/// A figure of /proc/self/status, like `VmRSS`, in the unit it stands there.
///
/// # Panics
/// When there is no such figure.
#[must_use]
pub fn status(name: &str) -> u64 {
    let mut bytes = [0; STATUS_MAX];
    let len = read(c"/proc/self/status", &mut bytes).expect("there is a status file");
    let text = core::str::from_utf8(&bytes[..len]).expect("a status file is text");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let digits = value.expect("the figure is there").split_whitespace().next();
    digits.and_then(|digits| digits.parse().ok()).expect("a number")
}

/// Is there a thread of this number in the process, that has not ended?
#[must_use]
pub fn has_thread(tid: u32) -> bool {
    let mut path = Path { bytes: [0; PATH_MAX], len: 0 };
    write!(path, "/proc/self/task/{tid}/stat").expect("the path fits");
    let mut bytes = [0; 1024];
    let path = CStr::from_bytes_until_nul(&path.bytes).expect("the path ends");
    read(path, &mut bytes).is_some_and(|len| len > 0)
}

/// Reads the file's beginning; `None` when it cannot be opened or read.
fn read(path: &CStr, bytes: &mut [u8]) -> Option<usize> {
    let fd = fs::open(path).ok()?;
    let mut len = 0;
    let whole = loop {
        match fs::read(fd, &mut bytes[len..]) {
            Ok(0) => break Some(len),
            Ok(more) => len += more,
            Err(_) => break None,
        }
    };
    fs::close(fd);
    whole
}

struct Path {
    bytes: [u8; PATH_MAX],
    len: usize,
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes[..PATH_MAX - 1].get_mut(self.len..end).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
