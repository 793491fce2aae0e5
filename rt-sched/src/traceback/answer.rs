//! Registers on their way from a signal handler to another thread.

use core::sync::atomic::{AtomicUsize, Ordering};

use rt_asm::registers::Registers;

/// Words; who uses them says when they are whole.
#[derive(Debug)]
pub(super) struct Answer([AtomicUsize; 8]);

impl Answer {
    pub(super) const fn new() -> Answer {
        Answer([const { AtomicUsize::new(0) }; 8])
    }

    pub(super) fn set(&self, registers: &Registers) {
        let Registers { pc, sp, bp, bx, r12_to_15: [r12, r13, r14, r15] } = *registers;
        for (word, value) in self.0.iter().zip([pc, sp, bp, bx, r12, r13, r14, r15]) {
            word.store(value, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self) -> Registers {
        let words = self.0.each_ref().map(|word| word.load(Ordering::Relaxed));
        let [pc, sp, bp, bx, r12, r13, r14, r15] = words;
        Registers { pc, sp, bp, bx, r12_to_15: [r12, r13, r14, r15] }
    }
}
