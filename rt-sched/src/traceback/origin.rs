//! Who has started a goroutine.

use crate::g::G;

/// Where it was started, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    gopc: u64,
    parent: u64,
}

impl Origin {
    pub(super) fn of(g: &G) -> Origin {
        Origin { gopc: g.gopc.get(), parent: g.parent_goid.get() }
    }

    /// The instruction behind the one that did it, and the goroutine's number; `None` when a thread
    /// did it or the runtime.
    pub(super) fn known(self) -> Option<(usize, u64)> {
        (self.gopc != 0 && self.parent != 0).then_some((self.gopc as usize, self.parent))
    }
}
