//! What a task does that does not give way.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// Computes until then, and looks at the clock now and then only.
pub fn compute_until(end: Instant) {
    let mut x = 1u64;
    while Instant::now() < end {
        for _ in 0..1 << 16 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        }
        black_box(x);
    }
}

/// Blocks the thread for 50 ms, unknown to any runtime.
pub fn sleep_in_the_kernel() {
    thread::sleep(Duration::from_millis(50));
}
