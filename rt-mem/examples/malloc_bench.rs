//! Nanoseconds for a malloc and a free: on one heap, and freed by another thread.

use std::alloc::{Layout, System};
use std::hint::black_box;
use std::ptr::NonNull;
use std::time::Instant;

use rt_mem::heap::Heap;
use rt_mem::local::LocalHeap;
use rt_mem::source::Kernel;

const ROUNDS: u32 = 4_000_000;
const BATCH: usize = 1000;

static HEAP: Heap<Kernel> = Heap::new(Kernel);

/// The best of a few runs, per round.
fn best(mut run: impl FnMut()) -> f64 {
    let mut times = [0.0; 7];
    for time in &mut times {
        let start = Instant::now();
        run();
        *time = start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS);
    }
    times.into_iter().fold(f64::MAX, f64::min)
}

fn pair(layout: Layout, mut local: Option<&mut LocalHeap>) -> f64 {
    best(|| {
        for _ in 0..ROUNDS {
            let at = NonNull::new(black_box(HEAP.alloc(local.as_deref_mut(), black_box(layout))));
            // SAFETY: just taken.
            unsafe { HEAP.dealloc(local.as_deref_mut(), at.unwrap(), black_box(layout)) };
        }
    })
}

fn batches(layout: Layout, take: &mut LocalHeap, mut give: Option<&mut LocalHeap>) -> f64 {
    let mut blocks = Vec::with_capacity(BATCH);
    best(|| {
        for _ in 0..ROUNDS as usize / BATCH {
            for _ in 0..BATCH {
                blocks.push(NonNull::new(HEAP.alloc(Some(take), black_box(layout))).unwrap());
            }
            for block in blocks.drain(..) {
                let local = give.as_deref_mut().unwrap_or(take);
                // SAFETY: just taken.
                unsafe { HEAP.dealloc(Some(local), block, black_box(layout)) };
            }
        }
    })
}

fn system_pair(layout: Layout) -> f64 {
    use std::alloc::GlobalAlloc;
    best(|| {
        for _ in 0..ROUNDS {
            // SAFETY: freed once.
            unsafe { System.dealloc(black_box(System.alloc(black_box(layout))), layout) };
        }
    })
}

fn main() {
    let (mut one, mut other) = (LocalHeap::new(), LocalHeap::new());
    println!("ns per malloc+free   pair  1000 up, down  remote  shared  libc's pair");
    for size in [16, 64, 500, 4000] {
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        println!(
            "{size:5} bytes         {:6.2}  {:13.2}  {:6.2}  {:6.2}  {:11.2}",
            pair(layout, Some(&mut one)),
            batches(layout, &mut one, None),
            batches(layout, &mut one, Some(&mut other)),
            pair(layout, None),
            system_pair(layout),
        );
    }
}
