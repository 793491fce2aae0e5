//! Scopes: goroutines that borrow from who starts them. std: the tests of `thread::scope`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::MS;
use crate::rt::chan::bounded;
use crate::rt::thread::{self, Builder};

fn borrows_and_results() {
    let numbers: Vec<usize> = (0..100).collect();
    let mut last = 0;
    let sum: usize = thread::scope(|scope| {
        let parts = numbers.chunks(9).map(|part| scope.spawn(move || part.iter().sum::<usize>()));
        let parts: Vec<_> = parts.collect();
        scope.spawn(|| last = numbers[99]);
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    assert_eq!((sum, last), (4950, 99));
}

/// Nobody joins: the scope waits, and results are gone when it is over.
fn it_waits_for_all() {
    let (ended, result) = (AtomicUsize::new(0), Arc::new(()));
    thread::scope(|scope| {
        for _ in 0..4 {
            let (ended, result) = (&ended, Arc::clone(&result));
            scope.spawn(move || {
                thread::sleep(MS);
                // From inside too, and after the first of all has ended.
                scope.spawn(move || {
                    thread::yield_now();
                    ended.fetch_add(1, Relaxed);
                });
                result
            });
        }
    });
    assert_eq!((ended.load(Relaxed), Arc::strong_count(&result)), (4, 1));
}

fn names_and_large_results() {
    thread::scope(|scope| {
        let builder = Builder::new().name("scoped".into());
        let large = [7u8; 10_000];
        let handle = builder.spawn_scoped(scope, move || (large, thread::current())).unwrap();
        assert_eq!(handle.thread().name(), Some("scoped"));
        let (large, me) = handle.join().unwrap();
        assert_eq!((large.len(), large[9_999], me.name()), (10_000, 7, Some("scoped")));
    });
}

/// Uses the stack.
fn descend(depth: usize) -> usize {
    let frame = black_box([depth; 64]);
    if depth == 0 { 0 } else { descend(depth - 1) + usize::from(frame[63] == depth) }
}

/// T2: what a goroutine borrows from its parent's stack stays where it is, however deep the parent
/// goes meanwhile.
fn a_parent_recurses() {
    const ROUNDS: usize = 50;
    let mut local = [0usize; 16];
    let (sender, receiver) = bounded(0);
    let address = local.as_ptr() as usize;
    thread::scope(|scope| {
        let theirs = &mut local;
        let child = scope.spawn(move || {
            for (round, depth) in receiver.iter().enumerate() {
                assert_eq!(theirs.as_ptr() as usize, address);
                theirs[round % 16] += depth;
            }
        });
        for depth in 1..=ROUNDS {
            assert_eq!(descend(depth * 2), depth * 2);
            sender.send(depth).unwrap();
        }
        drop(sender);
        child.join().unwrap();
    });
    assert_eq!(local.iter().sum::<usize>(), ROUNDS * (ROUNDS + 1) / 2);
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("borrows_and_results", borrows_and_results),
    ("it_waits_for_all", it_waits_for_all),
    ("names_and_large_results", names_and_large_results),
    ("a_parent_recurses", a_parent_recurses),
];
