//! Single facts: no memory, boot cost, what is resized in place, what is given back.

use std::alloc::Layout;
use std::ptr::NonNull;

use rt_mem::heap::Heap;
use rt_mem::local::LocalHeap;

use crate::books::Books;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

fn take(heap: &Heap<Books>, local: &mut LocalHeap, size: usize) -> Option<NonNull<u8>> {
    NonNull::new(heap.alloc(Some(local), layout(size)))
}

fn give(heap: &Heap<Books>, local: &mut LocalHeap, at: NonNull<u8>, size: usize) {
    // SAFETY: each test gives back what it took, once.
    unsafe { heap.dealloc(Some(local), at, layout(size)) };
}

#[test]
fn nothing_is_mapped_before_the_first_use() {
    let heap = Heap::new(Books::default());
    assert_eq!(heap.source().mapped_bytes(), 0);
    let mut local = LocalHeap::new();
    local.collect(&heap);
    heap.abandon(&mut local);
    heap.trim();
    assert_eq!(heap.source().mapped_bytes(), 0);
    take(&heap, &mut local, 24).unwrap();
    assert!(heap.source().mapped_bytes() < 2 << 20, "no huge page at the first touch");
    assert_eq!(heap.stats().pages.used_bytes, 64 << 10);
    assert!(size_of::<LocalHeap>() <= 512);
}

#[test]
fn without_memory_the_answer_is_null_and_the_heap_lives_on() {
    let heap = Heap::new(Books::default());
    let mut local = LocalHeap::new();
    heap.source().set_empty(true);
    for size in [1, 8192, 9000, 600 << 10, 3 << 20] {
        assert_eq!(take(&heap, &mut local, size), None, "{size}");
        assert!(heap.alloc(None, layout(size)).is_null());
        assert!(heap.alloc_zeroed(Some(&mut local), layout(size)).is_null());
    }
    heap.source().set_empty(false);
    let kept = take(&heap, &mut local, 100).unwrap();
    heap.source().set_empty(true);
    // All of the first arena can be used up, and no more.
    let mut taken = Vec::new();
    while let Some(at) = take(&heap, &mut local, 5000) {
        taken.push(at);
    }
    assert_eq!(taken.len(), 14 * 12, "fourteen spans; the fifteenth has the block of 100");
    // A failed resize leaves all as it was.
    // SAFETY: `kept` is out.
    let moved = unsafe { heap.realloc(Some(&mut local), kept, layout(100), 7000) };
    assert!(moved.is_null());
    // What is freed serves another class at once.
    for at in taken.drain(..) {
        give(&heap, &mut local, at, 5000);
    }
    for _ in 0..1000 {
        taken.push(take(&heap, &mut local, 700).expect("memory that was freed"));
    }
    give(&heap, &mut local, kept, 100);
}

#[test]
fn without_memory_what_others_freed_is_found() {
    let heap = Heap::new(Books::default());
    let (mut mine, mut other) = (LocalHeap::new(), LocalHeap::new());
    take(&heap, &mut other, 16).unwrap();
    let first = take(&heap, &mut mine, 16).unwrap();
    heap.source().set_empty(true);
    let mut taken = Vec::new();
    while let Some(at) = take(&heap, &mut mine, 2000) {
        taken.push(at);
    }
    for &at in &taken {
        give(&heap, &mut other, at, 2000); // remote: `mine` does not know yet
    }
    let count = taken.len();
    for _ in 0..count {
        take(&heap, &mut mine, 2000).expect("every block, again");
    }
    assert_eq!(take(&heap, &mut mine, 2000), None);
    give(&heap, &mut mine, first, 16);
}

#[test]
fn a_resize_stays_where_it_can() {
    let heap = Heap::new(Books::default());
    let mut local = LocalHeap::new();
    let mut resize = |at: NonNull<u8>, old: usize, new: usize| {
        // SAFETY: `at` is out, with this size.
        NonNull::new(unsafe { heap.realloc(Some(&mut local), at, layout(old), new) }).unwrap()
    };
    let small = NonNull::new(heap.alloc(None, layout(97))).unwrap();
    assert_eq!(resize(small, 97, 112), small, "the same class");
    let large = NonNull::new(heap.alloc(None, layout(20_000))).unwrap();
    assert_eq!(resize(large, 20_000, 50_000), large, "the pages behind were free");
    let next = NonNull::new(heap.alloc(None, layout(20_000))).unwrap();
    assert_eq!(resize(large, 50_000, 10_000), large, "shorter");
    let gap = NonNull::new(heap.alloc(None, layout(35_000))).unwrap();
    assert!(gap > large && gap < next, "the tail is free again");
    assert_ne!(resize(large, 10_000, 50_000), large, "no room");
    let huge = NonNull::new(heap.alloc(None, layout(1 << 20))).unwrap();
    // SAFETY: the piece is so long.
    unsafe { huge.add((1 << 20) - 1).write(77) };
    let huge = resize(huge, 1 << 20, 64 << 20);
    // SAFETY: as above.
    assert_eq!(unsafe { huge.add((1 << 20) - 1).read() }, 77);
    assert_eq!(heap.stats().huge_bytes, 64 << 20);
    let huge = resize(huge, 64 << 20, 100);
    // SAFETY: the last copy of it.
    unsafe { heap.dealloc(None, huge, layout(100)) };
    assert_eq!(heap.stats().huge_bytes, 0);
}

