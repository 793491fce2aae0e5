//! The allocator of a whole std program: this one.

use std::cell::{Cell, UnsafeCell};
use std::collections::{BTreeMap, HashMap};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use rt_mem::global::{Current, Global};
use rt_mem::local::LocalHeap;

const SLOTS: usize = 64;

/// Local heaps, one for each thread that gets one; the rest shares.
struct Slots([UnsafeCell<LocalHeap>; SLOTS]);

// SAFETY: a slot is used by the one thread that drew its number.
unsafe impl Sync for Slots {}

static LOCALS: Slots = Slots([const { UnsafeCell::new(LocalHeap::new()) }; SLOTS]);
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<*mut LocalHeap> = const { Cell::new(null_mut()) };
}

struct Mine;

// SAFETY: a thread's own slot, lent to the call that it is in; calls do not nest.
unsafe impl Current for Mine {
    fn with<R>(f: impl FnOnce(Option<&mut LocalHeap>) -> R) -> R {
        // SAFETY: as above.
        f(unsafe { MINE.get().as_mut() })
    }
}

#[global_allocator]
static HEAP: Global<Mine> = Global::new();

/// Gives the calling thread a heap of its own, if there is one left.
fn adopt() {
    let slot = NEXT.fetch_add(1, Ordering::Relaxed);
    if let Some(local) = LOCALS.0.get(slot) {
        MINE.set(local.get());
    }
}

fn words(seed: u64) -> HashMap<String, Vec<u64>> {
    let mut map: HashMap<String, Vec<u64>> = HashMap::new();
    for i in 0..20_000u64 {
        let key = (i.wrapping_mul(seed | 1) % 997).to_string();
        map.entry(key).or_default().push(i);
    }
    map
}

#[test]
fn a_std_program_runs_on_it() {
    adopt();
    let (sender, receiver) = std::sync::mpsc::channel();
    let threads: Vec<_> = (0..6u64)
        .map(|i| {
            let sender = sender.clone();
            std::thread::spawn(move || {
                if i % 3 != 2 {
                    adopt(); // every third thread shares
                }
                for round in 0..5 {
                    sender.send((i, words(i * 5 + round))).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    let mut total = 0;
    let mut sorted = BTreeMap::new();
    for (i, map) in receiver {
        total += map.values().map(Vec::len).sum::<usize>();
        for (key, values) in map {
            assert!(values.is_sorted());
            sorted.insert((i, key), values); // drops others' memory
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(total, 6 * 5 * 20_000);
    let text: String = sorted.keys().map(|(i, key)| format!("{i}/{key} ")).collect();
    assert_eq!(text.split(' ').count() - 1, sorted.len());
    let before = HEAP.heap().stats();
    assert!(before.pages.used_bytes > 0);
    let mut big = vec![0u8; 8 << 20]; // zeroed, a mapping of its own
    assert!(HEAP.heap().stats().huge_bytes >= before.huge_bytes + (8 << 20));
    big[5 << 20] = 1;
    big.extend_from_slice(&[2; 100]);
    assert_eq!((big[5 << 20], big[8 << 20], big[(5 << 20) + 1]), (1, 2, 0));
    drop(big);
    assert_eq!(HEAP.heap().stats().huge_bytes, before.huge_bytes);
}
