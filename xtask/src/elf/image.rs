//! An ELF file, with the questions that the checks ask.

use anyhow::{Context, Result};
use object::elf::{self, FileHeader64};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol};

/// A parsed file.
pub(super) struct Image<'a> {
    file: ElfFile64<'a, Endianness>,
    header: &'a FileHeader64<Endianness>,
    endian: Endianness,
}

/// What the kernel is told to map, or to know.
pub(super) struct Segment<'a> {
    /// `PT_…`.
    pub(super) kind: u32,
    /// `PF_…`, combined.
    pub(super) flags: u32,
    /// Where it begins in memory.
    pub(super) address: u64,
    /// How many bytes it has in memory.
    pub(super) size: u64,
    /// Its bytes in the file.
    pub(super) bytes: &'a [u8],
}

/// A name in the symbol table.
pub(super) struct Symbol<'a> {
    pub(super) name: &'a str,
    pub(super) address: u64,
    pub(super) size: u64,
    /// Named, but not in this file.
    pub(super) undefined: bool,
}

impl<'a> Image<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// When the bytes are not a 64-bit ELF file.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let file = ElfFile64::parse(bytes).context("not a 64-bit ELF file")?;
        let header = file.elf_header();
        let endian = file.endian();
        Ok(Self { file, header, endian })
    }

    /// `ET_…`.
    pub(super) fn kind(&self) -> u16 {
        self.header.e_type(self.endian)
    }

    /// `EM_…`.
    pub(super) fn machine(&self) -> u16 {
        self.header.e_machine(self.endian)
    }

    /// The address of the first instruction.
    pub(super) fn entry(&self) -> u64 {
        self.header.e_entry(self.endian)
    }

    /// All segments.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.file.elf_program_headers().iter().map(|header| Segment {
            kind: header.p_type(self.endian),
            flags: header.p_flags(self.endian),
            address: header.p_vaddr(self.endian),
            size: header.p_memsz(self.endian),
            bytes: header.data(self.endian, self.file.data()).unwrap_or_default(),
        })
    }

    /// The symbols that have a name.
    pub(super) fn symbols(&self) -> impl Iterator<Item = Symbol<'a>> + '_ {
        self.file.symbols().filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            let (address, size) = (symbol.address(), symbol.size());
            Some(Symbol { name, address, size, undefined: symbol.is_undefined() })
        })
    }

    /// The names of all sections, each with whether it holds relocations for a loader.
    pub(super) fn sections(&self) -> impl Iterator<Item = (String, bool)> + '_ {
        self.file.sections().map(|section| {
            let header = section.elf_section_header();
            let kind = header.sh_type(self.endian);
            let relocates = kind == elf::SHT_REL || kind == elf::SHT_RELA || kind == elf::SHT_RELR;
            let loaded = header.sh_flags(self.endian) & u64::from(elf::SHF_ALLOC) != 0;
            let filled = section.size() > 0;
            let name = section.name().unwrap_or("(without a name)").to_owned();
            (name, relocates && loaded && filled)
        })
    }

    /// `size` bytes of the memory image at `address`, as far as they come from the file.
    pub(super) fn memory(&self, address: u64, size: u64) -> Option<&'a [u8]> {
        let loads = self.segments().filter(|segment| segment.kind == elf::PT_LOAD);
        loads.into_iter().find_map(|segment| {
            let from = usize::try_from(address.checked_sub(segment.address)?).ok()?;
            segment.bytes.get(from..from.checked_add(usize::try_from(size).ok()?)?)
        })
    }

    /// The file bytes of all loaded segments together.
    pub(super) fn loaded_bytes(&self) -> u64 {
        let loads = self.segments().filter(|segment| segment.kind == elf::PT_LOAD);
        loads.map(|segment| segment.bytes.len() as u64).sum()
    }
}