#[test]
fn dirty_pages_do_not_pile_up() {
    let heap = Heap::new(Books::default());
    let mut local = LocalHeap::new();
    let taken: Vec<_> = (0..200).map(|_| take(&heap, &mut local, 100_000).unwrap()).collect();
    assert!(heap.stats().pages.used_bytes >= 200 * 100_000);
    for at in taken {
        give(&heap, &mut local, at, 100_000);
        let pages = heap.stats().pages;
        assert!(pages.dirty_bytes <= (2 << 20) + pages.used_bytes / 2, "{pages:?}");
    }
    assert_eq!(heap.stats().pages.used_bytes, 0);
}

#[test]
fn pages_that_are_missed_again_and_again_stay() {
    let heap = Heap::new(Books::default());
    let mut local = LocalHeap::new();
    let mut up_and_down = || {
        let taken: Vec<_> = (0..80).map(|_| take(&heap, &mut local, 100_000).unwrap()).collect();
        for at in taken {
            give(&heap, &mut local, at, 100_000);
        }
        heap.source().purged_bytes()
    };
    let first = up_and_down();
    assert!(first > 80 * 50_000, "the first time nobody knows that they come back: {first}");
    for _ in 0..10 {
        up_and_down();
    }
    let learnt = up_and_down();
    for _ in 0..10 {
        assert_eq!(up_and_down(), learnt);
    }
    assert!(learnt < 4 * first);
    for _ in 0..6 {
        let taken: Vec<_> = (0..2000).map(|_| take(&heap, &mut local, 100_000).unwrap()).collect();
        for at in taken {
            give(&heap, &mut local, at, 100_000);
        }
    }
    let dirty = heap.stats().pages.dirty_bytes;
    assert!(dirty <= (32 << 20) + (1 << 20), "there is an end to it: {dirty}");
}

#[test]
fn one_up_one_down_at_a_span_s_end_leaves_the_page_heap_alone() {
    let heap = Heap::new(Books::default());
    let mut local = LocalHeap::new();
    let full: Vec<_> = (0..7).map(|_| take(&heap, &mut local, 8192).unwrap()).collect();
    let mut uses = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let at = take(&heap, &mut local, 8192).unwrap();
        uses.insert(heap.stats().pages.used_bytes);
        give(&heap, &mut local, at, 8192);
        uses.insert(heap.stats().pages.used_bytes);
    }
    assert_eq!(uses.len(), 1, "{uses:?}");
    for at in full {
        give(&heap, &mut local, at, 8192);
    }
}

#[test]
fn producer_and_consumer_do_not_grow() {
    let heap = Heap::new(Books::default());
    let (mut producer, mut consumer) = (LocalHeap::new(), LocalHeap::new());
    let mut queue = std::collections::VecDeque::new();
    for round in 0..200_000 {
        queue.push_back(take(&heap, &mut producer, 256).unwrap());
        if round >= 1000 {
            give(&heap, &mut consumer, queue.pop_front().unwrap(), 256);
        }
    }
    let used = heap.stats().pages.used_bytes;
    assert!(used <= 12 * (64 << 10), "{used} bytes for a thousand blocks of 256");
}

#[test]
#[should_panic(expected = "one heap")]
fn a_local_heap_serves_one_heap() {
    let (one, other) = (Heap::new(Books::default()), Heap::new(Books::default()));
    let mut local = LocalHeap::new();
    take(&one, &mut local, 16).unwrap();
    local.collect(&other);
}

/// A P comes and goes, time and again, while the other frees a part of what it allocated: what its
/// heap leaves is used again.
#[test]
fn heaps_that_come_and_go_leave_nothing_behind() {
    let heap = Heap::new(Books::default());
    let (mut stays, mut comes_and_goes) = (LocalHeap::new(), LocalHeap::new());
    let mut kept = Vec::new();
    let mut used = Vec::new();
    for _ in 0..100 {
        let sizes = (1..40).map(|n| n * 50);
        let blocks: Vec<_> =
            sizes.map(|size| (take(&heap, &mut comes_and_goes, size).unwrap(), size)).collect();
        heap.abandon(&mut comes_and_goes);
        kept.push(take(&heap, &mut stays, 24).unwrap());
        for (at, size) in blocks {
            give(&heap, &mut stays, at, size); // of a span that is nobody's now
        }
        used.push(heap.stats().pages.used_bytes);
    }
    assert_eq!(used[1], used[99], "{used:?}");
    for at in kept {
        give(&heap, &mut stays, at, 24);
    }
    heap.abandon(&mut stays);
    heap.trim();
    assert_eq!(heap.stats().pages.used_bytes, 0);
}
