//! The program in memory: where it was loaded, and the frame descriptions that it carries. elf(5).
//!
//! # Safety
//! - **loaded**: the program headers that the kernel told of describe what is mapped, readable, for
//!   the life of the process.
#![allow(unsafe_code, reason = "**loaded**: the program as bytes")]

use core::ops::Range;

use gimli::{BaseAddresses, EhFrame, EhFrameHdr, EndianSlice, LittleEndian, ParsedEhFrameHdr};

pub(crate) type Bytes = EndianSlice<'static, LittleEndian>;

/// Where the frame descriptions of the running program are.
#[derive(Debug)]
pub struct Program {
    /// What was added to the addresses in the file.
    bias: usize,
    pub(crate) bases: BaseAddresses,
    pub(crate) header: ParsedEhFrameHdr<Bytes>,
    pub(crate) frames: EhFrame<Bytes>,
}

impl Program {
    /// The program with `count` program headers at the address `headers`, as the kernel has told
    /// (AT_PHDR, AT_PHNUM); `None` when it has no frame descriptions.
    ///
    /// # Safety
    /// **loaded**.
    #[must_use]
    pub unsafe fn new(headers_at: usize, count: usize) -> Option<Program> {
        if headers_at == 0 {
            return None;
        }
        // SAFETY: **loaded**.
        let headers =
            unsafe { core::slice::from_raw_parts(headers_at as *const libc::Elf64_Phdr, count) };
        let own = headers.iter().find(|header| header.p_type == libc::PT_PHDR)?;
        let bias = headers_at.wrapping_sub(own.p_vaddr as usize);
        let eh = headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?;
        let at = bias.wrapping_add(eh.p_vaddr as usize);
        let slice = |start: usize| {
            let segment = segments(headers, bias).find(|segment| segment.contains(&start))?;
            Some(bytes(start..segment.end))
        };
        let bases = BaseAddresses::default().set_eh_frame_hdr(at as u64);
        let header = EhFrameHdr::new(slice(at)?, LittleEndian).parse(&bases, 8).ok()?;
        let gimli::Pointer::Direct(frames) = header.eh_frame_ptr() else { return None };
        let bases = bases.set_eh_frame(frames);
        let frames = EhFrame::new(slice(usize::try_from(frames).ok()?)?, LittleEndian);
        Some(Program { bias, bases, header, frames })
    }

    /// What was added to the addresses in the file when it was loaded.
    #[must_use]
    pub fn bias(&self) -> usize {
        self.bias
    }
}

/// What is mapped of the program's file, and can be read.
fn segments(headers: &[libc::Elf64_Phdr], bias: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let loaded = headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_R != 0);
    loaded.map(move |header| {
        let start = bias.wrapping_add(header.p_vaddr as usize);
        start..start + header.p_filesz as usize
    })
}

fn bytes(range: Range<usize>) -> &'static [u8] {
    // SAFETY: **loaded**: within a segment.
    unsafe { core::slice::from_raw_parts(range.start as *const u8, range.len()) }
}
