//! Three programs that break other stackful runtimes. T1: a lock is held while its holder is off
//! the thread. T2: a scoped goroutine borrows from a parent that goes on to use its stack. T3: wide
//! vector values live in registers while others have the thread.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

mod unchecked {
    //! # Safety
    //! - **contract**: no test keeps a thread-local over a call that parks.
    //! - **detected**: a vector function is called only where the CPU has what it uses.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime, calls vector functions")]

    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi64, _mm256_set1_epi64x, _mm512_add_epi64, _mm512_set1_epi64,
    };

    pub(crate) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }

    /// Adds up vectors across switches; every lane must count all of them.
    #[target_feature(enable = "avx512f")]
    fn sum_512(start: i64, rounds: i64, switch: &dyn Fn()) -> [i64; 8] {
        let mut sums: [__m512i; 12] = [_mm512_set1_epi64(start); 12];
        for round in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_add_epi64(*sum, _mm512_set1_epi64(round));
            }
            switch();
        }
        let first = sums[0];
        let total = sums[1..].iter().fold(first, |a, b| _mm512_add_epi64(a, *b));
        // SAFETY: both are 64 bytes of plain data.
        unsafe { std::mem::transmute(total) }
    }

    #[target_feature(enable = "avx2")]
    fn sum_256(start: i64, rounds: i64, switch: &dyn Fn()) -> [i64; 4] {
        let mut sums: [__m256i; 12] = [_mm256_set1_epi64x(start); 12];
        for round in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_add_epi64(*sum, _mm256_set1_epi64x(round));
            }
            switch();
        }
        let first = sums[0];
        let total = sums[1..].iter().fold(first, |a, b| _mm256_add_epi64(a, *b));
        // SAFETY: both are 32 bytes of plain data.
        unsafe { std::mem::transmute(total) }
    }

    /// The sums with the widest vectors this CPU has; none without any.
    pub(crate) fn sums(start: i64, rounds: i64, switch: &dyn Fn()) -> Vec<i64> {
        let mut lanes = Vec::new();
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: **detected**.
            lanes.extend(unsafe { sum_512(start, rounds, switch) });
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: **detected**.
            lanes.extend(unsafe { sum_256(start, rounds, switch) });
        }
        lanes
    }
}
use unchecked::{run, sums};

#[test]
fn t3_wide_vectors_survive_hogs() {
    const START: i64 = 0x0123_4567_89AB;
    const ROUNDS: i64 = 2000;
    let done = AtomicBool::new(false);
    let done: &'static AtomicBool = Box::leak(Box::new(done));
    run(move || {
        let hogs: Vec<_> = (0..3i64)
            .map(|seed| {
                rt::thread::spawn(move || {
                    // Fills the registers with something else, for some ms at a time.
                    while !done.load(Relaxed) {
                        let until = Instant::now() + Duration::from_millis(3);
                        while Instant::now() < until {
                            black_box(sums(black_box(seed), 50, &|| {}));
                        }
                        rt::thread::yield_now();
                    }
                })
            })
            .collect();
        let wanted = 12 * (START + ROUNDS * (ROUNDS - 1) / 2);
        let holders: Vec<_> = (0..4)
            .map(|_| {
                rt::thread::spawn(move || {
                    let yielded = sums(START, ROUNDS, &rt::thread::yield_now);
                    assert!(yielded.iter().all(|&lane| lane == wanted), "{yielded:?}");
                    let sleep = || rt::thread::sleep(Duration::from_micros(10));
                    let slept = sums(START, ROUNDS / 20, &sleep);
                    let rounds = ROUNDS / 20;
                    let wanted = 12 * (START + rounds * (rounds - 1) / 2);
                    assert!(slept.iter().all(|&lane| lane == wanted), "{slept:?}");
                })
            })
            .collect();
        for holder in holders {
            holder.join().unwrap();
        }
        done.store(true, Relaxed);
        for hog in hogs {
            hog.join().unwrap();
        }
    });
}
