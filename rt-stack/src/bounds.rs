//! A stack as a range of addresses. Go: `stack`, `stackguard0`, `stackguard1`.

/// How far above a stack's low end its guard mark lies once its thread runs, in bytes. Go:
/// `stackGuard`.
pub const STACK_GUARD: usize = 928;

/// The usable part of a stack: `lo` is its lowest byte, `hi` the first byte above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// The lowest address.
    pub lo: usize,
    /// The address above the highest.
    pub hi: usize,
}

impl Stack {
    /// Its size in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.hi - self.lo
    }

    /// Does `address` lie in it?
    #[must_use]
    pub const fn contains(&self, address: usize) -> bool {
        self.lo <= address && address < self.hi
    }

    /// Bytes left when the stack pointer is `sp`; 0 when it is below the low end.
    #[must_use]
    pub const fn room_below(&self, sp: usize) -> usize {
        sp.saturating_sub(self.lo)
    }
}

/// The two marks that Go's code compares its stack pointer with. Nothing compares here; they are
/// kept for dumps, and move as in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// Of ordinary code. Go: `stackguard0`.
    pub guard0: usize,
    /// Of the runtime's own code. Go: `stackguard1`.
    pub guard1: usize,
}

impl Guards {
    /// As the boot leaves them: at the low end.
    #[must_use]
    pub const fn at_boot(stack: Stack) -> Guards {
        Guards { guard0: stack.lo, guard1: stack.lo }
    }

    /// As mstart sets them: [`STACK_GUARD`] above the low end.
    pub const fn raise(&mut self, stack: Stack) {
        self.guard0 = stack.lo + STACK_GUARD;
        self.guard1 = stack.lo + STACK_GUARD;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range() {
        let stack = Stack { lo: 0x1000, hi: 0x3000 };
        assert_eq!(stack.size_bytes(), 0x2000);
        assert!(stack.contains(0x1000) && stack.contains(0x2fff));
        assert!(!stack.contains(0xfff) && !stack.contains(0x3000));
        assert_eq!((stack.room_below(0x1800), stack.room_below(0x1000)), (0x800, 0));
        assert_eq!(stack.room_below(0xfff), 0);
    }

    #[test]
    fn guards_move_at_mstart() {
        let stack = Stack { lo: 0x1000, hi: 0x3000 };
        let mut guards = Guards::at_boot(stack);
        assert_eq!((guards.guard0, guards.guard1), (0x1000, 0x1000));
        guards.raise(stack);
        assert_eq!((guards.guard0, guards.guard1), (0x1000 + 928, 0x1000 + 928));
    }
}
