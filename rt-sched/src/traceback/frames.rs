//! The frames of one stack, in Go's form. Go: `traceback1`, `traceback2`, `showframe`.

use core::fmt::{self, Write};

use rt_asm::registers::Registers;
use rt_stack::bounds::Stack;
use rt_traceback::hidden::{is_runtimes, is_way_in};
use rt_traceback::program::Program;
use rt_traceback::symbols::{Symbol, Symbols};
use rt_traceback::walk::Frame;

use super::origin::Origin;
use super::stack::{SHOWN, Walked};

/// Writes frames.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    pub(super) program: Option<&'a Program>,
    pub(super) symbols: Symbols<'a>,
    pub(super) in_detail: bool,
}

impl Frames<'_> {
    /// Writes those of a stack from `registers` on. `is_exact`: they are an interruption's.
    pub(super) fn write(
        &mut self,
        out: &mut dyn Write,
        registers: &Registers,
        is_exact: bool,
        stack: Stack,
    ) -> fmt::Result {
        let walked = Walked::new(self.program, registers, is_exact, stack);
        self.write_all(out, &walked.frames, walked.elided)
    }

    /// Writes frames, and how many are left out in the middle.
    #[inline(never)] // one copy
    pub(super) fn write_all(
        &mut self,
        out: &mut dyn Write,
        frames: &[Frame],
        elided: usize,
    ) -> fmt::Result {
        let (inner, outer) = frames.split_at(frames.len().min(SHOWN));
        inner.iter().try_for_each(|frame| self.frame(out, frame))?;
        if elided > 0 {
            writeln!(out, "...{elided} frames elided...")?;
        }
        outer.iter().try_for_each(|frame| self.frame(out, frame))
    }

    fn frame(&mut self, out: &mut dyn Write, frame: &Frame) -> fmt::Result {
        let (in_detail, mut result) = (self.in_detail, Ok(()));
        self.symbols.look_up(frame.address(), &mut |symbol| {
            if result.is_ok() && (in_detail || !is_runtimes(&symbol)) {
                result = one(out, &symbol, frame, in_detail);
            }
        });
        result
    }

    /// Writes who has started a goroutine, if that is known.
    pub(super) fn origin(&mut self, out: &mut dyn Write, origin: Origin) -> fmt::Result {
        let Some((gopc, parent)) = origin.known() else { return Ok(()) };
        let (mut is_written, mut result) = (false, Ok(()));
        self.symbols.look_up(gopc - 1, &mut |symbol| {
            let is_last = symbol.offset.is_some();
            let (Some(name), false) = (symbol.name, is_written) else { return };
            if is_last || !is_way_in(&symbol) {
                is_written = true;
                result = writeln!(out, "created by {name} in goroutine {parent}")
                    .and_then(|()| place(out, &symbol))
                    .and_then(|()| out.write_char('\n'));
            }
        });
        if !is_written {
            result = writeln!(out, "created by ? in goroutine {parent}\n\t?:0 pc={gopc:#x}");
        }
        result
    }
}

/// Writes a function and where it stands.
fn one(out: &mut dyn Write, symbol: &Symbol<'_>, frame: &Frame, in_detail: bool) -> fmt::Result {
    match symbol.name {
        Some(name) => writeln!(out, "{name}(...)")?,
        None => out.write_str("?(...)\n")?,
    }
    place(out, symbol)?;
    let is_real = symbol.offset.is_some() || symbol.name.is_none();
    if in_detail && is_real {
        write!(out, " fp={:#x} sp={:#x}", frame.fp, frame.sp)?;
    }
    if is_real && (in_detail || symbol.name.is_none()) {
        write!(out, " pc={:#x}", frame.pc)?;
    }
    out.write_char('\n')
}

fn place(out: &mut dyn Write, symbol: &Symbol<'_>) -> fmt::Result {
    let (file, line) = symbol.place.unwrap_or(("?", 0));
    write!(out, "\t{file}:{line}")?;
    symbol.offset.map_or(Ok(()), |offset| write!(out, " +{offset:#x}"))
}
