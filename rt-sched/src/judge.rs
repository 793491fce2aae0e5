//! Who loses its P? Go: `retake`'s conditions.

/// How long a goroutine has its P for itself, in ns. Go: `forcePreemptNS`.
pub(crate) const SLICE_NS: u64 = 10_000_000;
/// How long a thread that is blocked keeps a P that others wait for, at least, in ns.
const BLOCKED_NS: u64 = 20_000;

/// What is known of a P whose thread is in user code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// How long one goroutine has had it, in ns.
    pub(crate) held_ns: u64,
    /// The goroutine says that it blocks.
    pub(crate) says_so: bool,
    /// Others wait for a P, and none idles.
    pub(crate) is_wanted: bool,
    /// One more may run on without a P.
    pub(crate) may_detach: bool,
}

/// What becomes of the P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a P that is taken must be asked for"]
pub(crate) enum Decision {
    Keeps,
    /// Its thread needs no CPU.
    LosesBlocked,
    /// Its thread computes on beside the others.
    LosesBusy,
}

/// Decides. Pure, but for the question whether the thread is blocked, asked only when it matters.
pub(crate) fn judge(sight: Sight, is_blocked: impl FnOnce() -> bool) -> Decision {
    if sight.held_ns < BLOCKED_NS {
        return Decision::Keeps;
    }
    let is_over = sight.held_ns >= SLICE_NS;
    if (sight.is_wanted || is_over) && (sight.says_so || is_blocked()) {
        return Decision::LosesBlocked;
    }
    if is_over && sight.may_detach { Decision::LosesBusy } else { Decision::Keeps }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Sight = Sight { held_ns: 0, says_so: false, is_wanted: false, may_detach: true };

    fn with(sight: Sight, held_ns: u64, is_blocked: bool) -> Decision {
        judge(Sight { held_ns, ..sight }, || is_blocked)
    }

    #[test]
    fn nobody_loses_a_p_at_once() {
        let wanted = Sight { is_wanted: true, says_so: true, ..CALM };
        assert_eq!(with(wanted, BLOCKED_NS - 1, true), Decision::Keeps);
        assert_eq!(with(wanted, BLOCKED_NS, true), Decision::LosesBlocked);
    }

    #[test]
    fn who_is_blocked_gives_way_to_others_only() {
        assert_eq!(with(CALM, SLICE_NS - 1, true), Decision::Keeps);
        let wanted = Sight { is_wanted: true, ..CALM };
        assert_eq!(with(wanted, BLOCKED_NS, true), Decision::LosesBlocked);
        assert_eq!(with(wanted, BLOCKED_NS, false), Decision::Keeps);
        let wanted = Sight { says_so: true, ..wanted };
        assert_eq!(with(wanted, BLOCKED_NS, false), Decision::LosesBlocked);
    }

    #[test]
    fn who_computes_has_a_time_slice() {
        assert_eq!(with(CALM, SLICE_NS - 1, false), Decision::Keeps);
        assert_eq!(with(CALM, SLICE_NS, false), Decision::LosesBusy);
        let full = Sight { may_detach: false, ..CALM };
        assert_eq!(with(full, 10 * SLICE_NS, false), Decision::Keeps);
        assert_eq!(with(full, SLICE_NS, true), Decision::LosesBlocked);
    }
}
