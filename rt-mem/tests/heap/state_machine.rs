//! Any sequence of requests on several heaps, against a model that knows what lies where.

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::ptr::NonNull;

use proptest::prelude::*;
use rt_mem::heap::Heap;
use rt_mem::local::LocalHeap;

use crate::books::Books;

const HEAPS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Alloc { heap: usize, size: usize, align: usize, zeroed: bool, times: usize },
    Free { heap: usize, at: prop::sample::Index, times: usize },
    Realloc { heap: usize, at: prop::sample::Index, size: usize },
    HandOver { from: usize, to: usize },
    Abandon { heap: usize },
    Collect { heap: usize },
    Trim,
    Empty(bool),
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 1..300usize,
        4 => 300..9000usize,
        2 => 9000..70_000usize,
        1 => 70_000..2_000_000usize,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let heap = || 0..=HEAPS; // the last is: none
    let align = prop_oneof![4 => 0..5u32, 1 => 5..19u32].prop_map(|power| 1usize << power);
    let times = prop_oneof![3 => Just(1usize), 1 => 1..80usize];
    let free_times = prop_oneof![2 => Just(1usize), 1 => 1..200usize];
    prop_oneof![
        12 => (heap(), size(), align, any::<bool>(), times).prop_map(
            |(heap, size, align, zeroed, times)| Step::Alloc { heap, size, align, zeroed, times }
        ),
        10 => (heap(), any::<prop::sample::Index>(), free_times)
            .prop_map(|(heap, at, times)| Step::Free { heap, at, times }),
        4 => (heap(), any::<prop::sample::Index>(), size())
            .prop_map(|(heap, at, size)| Step::Realloc { heap, at, size }),
        1 => (0..HEAPS, 0..HEAPS).prop_map(|(from, to)| Step::HandOver { from, to }),
        1 => (0..HEAPS).prop_map(|heap| Step::Abandon { heap }),
        1 => (0..HEAPS).prop_map(|heap| Step::Collect { heap }),
        1 => Just(Step::Trim),
        1 => any::<bool>().prop_map(Step::Empty),
    ]
}

/// One piece of memory that is out: its layout, and the value of its bytes.
#[derive(Clone, Copy, Debug)]
struct Piece {
    layout: Layout,
    fill: u8,
}

struct World {
    heap: Heap<Books>,
    locals: [LocalHeap; HEAPS],
    pieces: BTreeMap<usize, (NonNull<u8>, Piece)>,
    next_fill: u8,
}

/// The places that are written and checked: all of a small piece, both ends and some between else.
fn places(len: usize) -> impl Iterator<Item = usize> {
    let step = if len <= 512 { 1 } else { 509 };
    (0..len).step_by(step).chain([len - 1])
}

impl World {
    fn insert(&mut self, at: NonNull<u8>, layout: Layout) {
        let start = at.addr().get();
        assert_eq!(start % layout.align(), 0, "{layout:?}");
        if let Some((&other, (_, piece))) = self.pieces.range(..start).next_back() {
            assert!(other + piece.layout.size() <= start, "overlap");
        }
        if let Some((&other, _)) = self.pieces.range(start..).next() {
            assert!(start + layout.size() <= other, "overlap");
        }
        self.next_fill = self.next_fill % 250 + 1;
        let fill = self.next_fill;
        for place in places(layout.size()) {
            // SAFETY: within the piece.
            unsafe { at.add(place).write(fill) };
        }
        self.pieces.insert(start, (at, Piece { layout, fill }));
    }

    fn check(at: NonNull<u8>, piece: Piece, len: usize) {
        for place in places(piece.layout.size()).filter(|&place| place < len) {
            // SAFETY: within the piece.
            assert_eq!(unsafe { at.add(place).read() }, piece.fill, "contents");
        }
    }

