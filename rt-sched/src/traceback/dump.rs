//! All goroutines of a program that goes on. Go: `runtime.Stack(buf, true)`.
//!
//! The world stands while the stacks are walked, and goes again before functions are named: that
//! may take long.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use rt_asm::registers::Registers;
use rt_traceback::exe::Exe;
use rt_traceback::program::Program;
use rt_traceback::symbols::Symbols;
use rt_traceback::walk::Frame;

use super::frames::Frames;
use super::header::Header;
use super::origin::Origin;
use super::stack::Walked;
use super::{context_of, current_m, is_shown, is_unavailable, runs_on};
use crate::current::running;
use crate::g::G;
use crate::sched::Sched;
use crate::world::StoppedWorld;

/// A goroutine as it stood.
#[derive(Debug)]
struct Taken {
    header: Header,
    origin: Origin,
    is_unavailable: bool,
    /// Its frames end here, in the common list.
    frames_end: usize,
    elided: usize,
}

/// All of them.
#[derive(Debug, Default)]
struct Dump {
    goroutines: Vec<Taken>,
    frames: Vec<Frame>,
}

/// Writes the goroutines of `sched`, the caller's first, with what they wait for and where they
/// stand. A goroutine that is just running on another thread has no stack to show. Go:
/// `runtime.Stack(buf, true)`.
///
/// The world stands for some µs and about one more for each goroutine, if the caller is a goroutine
/// that may change its thread; otherwise what is shown of others is a glimpse.
///
/// # Errors
/// What `out` says.
pub fn dump(sched: &'static Sched, out: &mut dyn Write) -> fmt::Result {
    let program = super::program();
    let dump = take(sched, program.as_ref(), &Registers::here());
    dump.write(program.as_ref(), out)
}

fn take(sched: &'static Sched, program: Option<&Program>, here: &Registers) -> Dump {
    let me = running();
    let may_stop = crate::world::is_goroutine() && !sched.is_pinned();
    let stopped = may_stop.then(|| StoppedWorld::stop(sched));
    let mut dump = Dump::default();
    if let Some(g) = me {
        let walked = Walked::new(program, here, false, g.stack.get());
        dump.add(g, Header::of(g, current_m(), false), Some(&walked));
    }
    sched.for_each_g(&mut |g| {
        let is_me = me.is_some_and(|me| core::ptr::eq(me, g));
        if is_me || !is_shown(g, false) {
            return;
        }
        let header = Header::of(g, runs_on(g), false);
        if is_unavailable(g, &header) {
            return dump.add(g, header, None);
        }
        let walked = Walked::new(program, &context_of(g), false, g.stack.get());
        dump.add(g, header, Some(&walked));
    });
    drop(stopped);
    dump
}

impl Dump {
    fn add(&mut self, g: &G, header: Header, walked: Option<&Walked>) {
        self.frames.extend(walked.iter().flat_map(|walked| &walked.frames));
        self.goroutines.push(Taken {
            header,
            origin: Origin::of(g),
            is_unavailable: walked.is_none(),
            frames_end: self.frames.len(),
            elided: walked.map_or(0, |walked| walked.elided),
        });
    }

    fn write(&self, program: Option<&Program>, out: &mut dyn Write) -> fmt::Result {
        let exe = Exe::open();
        let symbols = Symbols::new(exe.as_ref(), program.map_or(0, Program::bias));
        let mut frames = Frames { program, symbols, in_detail: false };
        let mut start = 0;
        for (index, taken) in self.goroutines.iter().enumerate() {
            if index > 0 {
                out.write_char('\n')?;
            }
            write!(out, "{}", taken.header)?;
            if taken.is_unavailable {
                out.write_str(super::UNAVAILABLE)?;
            }
            let shown = &self.frames[start..taken.frames_end];
            frames.write_all(out, shown, taken.elided)?;
            start = taken.frames_end;
            frames.origin(out, taken.origin)?;
        }
        Ok(())
    }
}
