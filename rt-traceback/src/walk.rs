//! Goes from frame to frame by the descriptions that the compiler left. No memory is allocated, and
//! nothing outside the given stack is read.
//!
//! # Safety
//! - **stack**: what the caller gives as a stack is mapped and readable while it is walked. Others
//!   may write to it meanwhile: then what is found is wrong, but every address is checked.
#![allow(unsafe_code, reason = "**stack**: reads words of a stack")]

use core::ops::{ControlFlow, Range};

use gimli::UnwindTableRow;
use gimli::{CfaRule, Register, RegisterRule, UnwindContext, UnwindContextStorage, UnwindSection};
use rt_asm::registers::Registers;

use crate::program::Program;

/// No stack of ours has more frames: a walk that comes here goes round in circles.
const FRAMES_MAX: usize = 10_000_000;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where it goes on; an address.
    pub pc: usize,
    /// Its stack pointer; an address.
    pub sp: usize,
    /// The address above it: its caller's stack pointer.
    pub fp: usize,
    /// It was interrupted here, and did not call: `pc` is the instruction itself.
    pub is_exact: bool,
}

impl Frame {
    /// An address within the instruction that it stands at.
    #[must_use]
    pub fn address(&self) -> usize {
        if self.is_exact { self.pc } else { self.pc.wrapping_sub(1) }
    }
}

/// Room for what a frame description says, on the stack of who walks.
#[derive(Debug)]
struct OnStack;

impl UnwindContextStorage<usize> for OnStack {
    type Rules = [(Register, RegisterRule<usize>); 17];
    type Stack = [UnwindTableRow<usize, OnStack>; 3];
}

/// Shows `visit` each frame from `registers` on, the innermost first, until it breaks, the root is
/// reached, or the stack makes no sense. `is_exact`: the registers are those of an interruption.
///
/// # Safety
/// **stack**: `stack` is.
#[inline(never)] // see the profile: small is fast enough here
pub unsafe fn walk(
    program: &Program,
    registers: &Registers,
    is_exact: bool,
    stack: Range<usize>,
    visit: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) {
    let mut context = UnwindContext::<usize, OnStack>::new_in();
    let mut frame = State::new(registers, is_exact);
    for _ in 0..FRAMES_MAX {
        let at = frame.shown();
        let next = frame.caller(program, &mut context, &stack);
        let fp = next.as_ref().map_or(at.sp, |next| next.of[SP]);
        if visit(Frame { fp, ..at }).is_break() {
            return;
        }
        match next {
            Some(next) => frame = next,
            None => return,
        }
    }
}

/// The ABI's numbers: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15, the return address.
const BX: usize = 3;
const BP: usize = 6;
const SP: usize = 7;
const R12: usize = 12;
const PC: usize = 16;

/// The registers of a frame, as far as they are kept over calls.
#[derive(Clone, Debug)]
struct State {
    of: [usize; 17],
    is_exact: bool,
}

impl State {
    fn new(registers: &Registers, is_exact: bool) -> State {
        let mut of = [0; 17];
        (of[BX], of[BP], of[SP], of[PC]) = (registers.bx, registers.bp, registers.sp, registers.pc);
        of[R12..PC].copy_from_slice(&registers.r12_to_15);
        State { of, is_exact }
    }

    fn shown(&self) -> Frame {
        Frame { pc: self.of[PC], sp: self.of[SP], fp: 0, is_exact: self.is_exact }
    }

    /// The frame that called this one; none above the root.
    fn caller(
        &self,
        program: &Program,
        context: &mut UnwindContext<usize, OnStack>,
        stack: &Range<usize>,
    ) -> Option<State> {
        let address = self.shown().address() as u64;
        let table = program.header.table()?;
        let cie = gimli::EhFrame::cie_from_offset;
        let entry = table.fde_for_address(&program.frames, &program.bases, address, cie).ok()?;
        let interrupted = entry.is_signal_trampoline();
        let row = entry
            .unwind_info_for_address(&program.frames, &program.bases, context, address)
            .ok()?;
        let CfaRule::RegisterAndOffset { register, offset } = *row.cfa() else { return None };
        let base = *self.of.get(usize::from(register.0))?;
        let cfa = base.wrapping_add(offset as usize);
        let mut next = State { of: self.of, is_exact: interrupted };
        next.of[SP] = cfa;
        for number in [BX, BP, R12, R12 + 1, R12 + 2, R12 + 3, PC] {
            next.of[number] = match row.register(Register(number as u16)) {
                None | Some(RegisterRule::SameValue) if number != PC => self.of[number],
                Some(RegisterRule::Offset(offset)) => {
                    word(stack, cfa.wrapping_add(offset as usize))?
                }
                Some(RegisterRule::Undefined) if number != PC => 0,
                _ => return None,
            };
        }
        // The stack is left upwards, or the description is wrong.
        (next.of[PC] != 0 && cfa > self.of[SP]).then_some(next)
    }
}

/// The word at an address of the stack.
fn word(stack: &Range<usize>, at: usize) -> Option<usize> {
    let is_inside = at >= stack.start && at.checked_add(8)? <= stack.end;
    if !is_inside || !at.is_multiple_of(8) {
        return None;
    }
    // SAFETY: **stack**, checked.
    Some(unsafe { (at as *const usize).read_volatile() })
}