    fn alloc(&mut self, heap: usize, layout: Layout, zeroed: bool) {
        let local = self.locals.get_mut(heap);
        let at = if zeroed {
            self.heap.alloc_zeroed(local, layout)
        } else {
            self.heap.alloc(local, layout)
        };
        let Some(at) = NonNull::new(at) else { return };
        if zeroed {
            // SAFETY: the piece is so long.
            let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr(), layout.size()) };
            assert!(bytes.iter().all(|&byte| byte == 0), "zeroed");
        }
        self.insert(at, layout);
    }

    fn pick(&mut self, at: prop::sample::Index) -> Option<(NonNull<u8>, Piece)> {
        let keys: Vec<usize> = self.pieces.keys().copied().collect();
        if keys.is_empty() { None } else { self.pieces.remove(at.get(&keys)) }
    }

    fn free(&mut self, heap: usize, (at, piece): (NonNull<u8>, Piece)) {
        World::check(at, piece, usize::MAX);
        // SAFETY: out, and out of the model.
        unsafe { self.heap.dealloc(self.locals.get_mut(heap), at, piece.layout) };
    }

    fn realloc(&mut self, heap: usize, (at, piece): (NonNull<u8>, Piece), size: usize) {
        let Ok(layout) = Layout::from_size_align(size, piece.layout.align()) else { return };
        let local = self.locals.get_mut(heap);
        // SAFETY: out, and out of the model.
        let moved = unsafe { self.heap.realloc(local, at, piece.layout, size) };
        let Some(moved) = NonNull::new(moved) else {
            World::check(at, piece, usize::MAX);
            self.pieces.insert(at.addr().get(), (at, piece));
            return;
        };
        World::check(moved, piece, size);
        self.insert(moved, layout);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Alloc { heap, size, align, zeroed, times } => {
                let layout = Layout::from_size_align(size, align).unwrap();
                for _ in 0..if size > 9000 { 1 } else { times } {
                    self.alloc(heap, layout, zeroed);
                }
            }
            Step::Free { heap, at, times } => {
                for _ in 0..times {
                    let Some(piece) = self.pick(at) else { return };
                    self.free(heap, piece);
                }
            }
            Step::Realloc { heap, at, size } => {
                if let Some(piece) = self.pick(at) {
                    self.realloc(heap, piece, size);
                }
            }
            Step::HandOver { from, to } => {
                if let Ok([from, to]) = self.locals.get_disjoint_mut([from, to]) {
                    from.hand_over(&self.heap, to);
                    assert_eq!(from.stats().spans, 0);
                }
            }
            Step::Abandon { heap } => self.heap.abandon(&mut self.locals[heap]),
            Step::Collect { heap } => self.locals[heap].collect(&self.heap),
            Step::Trim => self.heap.trim(),
            Step::Empty(empty) => self.heap.source().set_empty(empty),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn nothing_overlaps_changes_or_leaks(
        steps in prop::collection::vec(step(), 1..60),
        last in 0..=HEAPS,
    ) {
        let mut world = World {
            heap: Heap::new(Books::default()),
            locals: Default::default(),
            pieces: BTreeMap::new(),
            next_fill: 0,
        };
        for step in steps {
            world.step(step);
        }
        let used: usize = world.locals.iter().map(|local| local.stats().used_bytes).sum();
        let stats = world.heap.stats();
        prop_assert!(used <= stats.pages.used_bytes);
        prop_assert!(world.heap.source().mapped_bytes() >= stats.pages.mapped_bytes);
        while let Some((_, piece)) = world.pieces.pop_first() {
            world.free(last, piece);
        }
        for local in &mut world.locals {
            local.collect(&world.heap);
            prop_assert_eq!(local.stats(), Default::default());
        }
        world.heap.trim();
        let stats = world.heap.stats();
        prop_assert_eq!(stats.huge_bytes, 0);
        prop_assert_eq!(stats.pages.used_bytes, 0);
        prop_assert_eq!(stats.pages.dirty_bytes, 0);
        prop_assert_eq!(world.heap.source().mapped_bytes(), stats.pages.mapped_bytes);
        // And it works on.
        world.heap.source().set_empty(false);
        world.alloc(0, Layout::new::<[u64; 9]>(), true);
        prop_assert_eq!(world.pieces.len(), 1);
    }
}
