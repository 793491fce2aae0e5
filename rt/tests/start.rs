//! The runtime in a std program: starting, spawning, joining, panics, blocking calls, resizing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Runs `f` as a goroutine.
fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    rt_test::run(f)
}

mod rt_test {
    //! # Safety
    //! - **contract**: no test keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(crate) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }
}

#[test]
fn goroutines_return_values() {
    let local = [1, 2, 3];
    let sum = run(|| {
        let handles: Vec<_> = (0..100u64).map(|i| rt::thread::spawn(move || i * i)).collect();
        let squares: u64 = handles.into_iter().map(|h| h.join().unwrap()).sum();
        squares + local.iter().sum::<u64>()
    });
    assert_eq!(sum, 328_350 + 6);
}

#[test]
fn a_plain_thread_spawns_and_joins() {
    run(|| ());
    let thread = std::thread::spawn(|| rt::thread::spawn(rt::runtime::current_goid).join());
    assert!(thread.join().unwrap().unwrap() > 0);
    assert_eq!(rt::runtime::current_goid(), 0);
}

#[test]
fn a_panic_ends_one_goroutine() {
    let payload = run(|| {
        let handle =
            rt::thread::spawn(|| -> u32 { panic!("deliberate: {}", rt::runtime::procs()) });
        handle.join().unwrap_err()
    });
    assert!(payload.downcast_ref::<String>().unwrap().starts_with("deliberate: "));
    let caught = std::panic::catch_unwind(|| run(|| panic!("deliberate: through run")));
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "deliberate: through run");
}

/// Parks when dropped, while the goroutine unwinds.
struct ParksWhileUnwinding(Arc<AtomicUsize>);

impl Drop for ParksWhileUnwinding {
    fn drop(&mut self) {
        let before = std::thread::current().id();
        for _ in 0..20 {
            rt::thread::yield_now();
            rt::thread::sleep(Duration::from_micros(50));
            assert!(std::thread::panicking(), "the thread counts the panic");
        }
        assert_eq!(std::thread::current().id(), before, "it stays with its thread");
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn unwinding_goroutines_keep_their_threads() {
    let dropped = Arc::new(AtomicUsize::new(0));
    run(|| {
        let others: Vec<_> = (0..8)
            .map(|_| {
                rt::thread::spawn(|| {
                    for _ in 0..2000 {
                        rt::thread::yield_now();
                        assert!(!std::thread::panicking(), "another's panic is not ours");
                    }
                })
            })
            .collect();
        let panickers: Vec<_> = (0..8)
            .map(|_| {
                let guard = ParksWhileUnwinding(Arc::clone(&dropped));
                rt::thread::spawn(move || {
                    let _guard = guard;
                    panic!("deliberate");
                })
            })
            .collect();
        for handle in panickers {
            assert!(handle.join().is_err());
        }
        for handle in others {
            handle.join().unwrap();
        }
    });
    assert_eq!(dropped.load(Ordering::Relaxed), 8);
}

#[test]
fn blocking_calls_let_others_run() {
    run(|| {
        const CALLS: u32 = 50;
        let inside = Arc::new((Mutex::new(0), Condvar::new()));
        // Each blocks its thread until all are in such a call.
        let wait_for_all = |inside: Arc<(Mutex<u32>, Condvar)>| {
            let (count, came) = &*inside;
            let mut count = count.lock().unwrap();
            *count += 1;
            came.notify_all();
            let limit = Duration::from_secs(20);
            !came.wait_timeout_while(count, limit, |count| *count < CALLS).unwrap().1.timed_out()
        };
        let handles: Vec<_> = (0..CALLS)
            .map(|_| {
                let inside = Arc::clone(&inside);
                rt::thread::spawn(move || {
                    let all_came = rt::blocking(|| wait_for_all(inside));
                    (all_came, rt::runtime::current_goid())
                })
            })
            .collect();
        for handle in handles {
            let (all_came, goid) = handle.join().unwrap();
            assert!(all_came && goid > 0);
        }
    });
}

#[test]
fn sleepers_wake_in_order_of_time() {
    run(|| {
        let start = Instant::now();
        let handles: Vec<_> = [30u64, 10, 20]
            .into_iter()
            .map(|ms| {
                rt::thread::spawn(move || {
                    rt::thread::sleep(Duration::from_millis(ms));
                    start.elapsed()
                })
            })
            .collect();
        for (handle, ms) in handles.into_iter().zip([30, 10, 20]) {
            assert!(handle.join().unwrap() >= Duration::from_millis(ms));
        }
    });
}
