//! A goroutine whose thread is stopped for a moment, in a program that goes on.

use core::fmt::{self, Write};

use rt_asm::registers::Registers;
use rt_os::print::Printer;
use rt_traceback::exe::Exe;
use rt_traceback::program::Program;
use rt_traceback::symbols::Symbols;

use super::frames::Frames;
use super::halt::Halt;
use super::header::Header;
use super::origin::Origin;
use super::stack::Walked;
use super::{UNAVAILABLE, on_large_stack, running_on};
use crate::m::M;

/// What was seen of it.
struct Sight {
    header: Header,
    origin: Origin,
    /// None where it does not stand on its stack.
    walked: Option<Walked>,
}

/// Prints the goroutine that `mp` runs, which has stayed there for `ms`, if that is `still` so when
/// its thread stands: true. By sysmon.
pub(crate) fn print_halted(halt: &mut Halt, mp: &M, ms: u64, still: &dyn Fn() -> bool) -> bool {
    let mut is_printed = false;
    on_large_stack(&mut || {
        let program = super::program();
        let see = |registers: Option<&Registers>| see(mp, registers, program.as_ref(), still);
        let sight = match halt.with(mp.procid(), |registers| see(Some(registers))) {
            Some(seen) => seen,
            None => see(None),
        };
        if let Some(sight) = sight {
            is_printed = sight.write(&mut Printer::new(2), program.as_ref(), ms).is_ok();
        }
    });
    is_printed
}

/// Looks at it, while its thread stands there. Takes no lock.
fn see(
    mp: &M,
    registers: Option<&Registers>,
    program: Option<&Program>,
    still: &dyn Fn() -> bool,
) -> Option<Sight> {
    let g = running_on(mp).filter(|_| still())?;
    let stack = g.stack.get();
    let registers = registers.filter(|registers| stack.contains(registers.sp));
    Some(Sight {
        header: Header::of(g, Some(mp), false),
        origin: Origin::of(g),
        walked: registers.map(|registers| Walked::new(program, registers, true, stack)),
    })
}

impl Sight {
    /// Here the thread goes on: names may take long, and need memory.
    fn write(&self, out: &mut dyn Write, program: Option<&Program>, ms: u64) -> fmt::Result {
        let exe = Exe::open();
        let symbols = Symbols::new(exe.as_ref(), program.map_or(0, Program::bias));
        let mut frames = Frames { program, symbols, in_detail: false };
        let goid = self.header.goid;
        write!(out, "runtime: goroutine {goid} has not left its thread for {ms} ms\n\n")?;
        write!(out, "{}", self.header)?;
        match &self.walked {
            Some(walked) => frames.write_all(out, &walked.frames, walked.elided)?,
            None => out.write_str(UNAVAILABLE)?,
        }
        frames.origin(out, self.origin)?;
        out.write_char('\n')
    }
}
