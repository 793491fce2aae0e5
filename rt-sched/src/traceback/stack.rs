//! The frames of one stack, as many as are shown.

use core::ops::ControlFlow;

use arrayvec::ArrayVec;
use rt_asm::registers::Registers;
use rt_stack::bounds::Stack;
use rt_traceback::program::Program;
use rt_traceback::walk::Frame;

/// Of a deep stack so many frames are shown at each end. Go: `tracebackInnerFrames`,
/// `tracebackOuterFrames`.
pub(super) const SHOWN: usize = 50;

/// What is shown of a stack.
#[derive(Debug)]
pub(super) struct Walked {
    /// The innermost first.
    pub(super) frames: ArrayVec<Frame, { 2 * SHOWN }>,
    /// How many were left out in the middle.
    pub(super) elided: usize,
}

impl Walked {
    /// Walks a stack from `registers` on. `is_exact`: they are an interruption's.
    pub(super) fn new(
        program: Option<&Program>,
        registers: &Registers,
        is_exact: bool,
        stack: Stack,
    ) -> Walked {
        let mut walked = Walked { frames: ArrayVec::new(), elided: 0 };
        let mut count = 0;
        if let Some(program) = program {
            super::walk(program, registers, is_exact, stack, &mut |frame| {
                walked.add(count, frame);
                count += 1;
                ControlFlow::Continue(())
            });
        }
        walked.elided = count.saturating_sub(2 * SHOWN);
        walked.frames[SHOWN.min(count)..].rotate_left(walked.elided % SHOWN);
        walked
    }

    /// The outer half is a ring until all are there.
    fn add(&mut self, count: usize, frame: Frame) {
        if self.frames.try_push(frame).is_err() {
            self.frames[SHOWN + count % SHOWN] = frame;
        }
    }
}
