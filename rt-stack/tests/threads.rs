//! Many threads take from one pool and give back, while others trim it and look at it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use rt_stack::bounds::Stack;
use rt_stack::pool::Pool;

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
    let mut all = vec![Stack::default(); stats.retained + stats.released];
    assert_eq!(POOL.take_batch(&mut all), Ok(all.len()));
    let distinct: HashSet<_> = all.iter().map(|stack| stack.hi).collect();
    assert_eq!(distinct.len(), all.len());
    let stats = POOL.stats();
    assert_eq!((stats.retained, stats.released), (0, 0));
    let next = POOL.take().unwrap();
    assert!(!distinct.contains(&next.hi), "the next is a fresh one");
}
