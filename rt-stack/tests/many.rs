//! Many stacks at once, and many threads.

mod support;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

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

#[test]
fn threads_never_share_a_stack() {
    static POOL: Pool = Pool::new(32 << 10);
    static DONE: AtomicBool = AtomicBool::new(false);
    let rounds = 3000usize;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..=4usize)
            .map(|worker| {
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    for round in 0..rounds {
                        let stack = POOL.take().unwrap();
                        // SAFETY: ours.
                        unsafe { *((stack.hi - 8) as *mut usize) = worker };
                        mine.push(stack);
                        if round % 7 == 0 {
                            for stack in &mine {
                                // SAFETY: ours.
                                assert_eq!(unsafe { *((stack.hi - 8) as *const usize) }, worker);
                                assert!(POOL.find(stack.lo - 1).unwrap().in_guard);
                            }
                            POOL.put_batch(mine.drain(..mine.len() / 2));
                        } else if round % 3 == 0 {
                            mine.drain(mine.len() / 2..).for_each(|stack| POOL.put(stack));
                        }
                    }
                    POOL.put_batch(mine);
                })
            })
            .collect();
        let trimmers = [(); 2].map(|()| {
            scope.spawn(|| {
                while !DONE.load(Ordering::Relaxed) {
                    POOL.trim();
                    let used = POOL.iter_used().inspect(|stack| assert!(stack.size_bytes() > 0));
                    let _count = used.count();
                }
            })
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        DONE.store(true, Ordering::Relaxed);
        trimmers.into_iter().for_each(|trimmer| trimmer.join().unwrap());
    });
    let stats = POOL.stats();
    assert_eq!(stats.in_use, 0);
    // Every stack is in one list, once; and none is lost.
    let all = take_many(&POOL, stats.retained + stats.released);
    let distinct: HashSet<_> = all.iter().map(|stack| stack.hi).collect();
    assert_eq!(distinct.len(), all.len());
    let stats = POOL.stats();
    assert_eq!((stats.retained, stats.released), (0, 0));
    let next = POOL.take().unwrap();
    assert!(!distinct.contains(&next.hi), "the next is a fresh one");
}
