//! Three programs that break other stackful runtimes. T1: a lock is held while its holder is off
//! the thread. T2: a scoped goroutine borrows from a parent that goes on to use its stack. T3: wide
//! vector values live in registers while others have the thread.

use std::future::poll_fn;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant};

use rt::sync::{Mutex, RwLock};
use rt::thread;

mod common;
use common::with_procs;

/// Fails when `f` is not done within two minutes, the other tests' turns among them: a deadlock
/// shall be a failure, not a test that hangs.
fn in_time(f: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let runs = std::thread::spawn(move || {
        f();
        done.send(()).unwrap();
    });
    let result = is_done.recv_timeout(Duration::from_secs(120));
    assert_ne!(result, Err(RecvTimeoutError::Timeout), "a deadlock");
    runs.join().unwrap();
}

/// Takes the goroutine off its thread, in one of all the ways there are.
fn leave_the_thread(way: usize) {
    const SHORT: Duration = Duration::from_micros(100);
    match way % 8 {
        0 => thread::yield_now(),
        1 => thread::sleep(SHORT),
        2 => thread::spawn(thread::yield_now).join().unwrap(),
        3 => thread::park_timeout(SHORT),
        4 => rt::blocking(|| std::thread::sleep(SHORT)),
        5 => {
            let (sender, receiver) = rt::chan::bounded(0);
            rt::go(move || sender.send(way).unwrap());
            assert_eq!(receiver.recv(), Ok(way));
        }
        6 => {
            let mut asked = false;
            rt::block_on(poll_fn(|context| {
                if std::mem::replace(&mut asked, true) {
                    return Poll::Ready(());
                }
                let waker = context.waker().clone();
                rt::go(move || waker.wake());
                Poll::Pending
            }));
        }
        // Not off it: what a hog does. Others get their turn when it is over.
        _ => {
            let until = Instant::now() + 5 * SHORT;
            while Instant::now() < until {}
        }
    }
}

#[test]
fn t1_a_lock_is_held_while_its_holder_is_off_the_thread() {
    const GOROUTINES: usize = 16;
    const ROUNDS: usize = 32;
    in_time(|| {
        with_procs(|| {
            let locks = Arc::new((Mutex::new(0), RwLock::new(0), std::sync::Mutex::new(0)));
            let started = (0..GOROUTINES).map(|number| {
                let locks = Arc::clone(&locks);
                thread::spawn(move || {
                    for round in 0..ROUNDS {
                        let mut held = locks.0.lock().unwrap();
                        let seen = *held;
                        leave_the_thread(number + round);
                        *held = seen + 1;
                        drop(held);
                        let mut held = locks.1.write().unwrap();
                        let seen = *held;
                        leave_the_thread(number + round + 3);
                        *held = seen + 1;
                    }
                    // std's lock blocks the thread: it is waited for without the P.
                    let mut held = rt::blocking(|| locks.2.lock().unwrap());
                    let seen = *held;
                    leave_the_thread(number);
                    *held = seen + 1;
                })
            });
            started.collect::<Vec<_>>().into_iter().for_each(|one| one.join().unwrap());
            let counts =
                (*locks.0.lock().unwrap(), *locks.1.read().unwrap(), *locks.2.lock().unwrap());
            assert_eq!(counts, (GOROUTINES * ROUNDS, GOROUTINES * ROUNDS, GOROUTINES));
        });
    });
}

/// Recurses, with a scope in each frame whose goroutines borrow from that frame and from `above`;
/// gives back how many frames there were.
fn recurse_with_borrowers(depth: usize, above: &[usize; 64]) -> usize {
    let mut own = black_box([depth; 64]);
    let (mine, lent) = own.split_at_mut(32);
    let frames = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for slot in &mut *lent {
                assert_eq!(*slot, depth);
                *slot += above[0];
                thread::yield_now();
            }
        });
        let frames = match depth {
            0 => 1,
            _ => 1 + recurse_with_borrowers(depth - 1, above),
        };
        black_box(common::recurse(depth % 50));
        if depth.is_multiple_of(2) {
            writer.join().unwrap();
        } // else the scope waits for it
        frames
    });
    assert!(mine.iter().all(|&word| word == depth));
    assert!(lent.iter().all(|&word| word == depth + above[0]));
    frames
}

#[test]
fn t2_a_borrowed_local_stays_right_while_its_owner_recurses() {
    const DEPTH: usize = 300;
    in_time(|| {
        with_procs(|| {
            let parent = thread::Builder::new().stack_size(16 << 20).spawn(|| {
                let stop = AtomicBool::new(false);
                let local = [7; 64];
                let mut counted = [0; 8];
                thread::scope(|scope| {
                    for count in &mut counted {
                        let (stop, local) = (&stop, &local);
                        scope.spawn(move || {
                            while !stop.load(Relaxed) {
                                assert!(black_box(local).iter().all(|&word| word == 7));
                                leave_the_thread(*count);
                                *count += 1;
                            }
                        });
                    }
                    for _ in 0..3 {
                        assert_eq!(recurse_with_borrowers(DEPTH, &local), DEPTH + 1);
                        black_box(common::recurse(2000));
                    }
                    stop.store(true, Relaxed);
                });
                assert!(counted.iter().all(|&count| count > 0), "{counted:?}");
            });
            parent.unwrap().join().unwrap();
        });
    });
}

mod unchecked {
    //! # Safety
    //! - **detected**: a vector function is called only where the CPU has what it uses.
    #![allow(unsafe_code, reason = "**detected**: calls vector functions")]

    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi64, _mm256_set1_epi64x, _mm512_add_epi64, _mm512_set1_epi64,
    };

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
use unchecked::sums;

#[test]
fn t3_wide_vectors_survive_hogs() {
    const START: i64 = 0x0123_4567_89AB;
    const ROUNDS: i64 = 500;
    with_procs(|| {
        let done = Arc::new(AtomicBool::new(false));
        let hogs = [0, 1, 2].map(|seed| {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                // Fills the registers with something else, for some ms at a time.
                while !done.load(Relaxed) {
                    let until = Instant::now() + Duration::from_millis(2);
                    while Instant::now() < until {
                        black_box(sums(black_box(seed), 50, &|| {}));
                    }
                    thread::yield_now();
                }
            })
        });
        let holders = [(); 4].map(|()| {
            thread::spawn(|| {
                let wanted = |rounds| 12 * (START + rounds * (rounds - 1) / 2);
                let yielded = sums(START, ROUNDS, &thread::yield_now);
                assert!(yielded.iter().all(|&lane| lane == wanted(ROUNDS)), "{yielded:?}");
                let sleep = || thread::sleep(Duration::from_micros(10));
                let slept = sums(START, ROUNDS / 20, &sleep);
                assert!(slept.iter().all(|&lane| lane == wanted(ROUNDS / 20)), "{slept:?}");
            })
        });
        holders.into_iter().for_each(|holder| holder.join().unwrap());
        done.store(true, Relaxed);
        hogs.into_iter().for_each(|hog| hog.join().unwrap());
    });
}
