//! Should a thief take what it sees on a P that runs? A goroutine that moves to another core takes
//! its cache lines along, and those of the channels it uses: that pays for long turns only.

use rt_os::sys::clock::nanotime;

use crate::p::{P, PStatus};

/// How long a thief looks at a P before it decides, in steps: one or two microseconds.
const LOOK_STEPS: u32 = 100;
/// So many goroutines in a ring are worth the move however short their turns are.
const MANY: usize = 8;
/// Turns below this, in ns, are shorter than what a move costs.
const SHORT_TURN_NS: u64 = 250;

/// How a P went on while a thief looked.
struct Look {
    turns: u32,
    /// So many of them were not of goroutines that another one had just readied.
    ticks: u32,
    elapsed_ns: u64,
}

/// Watches a P; `None` when nobody runs it.
fn look(victim: &P) -> Option<Look> {
    if victim.status() != PStatus::Running {
        return None;
    }
    let (runs, tick, start) = (victim.runs(), victim.schedtick(), nanotime());
    for _ in 0..LOOK_STEPS {
        rt_asm::cpu::pause();
    }
    let turns = victim.runs().wrapping_sub(runs);
    let ticks = victim.schedtick().wrapping_sub(tick);
    Some(Look { turns, ticks, elapsed_ns: nanotime() - start })
}

/// May the lone `next` of this P be taken? Its P will run it itself, if it moves at all. Go sleeps
/// 3 µs there.
pub(crate) fn stands_still(victim: &P) -> bool {
    look(victim).is_none_or(|look| look.turns == 0)
}

/// Are these few goroutines which ready each other, in short turns? They had better stay together.
pub(crate) fn keeps_its_own(victim: &P) -> bool {
    (1..MANY).contains(&victim.runq.ring_len())
        && look(victim).is_some_and(|look| is_conversation(&look))
}

/// Were the turns short, and a fair part of them of goroutines that had just been readied? Those
/// that only yield have nothing in common, and may go where they like.
fn is_conversation(look: &Look) -> bool {
    let readied = look.turns.saturating_sub(look.ticks);
    u64::from(look.turns) * SHORT_TURN_NS > look.elapsed_ns && readied * 8 >= look.turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_turns_of_readied_goroutines() {
        let look = |turns, ticks| Look { turns, ticks, elapsed_ns: 2_000 };
        assert!(is_conversation(&look(9, 7)));
        assert!(!is_conversation(&look(8, 0)), "long turns");
        assert!(!is_conversation(&look(9, 9)), "nobody was readied");
        assert!(!is_conversation(&look(0, 0)));
    }
}
