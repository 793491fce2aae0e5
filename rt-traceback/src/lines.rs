//! Files, lines and inlined functions, by the debug information.

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use addr2line::{Context, LookupResult};

use crate::exe::Exe;
use crate::symbols::{Name, Symbol};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// The debug information of a program.
pub(crate) struct Lines<'a>(Context<Bytes<'a>>);

impl core::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl<'a> Lines<'a> {
    /// That of `exe`, if it has any.
    pub(crate) fn new(exe: &'a Exe) -> Option<Lines<'a>> {
        let section = |id: SectionId| EndianSlice::new(exe.section(id.name()), LittleEndian);
        let load = |id| Ok::<_, addr2line::gimli::Error>(section(id));
        let dwarf = Dwarf::load(load).ok()?;
        Context::from_dwarf(dwarf).ok().map(Lines)
    }

    /// As [`crate::symbols::Symbols::look_up`], for an address of the file; `function` and `offset`
    /// are what the symbol table says. False if nothing is found.
    pub(crate) fn look_up(
        &self,
        at: usize,
        function: Option<Name<'_>>,
        offset: Option<usize>,
        f: &mut dyn FnMut(Symbol<'_>),
    ) -> bool {
        let LookupResult::Output(Ok(mut frames)) = self.0.find_frames(at as u64) else {
            return false;
        };
        let mut before = None;
        while let Ok(Some(frame)) = frames.next() {
            if let Some(before) = before.replace(frame) {
                show(&before, None, None, f);
            }
        }
        match before {
            Some(outermost) => show(&outermost, function, offset, f),
            None => return false,
        }
        true
    }
}

fn show(
    frame: &addr2line::Frame<'_, Bytes<'_>>,
    function: Option<Name<'_>>,
    offset: Option<usize>,
    f: &mut dyn FnMut(Symbol<'_>),
) {
    let raw = frame.function.as_ref().and_then(|function| function.raw_name().ok());
    // The symbol table's has the whole path.
    let name = function.or(raw.as_deref().map(Name));
    let location = frame.location.as_ref();
    let place = location.and_then(|location| Some((location.file?, location.line.unwrap_or(0))));
    f(Symbol { name, place, offset });
}
