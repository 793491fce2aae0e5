//! Threads with a heap each that free each other's blocks.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::mpsc;

use rt_mem::heap::Heap;
use rt_mem::local::LocalHeap;

use crate::books::Books;

/// A block on its way to somebody else.
struct Sent(NonNull<u8>, Layout, u8);

// SAFETY: whoever has it has the block.
unsafe impl Send for Sent {}

fn fill(at: NonNull<u8>, layout: Layout, value: u8) {
    // SAFETY: the block is ours, and so long.
    unsafe { at.write_bytes(value, layout.size()) };
}

fn is_filled(at: NonNull<u8>, layout: Layout, value: u8) -> bool {
    // SAFETY: the block is ours, and so long.
    let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr(), layout.size()) };
    bytes.iter().all(|&byte| byte == value)
}

/// Allocates, keeps some, sends some to the others, frees what they sent. Its heap goes to the
/// shared one.
fn work(
    heap: &Heap<Books>,
    seed: u64,
    to: &[mpsc::SyncSender<Sent>],
    from: &mpsc::Receiver<Sent>,
    has_local: bool,
) {
    let mut local = has_local.then(LocalHeap::new);
    let mut kept: Vec<Sent> = Vec::new();
    let mut state = seed;
    for round in 0..40_000u32 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let random = (state >> 33) as usize;
        let size = if random.is_multiple_of(64) { random % 30_000 + 1 } else { random % 700 + 1 };
        let layout = Layout::from_size_align(size, 1 << (random % 7)).unwrap();
        let at = NonNull::new(heap.alloc(local.as_mut(), layout)).unwrap();
        let value = (state >> 8) as u8;
        fill(at, layout, value);
        let sent = Sent(at, layout, value);
        match to.get(random % (to.len() + 2)) {
            Some(to) => {
                if let Err(
                    mpsc::TrySendError::Full(back) | mpsc::TrySendError::Disconnected(back),
                ) = to.try_send(sent)
                {
                    kept.push(back);
                }
            }
            None => kept.push(sent),
        }
        let old = if kept.len() > 300 { Some(kept.swap_remove(random % 300)) } else { None };
        for Sent(at, layout, value) in from.try_recv().into_iter().chain(old) {
            assert!(is_filled(at, layout, value), "somebody else wrote here");
            // SAFETY: it was sent to us, or kept.
            unsafe { heap.dealloc(local.as_mut(), at, layout) };
        }
        if round % 10_000 == 9_999
            && let Some(local) = &mut local
        {
            heap.abandon(local); // as when its P is destroyed, while others free its blocks
        }
    }
    for Sent(at, layout, value) in kept {
        assert!(is_filled(at, layout, value));
        // SAFETY: kept.
        unsafe { heap.dealloc(local.as_mut(), at, layout) };
    }
    if let Some(local) = &mut local {
        heap.abandon(local);
    }
}

#[test]
fn blocks_go_round_and_all_come_back() {
    const THREADS: usize = 4;
    let heap = Heap::new(Books::default());
    let (to, from): (Vec<_>, Vec<_>) =
        (0..THREADS).map(|_| mpsc::sync_channel::<Sent>(1000)).unzip();
    let rests: Vec<_> = std::thread::scope(|scope| {
        let heap = &heap;
        let threads: Vec<_> = from
            .into_iter()
            .enumerate()
            .map(|(i, from)| {
                let to = to.clone();
                scope.spawn(move || {
                    work(heap, i as u64 + 1, &to, &from, i != 0);
                    from
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    drop(to);
    for Sent(at, layout, value) in rests.iter().flat_map(mpsc::Receiver::iter) {
        assert!(is_filled(at, layout, value));
        // SAFETY: nobody took it out of the channel before.
        unsafe { heap.dealloc(None, at, layout) };
    }
    heap.trim();
    assert_eq!(heap.stats().pages.used_bytes, 0);
    assert_eq!(heap.stats().pages.dirty_bytes, 0);
}
