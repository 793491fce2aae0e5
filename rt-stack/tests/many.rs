//! Many stacks at once. A process of its own: it counts the process's pages and mappings.

mod support;

use std::collections::HashSet;

use rt_stack::bounds::Stack;
use rt_stack::pool::Pool;
use support::{Probe, mappings, status_bytes};

/// Takes `count` stacks and writes one word at the top of each.
fn take_many(pool: &'static Pool, count: usize) -> Vec<Stack> {
    let mut stacks = vec![Stack::default(); count];
    for part in stacks.chunks_mut(64) {
        assert_eq!(pool.take_batch(part).unwrap(), part.len());
        for stack in part {
            // SAFETY: ours.
            unsafe { *((stack.hi - 8) as *mut usize) = stack.hi };
        }
    }
    stacks
}

#[test]
fn a_hundred_thousand_at_once_in_few_mappings() {
    static POOL: Pool = Pool::new(256 << 10);
    let (mappings_before, rss) = (mappings(), status_bytes("VmRSS"));
    let stacks = take_many(&POOL, 100_000);
    assert!(mappings() - mappings_before < 64, "{} mappings", mappings() - mappings_before);
    let grown = status_bytes("VmRSS") - rss;
    assert!(grown < 100_000 * 4300, "{} bytes a stack", grown / 100_000);
    let distinct: HashSet<_> = stacks.iter().map(|stack| stack.hi).collect();
    assert_eq!(distinct.len(), 100_000);
    let mut probe = Probe::new();
    for stack in stacks.iter().step_by(997) {
        assert!(!probe.readable(stack.lo - 1) && probe.readable(stack.lo));
        // SAFETY: ours.
        assert_eq!(unsafe { *((stack.hi - 8) as *const usize) }, stack.hi);
    }
    POOL.put_batch(stacks);
    // A burst is forgotten by halves: 17 epochs for a hundred thousand.
    let released: usize = (0..18).map(|_| POOL.trim()).sum();
    assert_eq!((released, POOL.stats().released, POOL.stats().retained), (100_000, 100_000, 0));
    assert!(status_bytes("VmRSS") < rss + (40 << 20), "the pages went back");
}
