//! What stands at an address: functions by the symbol table, files and lines by the debug
//! information, as far as the program's file has them.

use core::fmt::{self, Display, Formatter};

use crate::exe::{Exe, c_string, u16_at, u32_at, u64_at};

/// Bytes of an entry of the symbol table.
const ENTRY_BYTES: usize = 24;
/// What was found lately is kept: many goroutines stand at few places.
const KEPT: usize = 64;

/// A function's name. Displayed demangled, without the hash of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub(crate) &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", rustc_demangle::demangle(self.0))
    }
}

/// What is known of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// The function.
    pub name: Option<Name<'a>>,
    /// The file and the line.
    pub place: Option<(&'a str, u32)>,
    /// How far into the function; `None` for one that was put into the next by the compiler.
    pub offset: Option<usize>,
}

/// Looks addresses up.
#[derive(Debug)]
pub struct Symbols<'a> {
    table: &'a [u8],
    names: &'a [u8],
    bias: usize,
    /// By address: the entry's place, plus 1.
    kept: [(usize, usize); KEPT],
    #[cfg(feature = "lines")]
    lines: Option<crate::lines::Lines<'a>>,
}

impl<'a> Symbols<'a> {
    /// Those of `exe`, which was loaded with `bias`. Without a file nothing is found.
    #[must_use]
    #[inline(never)]
    pub fn new(exe: Option<&'a Exe>, bias: usize) -> Symbols<'a> {
        let section = |name| exe.map_or(&[][..], |exe| exe.section(name));
        Symbols {
            table: section(".symtab"),
            names: section(".strtab"),
            bias,
            kept: [(0, 0); KEPT],
            #[cfg(feature = "lines")]
            lines: exe.and_then(crate::lines::Lines::new),
        }
    }

    /// Calls `f` with each function at `address`, the innermost first: more than one where the
    /// compiler has put some into others.
    #[inline(never)]
    pub fn look_up(&mut self, address: usize, f: &mut dyn FnMut(Symbol<'_>)) {
        let (name, offset) = match self.function(address) {
            Some((name, start)) => (Some(Name(name)), Some(address - start)),
            None => (None, None),
        };
        #[cfg(feature = "lines")]
        if let Some(lines) = &self.lines
            && lines.look_up(address.wrapping_sub(self.bias), name, offset, f)
        {
            return;
        }
        f(Symbol { name, place: None, offset });
    }

    /// The symbol that covers an address, and where it begins.
    fn function(&mut self, address: usize) -> Option<(&'a str, usize)> {
        let at = address.wrapping_sub(self.bias) as u64;
        let place = (address ^ (address >> 6)) % KEPT;
        if self.kept[place].0 != address {
            self.kept[place] = (address, self.search(at).map_or(0, |entry| entry + 1));
        }
        let entry = self.kept[place].1.checked_sub(1)?;
        let entry = &self.table[entry * ENTRY_BYTES..];
        let name = c_string(self.names.get(u32_at(entry, 0)? as usize..)?)?;
        Some((name, self.bias.wrapping_add(u64_at(entry, 8)? as usize)))
    }

    /// The entry of the function that covers an address of the file.
    fn search(&self, at: u64) -> Option<usize> {
        const FUNCTION: u8 = 2;
        self.table.as_chunks::<ENTRY_BYTES>().0.iter().position(|entry| {
            let is_function = entry[4] & 0xf == FUNCTION && u16_at(entry, 6) != Some(0);
            let [start, len] = [8, 16].map(|at| u64_at(entry, at).unwrap_or(0));
            is_function && at.wrapping_sub(start) < len
        })
    }
}
