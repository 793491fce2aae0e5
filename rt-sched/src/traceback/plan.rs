//! What is shown of a failure. Go: `gotraceback`, `dopanic_m`.

use rt_os::parse::Traceback;
use rt_os::throw::Blame;

/// What is shown of the stack that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    Nothing,
    Goroutine,
    /// A thread's own stack, which runs no goroutine.
    RuntimeStack,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) struct Plan {
    pub(super) own: Own,
    /// All other goroutines too.
    pub(super) others: bool,
    /// With addresses, the runtime's functions, and the runtime's own goroutines.
    pub(super) in_detail: bool,
    /// The program ends by SIGABRT, and every thread is shown before.
    pub(super) crash: bool,
}

impl Plan {
    /// For a failure on a goroutine's stack, or on a thread's own. Pure.
    pub(super) fn new(wish: Traceback, blame: Blame, on_goroutine: bool) -> Plan {
        let is_runtimes = blame == Blame::Runtime;
        let level = if is_runtimes { 2 } else { wish.level };
        let own = match on_goroutine {
            _ if level == 0 => Own::Nothing,
            true => Own::Goroutine,
            false if level >= 2 => Own::RuntimeStack,
            false => Own::Nothing,
        };
        let all = wish.all || is_runtimes || !on_goroutine;
        Plan { own, others: all && level > 0, in_detail: level >= 2, crash: wish.crash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rt_os::parse::parse_gotraceback;

    #[test]
    fn it_shows_what_go_shows() {
        use Blame::{Panic, Program, Runtime};
        let plan = |own, others, in_detail, crash| Plan { own, others, in_detail, crash };
        let (one, all) = (Own::Goroutine, true);
        // Seen with Go 1.27: panics, deadlocks (which are found on g0), throws.
        for (wish, blame, on_goroutine, wanted) in [
            ("", Panic, true, plan(one, false, false, false)),
            ("none", Panic, true, plan(Own::Nothing, false, false, false)),
            ("all", Panic, true, plan(one, all, false, false)),
            ("system", Panic, true, plan(one, all, true, false)),
            ("crash", Panic, true, plan(one, all, true, true)),
            ("", Program, true, plan(one, false, false, false)),
            ("", Program, false, plan(Own::Nothing, all, false, false)),
            ("none", Program, false, plan(Own::Nothing, false, false, false)),
            ("system", Program, false, plan(Own::RuntimeStack, all, true, false)),
            ("", Runtime, true, plan(one, all, true, false)),
            ("none", Runtime, false, plan(Own::RuntimeStack, all, true, false)),
        ] {
            let wished = parse_gotraceback(wish.as_bytes(), false);
            assert_eq!(Plan::new(wished, blame, on_goroutine), wanted, "{wish} {blame:?}");
        }
    }
}
