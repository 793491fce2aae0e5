//! Small ELF files, made by hand, for the checks' own tests.

use object::elf;

/// Where the text is mapped, and at which offset it is in the file.
const BASE: u64 = 0x40_0000;
const TEXT_OFFSET: u64 = 0x400;

/// What a file shall contain.
pub(super) struct Synthetic {
    pub(super) kind: u16,
    pub(super) machine: u16,
    pub(super) entry: u64,
    /// Bytes at the entry.
    pub(super) text: Vec<u8>,
    /// Name, address and size; address 0 makes it undefined.
    pub(super) symbols: Vec<(&'static str, u64, u64)>,
    /// The name of the note section.
    pub(super) note: &'static str,
    /// Whether there is a section of relocations for a loader.
    pub(super) relocations: bool,
    /// Type, flags and size of segments besides the text.
    segments: Vec<(u32, u32, u64)>,
}

impl Synthetic {
    /// A file that passes all checks.
    pub(super) fn good() -> Self {
        let entry = BASE + TEXT_OFFSET;
        let version = b"rt 1.2.3";
        Self {
            kind: elf::ET_EXEC,
            machine: elf::EM_X86_64,
            entry,
            text: [b"\xf4\x90\x90\x90\x90\x90\x90\x90".as_slice(), version].concat(),
            symbols: vec![
                ("_rt0_amd64", entry, 8),
                ("RT_BUILD_VERSION", entry + 8, version.len() as u64),
            ],
            note: ".note.rt",
            relocations: false,
            segments: Vec::new(),
        }
    }

    /// Adds a segment over the text.
    pub(super) fn segment(&mut self, kind: u32, flags: u32, size: u64) {
        self.segments.push((kind, flags, size));
    }

    /// The file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let text = (TEXT_OFFSET, self.text.len() as u64);
        let mut segments = vec![(elf::PT_LOAD, elf::PF_R | elf::PF_X, text.1)];
        segments.extend(&self.segments);
        let (names, symbols) = self.symbol_table();
        let names_at = text.0 + text.1;
        let symbols_at = names_at + names.len() as u64;
        let sections_at = symbols_at + symbols.len() as u64;
        let section_names = format!("\0.text\0{}\0.rela.dyn\0.symtab\0.strtab\0", self.note);
        let name = |wanted: &str| section_names.find(wanted).unwrap_or(0) as u32;
        let all = elf::SHF_ALLOC;
        let rela = if self.relocations { elf::SHT_RELA } else { elf::SHT_PROGBITS };
        let sections = [
            section([0, elf::SHT_NULL, 0, 0], 0, 0, 0),
            section([name(".text"), elf::SHT_PROGBITS, all, 0], text.0, text.1, 0),
            section([name(self.note), elf::SHT_PROGBITS, all, 0], text.0, 8, 0),
            section([name(".rela.dyn"), rela, all, 0], text.0, 24, 24),
            section([name(".symtab"), elf::SHT_SYMTAB, 0, 5], symbols_at, symbols.len() as u64, 24),
            section([name(".strtab"), elf::SHT_STRTAB, 0, 0], names_at, names.len() as u64, 0),
            section(
                [name(".strtab"), elf::SHT_STRTAB, 0, 0],
                sections_at + 7 * 64,
                section_names.len() as u64,
                0,
            ),
        ];
        let mut bytes = self.header(segments.len() as u16, sections_at, sections.len() as u16);
        for (kind, flags, size) in segments {
            let words = [text.0, BASE + text.0, BASE + text.0, size, size, 1];
            bytes.extend(kind.to_le_bytes());
            bytes.extend(flags.to_le_bytes());
            bytes.extend(words.into_iter().flat_map(u64::to_le_bytes));
        }
        bytes.resize(TEXT_OFFSET as usize, 0);
        bytes.extend([self.text.as_slice(), &names, &symbols, &sections.concat()].concat());
        bytes.extend(section_names.into_bytes());
        bytes
    }

    fn header(&self, segments: u16, sections_at: u64, sections: u16) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend(self.kind.to_le_bytes());
        bytes.extend(self.machine.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend([self.entry, 64, sections_at].into_iter().flat_map(u64::to_le_bytes));
        bytes.extend(0u32.to_le_bytes());
        let halves = [64, 56, segments, 64, sections, sections - 1];
        bytes.extend(halves.into_iter().flat_map(u16::to_le_bytes));
        bytes
    }

    /// The names, and the table that refers to them.
    fn symbol_table(&self) -> (Vec<u8>, Vec<u8>) {
        let mut names = vec![0];
        let mut table = vec![0; 24];
        for (name, address, size) in &self.symbols {
            table.extend((names.len() as u32).to_le_bytes());
            table.extend([elf::STB_GLOBAL << 4, 0]);
            table.extend(u16::from(*address != 0).to_le_bytes());
            table.extend(address.to_le_bytes());
            table.extend(size.to_le_bytes());
            names.extend(name.as_bytes());
            names.push(0);
        }
        (names, table)
    }
}

/// A section header from name, type, flags and link, then offset, size and entry size.
fn section(head: [u32; 4], offset: u64, size: u64, entry_size: u64) -> Vec<u8> {
    let [name, kind, flags, link] = head;
    let mut bytes = [name.to_le_bytes(), kind.to_le_bytes()].concat();
    let address = if flags == 0 { 0 } else { BASE + offset };
    bytes.extend([u64::from(flags), address, offset, size].into_iter().flat_map(u64::to_le_bytes));
    bytes.extend(link.to_le_bytes());
    bytes.extend(u32::from(kind == elf::SHT_SYMTAB).to_le_bytes());
    bytes.extend([1, entry_size].into_iter().flat_map(u64::to_le_bytes));
    bytes
}
