//! The program's file: its sections, which the loader does not bring into memory. elf(5).

use rt_os::sys::file;
use rt_os::sys::mem::FileMap;

/// The file of the running program, as bytes.
#[derive(Debug)]
pub struct Exe {
    file: FileMap,
}

impl Exe {
    /// Opens it; `None` when there is no such file, or it is none we know.
    #[must_use]
    #[inline(never)]
    pub fn open() -> Option<Exe> {
        let fd = file::open(c"/proc/self/exe", file::READ_ONLY).ok()?;
        let map = file::fstat(fd).and_then(|stat| FileMap::new(fd, stat.size_bytes as usize));
        file::close(fd);
        let exe = Exe { file: map.ok()? };
        let wanted = exe.bytes().starts_with(b"\x7fELF\x02\x01");
        wanted.then_some(exe)
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.file.bytes()
    }

    /// The contents of a section; empty if it is not there, or packed.
    #[must_use]
    pub fn section(&self, name: &str) -> &[u8] {
        self.find(name).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<&[u8]> {
        let bytes = self.bytes();
        let start = usize::try_from(u64_at(bytes, 0x28)?).ok()?; // e_shoff
        let [size, count, names] = [0x3a, 0x3c, 0x3e].map(|at| u16_at(bytes, at));
        let (size, count, names) = (size? as usize, count? as usize, names? as usize);
        let header = |index: usize| bytes.get(start.checked_add(index.checked_mul(size)?)?..);
        let names = contents(bytes, header(names)?)?;
        let of_name = |header: &&[u8]| {
            let at = u32_at(header, 0).unwrap_or(u32::MAX) as usize;
            names.get(at..).and_then(c_string) == Some(name)
        };
        contents(bytes, (0..count).filter_map(header).find(of_name)?)
    }
}

/// What a section header describes.
fn contents<'a>(bytes: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    const COMPRESSED: u64 = 0x800;
    if u64_at(header, 0x08)? & COMPRESSED != 0 {
        return None;
    }
    let start = usize::try_from(u64_at(header, 0x18)?).ok()?;
    let len = usize::try_from(u64_at(header, 0x20)?).ok()?;
    bytes.get(start..start.checked_add(len)?)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The text up to the zero byte.
pub(crate) fn c_string(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    core::str::from_utf8(&bytes[..end]).ok()
}
